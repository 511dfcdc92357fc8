"""From settings to the store and the clients: one factory for each provider."""
