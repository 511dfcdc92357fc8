"""From settings to the store, the clients and the token cache: one factory for each partner."""
