"""The authorization server: requests, grants, codes, tokens, registered clients and sign-in sessions."""
