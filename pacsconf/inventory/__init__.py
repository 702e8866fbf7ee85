"""The hospital as its administrator thinks of it: values, models, and the loader of YAML with positions."""
