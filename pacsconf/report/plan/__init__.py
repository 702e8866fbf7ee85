"""What would be changed, is being changed, and was: plans, drift, applies, the record."""
