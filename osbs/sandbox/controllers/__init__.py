"""What a master does by itself: builds, image streams, service accounts, quotas."""
