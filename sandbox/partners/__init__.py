"""The four partners that the application calls besides Vinli: Anyline, Ayyeka, Aspose and instyle.ai.

Each is one blueprint that follows the partner's own document; what they have in common, credentials and signed tokens,
is in ``credentials`` and ``jwts``.
"""
