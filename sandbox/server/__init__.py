"""The HTTP server under the sandbox: connections, arrival times and the record of requests."""
