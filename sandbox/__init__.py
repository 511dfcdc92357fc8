"""A local emulator of the Vinli platform, for tests and for anyone who writes a Vinli client.

Four partners that the application calls beside Vinli are emulated as well, in ``sandbox.partners``.

Start it with ``python -m sandbox``. It is a program of its own: it imports nothing of the application beside it,
and the application imports nothing of it, so each checks the other.

Every answer follows a public document, named where the answer is made: Vinli's documentation (docs), the official
Node SDK (vinli-node), the official command line (vinli-cli), the mobile SDKs, or an RFC. Where all of them are
silent the sandbox says that it guesses, and most guesses are switches on the command line.
"""
