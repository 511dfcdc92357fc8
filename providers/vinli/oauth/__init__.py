"""OAuth at Vinli: the auth service, the callback, registered clients, and the authorization endpoint."""
