"""From live systems and their exports to inventory files."""
