"""The API of the master, independent of HTTP: requests, verbs, endpoints, discovery."""
