"""What the DICOM network said, and what is made of it, as text and for machines."""
