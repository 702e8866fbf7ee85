"""Whole commands, timed beside a peer in the same run. Start with `scripts/bench`."""
