"""Who can do what: access of a user, a role and a device, the sheets of reviews, and live against declared."""
