"""Terraform for PACS: a DICOM imaging network declared in YAML, changed in a safe order, recorded in git."""

from typing import Any


def __getattr__(name: str) -> Any:
    """`__version__`, looked up when somebody asks: the metadata import would slow every start."""
    if name == "__version__":
        from importlib.metadata import version

        return version("pacsconf")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
