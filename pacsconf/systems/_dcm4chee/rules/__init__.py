"""What `validate` finds in the configuration of an archive."""
