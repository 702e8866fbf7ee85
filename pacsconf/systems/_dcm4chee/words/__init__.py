"""What follows from an inventory's own words for an archive, and the way back."""
