"""Templates filled in from the inventory, in a process of their own."""
