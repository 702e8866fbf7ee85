"""The private parts of the DICOM directory (PS3.15 Annex H).

`kinds` are the resources, `attributes` the table between their fields and LDAP, `declare` makes them from an
inventory, `tree` from entries, `check` says what a server cannot take, `write` turns changes into requests.
"""
