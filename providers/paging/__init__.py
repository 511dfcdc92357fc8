"""Read offset lists, whole or in part: in order, without loss or duplicates."""
