"""The DICOM network: what may be asked of it (pure), and the observer that asks."""
