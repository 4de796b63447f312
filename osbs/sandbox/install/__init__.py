"""Sandboxes as users get them: contents, files, a thread or a child process around a server."""
