"""The transport: every request to a remote system goes out through it."""
