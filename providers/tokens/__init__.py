"""The token engine: one token for all threads and processes, fetched once, renewed early, dropped if refused."""
