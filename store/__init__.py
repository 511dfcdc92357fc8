"""Data that must survive a restart: sessions, connection attempts, partner tokens, traces.

`store.backends` stores opaque bytes. `Vault` and `Records` turn JSON objects into sealed bytes. The other modules
define the records.
"""
