"""Connected drivers: the tokens of their connections."""
