"""Vinli's auth service: the authorization endpoint, the token endpoint, pages, and the calls of programs."""
