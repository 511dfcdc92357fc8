"""What must survive a restart: sessions, attempts at connecting, partner tokens, traces.

`store.backends` keeps opaque bytes, `Vault` and `Records` put sealed JSON objects into it, and the other modules say
what is kept there.
"""
