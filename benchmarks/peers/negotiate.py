"""Proposes SOP classes to each AE of a list, one AE after the other, by pynetdicom: negotiate.py LIST CLASS...

Each class is a context for each of the two uncompressed transfer syntaxes, all in one association.
"""

import sys
from pathlib import Path

from pynetdicom import AE, build_context

SYNTAXES = ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1")

known, *classes = sys.argv[1:]
contexts = [build_context(uid, syntax) for uid in classes for syntax in SYNTAXES]
for line in Path(known).read_text().splitlines():
    title, host, port = line.split()
    association = AE("BENCH").associate(host, int(port), contexts, ae_title=title)
    if len(association.accepted_contexts) != len(contexts):
        sys.exit(f"{title} at {host}:{port} did not accept all")
    association.release()
print("all answered")
