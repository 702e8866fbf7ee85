"""From the retention rules of an inventory to an archive's policies."""
