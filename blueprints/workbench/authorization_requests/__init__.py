"""Authorization requests that a developer puts together: preflight asks what becomes of one, compose makes one."""
