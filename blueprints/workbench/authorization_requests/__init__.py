"""Authorization requests that a developer composes: preflight tests one, compose makes one."""
