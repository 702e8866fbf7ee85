"""Gives a new domain its units, its identities and what they may do. Run by the interpreter of Samba's own Python.

It works on the files of a domain whose server does not run: `samba` is no package of ours. Reads JSON from standard
input: `configuration` (a file), `base`, `containers` (DNs of what there must be), `units` (those of them that
pacsconf writes in), `password` (of all identities). Beside Administrator those are `pacsconf`, who may do what
pacsconf does and no more, and `jdoe`, an administrator who edits by hand.
"""

from __future__ import annotations

import json
import sys
from typing import Any

USER = "bf967aba-0de6-11d0-a285-00aa003049e2"
GROUP = "bf967a9c-0de6-11d0-a285-00aa003049e2"
MEMBER = "bf9679c0-0de6-11d0-a285-00aa003049e2"
DESCRIPTION = "bf967950-0de6-11d0-a285-00aa003049e2"
PASSWORD_SETTINGS = "3bcd9db8-f84b-451c-952f-6c52b81f9ec6"  # noqa: S105  (a class of entries)
RESET_PASSWORD = "00299570-246d-11d0-a768-00aa006e0529"  # noqa: S105  (a right)
"""Ids of classes, attributes and a right ([MS-ADSC], [MS-ADA], [MS-ADTS] section 5.1.3.2.1)."""

IN_UNITS = (
    f"(OA;CI;CC;{USER};;%s)",  # make users and groups, not delete them
    f"(OA;CI;CC;{GROUP};;%s)",
    f"(OA;CIIO;WP;;{USER};%s)",
    f"(OA;CIIO;CR;{RESET_PASSWORD};{USER};%s)",
    f"(OA;CIIO;WP;{MEMBER};{GROUP};%s)",
    f"(OA;CIIO;WP;{DESCRIPTION};{GROUP};%s)",
)
IN_POLICIES = (
    "(A;CI;RPLCLORC;;;%s)",  # only administrators may see them otherwise
    f"(OA;CI;CC;{PASSWORD_SETTINGS};;%s)",
    f"(OA;CIIO;WP;;{PASSWORD_SETTINGS};%s)",
)


def prepare(asked: dict[str, Any]) -> None:
    """Make what is asked for."""
    import ldb
    from samba.auth import system_session
    from samba.param import LoadParm
    from samba.samdb import SamDB
    from samba.sd_utils import SDUtils

    configuration = LoadParm()
    configuration.load(asked["configuration"])
    url = configuration.private_path("sam.ldb")
    domain = SamDB(url=url, session_info=system_session(), lp=configuration)
    for unit in asked["containers"]:
        if not domain.search(
            asked["base"], expression=f"(distinguishedName={ldb.binary_encode(unit)})", attrs=[]
        ):
            kind = "organizationalUnit" if unit[:3].lower() == "ou=" else "container"
            domain.add({"dn": unit, "objectClass": kind})
    for name in ("pacsconf", "jdoe"):
        domain.newuser(name, asked["password"])
    domain.add_remove_group_members("Domain Admins", ["jdoe"])
    domain.setpassword("(sAMAccountName=Administrator)", asked["password"])
    found = domain.search(asked["base"], expression="(sAMAccountName=pacsconf)", attrs=["objectSid"])
    sid = domain.schema_format_value("objectSid", found[0]["objectSid"][0]).decode()
    rights = SDUtils(domain)
    for unit in asked["units"]:
        for ace in IN_UNITS:
            rights.dacl_add_ace(unit, ace % sid)
    for ace in IN_POLICIES:
        rights.dacl_add_ace(f"CN=Password Settings Container,CN=System,{asked['base']}", ace % sid)


if __name__ == "__main__":
    prepare(json.load(sys.stdin))
