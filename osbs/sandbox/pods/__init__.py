"""What runs in build pods: processes or scripted outcomes."""
