"""The private practice lab: real servers on the loopback, for demo, training and tests."""
