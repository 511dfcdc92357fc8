"""Magic drivers, and how each one's requests are answered."""
