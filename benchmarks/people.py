"""A hospital of people of any size: its inventory, and the directory that holds exactly that.

Everybody has an account and is in three of the groups, so that 100,000 people and 500 groups make 300,000
memberships. As in `hospital`, the LDIF is written by hand, so that "No changes" is also a proof.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from benchmarks.hospital import PASSWORD, committed
from pacsconf.lab import slapd

GROUPS = 500
EACH = 3
"""In how many groups everybody is."""
_PER_FILE = 10_000
PEOPLE = f"ou=people,{slapd.BASE}"
IN_GROUPS = f"ou=groups,{slapd.BASE}"
INDEXES = ("uid,cn,member eq",)
"""What a directory of so many people has been given by those who run it."""


def login(number: int) -> str:
    """Who this number is, from 1."""
    return f"u{number:06}"


def roles_of(number: int) -> tuple[int, int, int]:
    """Three roles by number, never one twice: 6n + 1 is odd, and so no multiple of 500."""
    return number % GROUPS, (7 * number + 1) % GROUPS, (13 * number + 2) % GROUPS


def ldif(count: int) -> Iterator[str]:
    """The entries below the suffix, as `ldapadd` takes them."""
    for base in (PEOPLE, IN_GROUPS):
        yield f"\ndn: {base}\nobjectClass: organizationalUnit\nou: {base[3 : base.index(',')]}\n"
    members: dict[int, list[int]] = defaultdict(list)
    for number in range(1, count + 1):
        yield _person(number)
        for role in roles_of(number):
            members[role].append(number)
    for role, numbers in sorted(members.items()):
        named = "\n".join(f"member: uid={login(number)},{PEOPLE}" for number in numbers)
        yield (
            f"\ndn: cn=pacs-{role:03},{IN_GROUPS}\nobjectClass: groupOfNames\ncn: pacs-{role:03}\n"
            f"description: Group {role}\n{named}\n"
        )


def _person(number: int) -> str:
    uid = login(number)
    return f"""
dn: uid={uid},{PEOPLE}
objectClass: inetOrgPerson
uid: {uid}
cn: Given{number % 977} Family{number}
sn: Family{number}
givenName: Given{number % 977}
mail: {uid}@hospital.example
employeeNumber: {500000 + number}
"""


def write_inventory(folder: Path, count: int, server: slapd.Slapd) -> None:
    """A git repository that declares them, each in a line, and the roles that lead into the groups."""
    inventory = folder / "inventory"
    (inventory / "people").mkdir(parents=True)
    (inventory / "hospital.yaml").write_text(_HOSPITAL + _system(server))
    roles = "".join(
        f"  r-{role:03}: {{permissions: [study:view], groups: {{accounts: pacs-{role:03}}}}}\n"
        for role in range(GROUPS)
    )
    (inventory / "roles.yaml").write_text(f"roles:\n{roles}")
    for start in range(1, count + 1, _PER_FILE):
        lines = "".join(map(_line, range(start, min(start + _PER_FILE, count + 1))))
        (inventory / "people" / f"{start // _PER_FILE:04}.yaml").write_text(f"users:\n{lines}")
    committed(folder)


def _line(number: int) -> str:
    return f"  {login(number)}: {{roles: [{', '.join(f'r-{role:03}' for role in roles_of(number))}]}}\n"


_HOSPITAL = """\
sites:
  main: {name: Main Campus}
environments:
  bench: {description: What the benchmarks run in}
"""


def _system(server: slapd.Slapd) -> str:
    return f"""\
systems:
  accounts:
    type: accounts
    url: {server.url}
    mode: write
    bind: {{dn: "{server.pacsconf_dn}", password: "env:{PASSWORD}"}}
    people: {{staff: {{base: "{PEOPLE}"}}}}
    groups: {{pacs: {{base: "{IN_GROUPS}", names: ["pacs-*"]}}}}
"""
