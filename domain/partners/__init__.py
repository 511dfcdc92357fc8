"""Partner APIs in words for the operator."""
