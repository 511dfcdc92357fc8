"""Build the store and the clients from the settings: one factory per provider."""
