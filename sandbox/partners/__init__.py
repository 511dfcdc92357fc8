"""The four partners that the application calls besides Vinli: Anyline, Ayyeka, Aspose and instyle.ai.

Each has a package whose views follow the partner's own document. The modules beside them are what they share:
credentials, signed tokens (``jwts``), responses, and the container with its accessor.
"""
