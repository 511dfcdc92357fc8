"""How requests arrive: by which host and scheme, from whom, and how many."""
