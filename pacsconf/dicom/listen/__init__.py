"""Who is really calling: a listener, logs of other servers, and what the inventory says of it."""
