"""Asking the network whether it is as declared, gently, and what was seen."""
