"""The pure heart of pacsconf: it knows no DICOM, LDAP, YAML or git, and does no I/O."""
