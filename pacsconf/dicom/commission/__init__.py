"""The acceptance run of a modality: what is tried, with which objects, and what came of it."""
