"""How the emulated HTTP interfaces speak: addresses, paging, dates, errors, serializers and headers."""
