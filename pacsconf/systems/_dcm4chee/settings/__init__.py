"""What an archive adds to the entries of the standard."""
