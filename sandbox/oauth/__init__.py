"""The authorization server: requests, grants, codes, tokens, registered clients and sign-in sessions.

The rules are here. The endpoints and pages that use them are views in ``sandbox.services.auth``.
"""
