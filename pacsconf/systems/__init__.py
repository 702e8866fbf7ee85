"""Live systems: one module per kind of system, `base.py` the contract they all keep."""
