"""What a master stores: objects, their history, logs and the state file."""
