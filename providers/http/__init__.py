"""The transport, which sends every request to a remote system."""
