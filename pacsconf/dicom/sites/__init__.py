"""Probing from where devices can be reached: workers of other sites."""
