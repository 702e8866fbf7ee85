"""Who may do what: what an inventory of people comes to on a day, and what is live beside it. Pure."""
