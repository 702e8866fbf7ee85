"""What an archive's configuration in the directory means for rules."""
