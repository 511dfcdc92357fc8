"""The token engine: one token for all threads and processes, fetched once, renewed ahead, dropped when refused."""
