"""Verifies each AE of a list, one after the other, by pynetdicom as its own examples do: echo.py LIST"""

import sys
from pathlib import Path

from pynetdicom import AE

VERIFICATION = "1.2.840.10008.1.1"

for line in Path(sys.argv[1]).read_text().splitlines():
    title, host, port = line.split()
    ae = AE("BENCH")
    ae.add_requested_context(VERIFICATION)
    association = ae.associate(host, int(port), ae_title=title)
    if not association.is_established or association.send_c_echo().Status != 0:
        sys.exit(f"{title} at {host}:{port} did not answer")
    association.release()
print("all answered")
