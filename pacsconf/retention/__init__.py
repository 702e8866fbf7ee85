"""How long studies are kept: rules and holds of the inventory, applied to what is known of a study. Pure."""
