"""What may be wrong between two application entities: one module for each kind of evidence. Pure.

Each rule takes the evidence and yields the causes that it finds; `dicom.diagnosis` ranks them.
"""
