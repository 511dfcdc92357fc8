"""Partner APIs: their failures in words, and what is sent to them and read from them."""
