"""A local emulator of the Vinli platform, for tests and for anyone who writes a Vinli client.

It also emulates the four partners that the application calls, in ``sandbox.partners``.

Start it with ``python -m sandbox``. It is a separate program: it imports nothing from the application, and the
application imports nothing from it, so that each checks the other.

Every response follows a public document, which is named beside the code: Vinli's documentation (docs), the official
Node SDK (vinli-node), the official command line (vinli-cli), the mobile SDKs, or an RFC. Where none of them says
anything, the comment says "a guess". Most guesses can be switched on the command line.
"""
