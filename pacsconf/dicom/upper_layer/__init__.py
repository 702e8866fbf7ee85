"""Associations and messages as bytes, each exchange within a deadline (PS3.8, PS3.7)."""
