"""Terraform for PACS: a DICOM imaging network declared in YAML, changed in a safe order, recorded in git."""

__version__ = "0.1.0.dev0"  # here alone: to ask for the metadata of what is installed takes 20 ms
