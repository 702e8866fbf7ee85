"""Whether two trees hold the same entries, told by other code than what made them.

`python -m tests.ldif_compare BEFORE AFTER` prints the differences of two LDIF files and ends with 1 when there are
any. Names are compared whatever their spelling, values as sets of bytes (of DNs as names). Left out are the
attributes that servers keep for themselves and those that hold secrets; `--secrets` compares these too.
"""

from __future__ import annotations

import base64
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path

from pacsconf.lab.slapd import Slapd

Name = tuple[frozenset[tuple[str, str]], ...]
"""A DN: its relative names from the leaf up, attributes in lower case, values without escapes."""

Tree = dict[Name, dict[str, frozenset[bytes]]]

OPERATIONAL = {"structuralobjectclass", "entrydn", "hassubordinates", "subschemasubentry", "contextcsn"} | {
    *("entryuuid", "entrycsn", "creatorsname", "createtimestamp", "modifiersname", "modifytimestamp")
}
_SECRET = re.compile(r"(password|pin|secret|httpproxy)$")
_NAMES = re.compile(r"(reference|member|seealso)$")
"""Attributes whose values are DNs."""


def of_text(ldif: str | bytes) -> Tree:
    """The entries of an LDIF; of change records those that add."""
    data = ldif if isinstance(ldif, bytes) else ldif.encode()
    lines = re.sub(rb"\r?\n ", b"", data).splitlines()
    tree: Tree = {}
    entry: dict[str, set[bytes]] = {}
    for line in (*(each for each in lines if not each.startswith((b"#", b"version:"))), b""):
        if line:
            name, value = pair_of(line)
            entry.setdefault(name, set()).add(value)
        elif entry:
            dn = name_of(entry.pop("dn").pop().decode())
            assert dn not in tree, f"twice: {told(dn)}"
            assert entry.pop("changetype", {b"add"}) == {b"add"}, "it changes what is not in it"
            tree[dn] = {name: frozenset(values) for name, values in entry.items()}
            entry = {}
    return tree


def of_server(server: Slapd, base: str | None = None) -> Tree:
    """The entries at and below `base`, which the server's administrator sees; none when there is no such entry."""
    return of_text(dump(server, base))


def dump(server: Slapd, base: str | None = None, *attributes: str) -> bytes:
    """What ldapsearch prints of the entries at and below `base`, as LDIF."""
    bind = ["-x", "-H", server.url, "-D", server.admin_dn, "-y", str(server.password_file)]
    found = subprocess.run(
        ["ldapsearch", "-LLL", *bind, "-b", base or server.base, "(objectClass=*)", *attributes],
        capture_output=True,
        check=False,
    )
    assert found.returncode in (0, 32), found.stderr.decode()
    return found.stdout


def load(server: Slapd, ldif: str) -> None:
    """Add the entries, as an administrator does with ldapadd; all must be taken."""
    bind = ["-x", "-H", server.url, "-D", server.admin_dn, "-y", str(server.password_file)]
    done = subprocess.run(["ldapadd", *bind], input=ldif, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def differences(before: Tree, after: Tree, *, secrets: bool = False) -> list[str]:
    """What is not the same, a line for each entry or attribute, in the order of names."""
    found = []
    for dn in sorted(before.keys() | after.keys(), key=told):
        if dn not in after:
            found.append(f"- {told(dn)}")
        elif dn not in before:
            found.append(f"+ {told(dn)}")
        else:
            lines = _attributes(comparable(before[dn], secrets), comparable(after[dn], secrets))
            found += [f"{told(dn)}: {line}" for line in lines]
    return found


def _attributes(before: Mapping[str, frozenset], after: Mapping[str, frozenset]) -> Iterator[str]:
    for name in sorted(before.keys() | after.keys()):
        gone = before.get(name, frozenset()) - after.get(name, frozenset())
        came = after.get(name, frozenset()) - before.get(name, frozenset())
        if gone or came:
            yield f"{name} {_shown('-', gone)}{' ' if gone and came else ''}{_shown('+', came)}"


def _shown(sign: str, values: Iterable[object]) -> str:
    shown = [told(each) if isinstance(each, tuple) else each for each in values]
    return " ".join(sorted(f"{sign}{each!r}" for each in shown))


def comparable(entry: Mapping[str, frozenset[bytes]], secrets: bool = False) -> dict[str, frozenset]:
    """An entry's attributes as they are compared: object classes in lower case, DNs as names."""
    kept = {}
    for name, values in entry.items():
        plain = name.partition(";")[0]
        if plain in OPERATIONAL or (not secrets and _SECRET.search(plain)):
            continue
        if plain == "objectclass":
            kept[name] = frozenset(value.lower() for value in values)
        elif _NAMES.search(plain):
            kept[name] = frozenset(name_of(value.decode()) for value in values)
        else:
            kept[name] = values
    return kept


def name_of(dn: str) -> Name:
    """The name that `dn` spells."""
    return tuple(_relative(each) for each in _cut(dn, ",")) if dn else ()


@lru_cache(4096)
def _relative(text: str) -> frozenset[tuple[str, str]]:
    return frozenset(_part(part) for part in _cut(text, "+"))


def told(name: Name) -> str:
    """A name for people, without the escapes."""
    return ",".join("+".join(f"{attribute}={value}" for attribute, value in sorted(part)) for part in name)


def _cut(text: str, at: str) -> list[str]:
    """The pieces of `text` between separators that are not escaped."""
    if "\\" not in text:
        return text.split(at)
    return re.findall(rf"(?:\\.|[^\\{at}])+", text, re.DOTALL)


def _part(text: str) -> tuple[str, str]:
    attribute, _, value = text.partition("=")
    plain = re.sub(r"(?<!\\) +$", "", value.lstrip(" "))
    data = re.sub(
        rb"\\([0-9A-Fa-f]{2}|.)",
        lambda match: bytes.fromhex(match[1].decode()) if len(match[1]) == 2 else match[1],
        plain.encode(),
        flags=re.DOTALL,
    )
    return attribute.strip().lower(), data.decode()


def pair_of(line: bytes) -> tuple[str, bytes]:
    """The attribute, in lower case, and the value of an unfolded line."""
    name, _, rest = line.partition(b":")
    assert not rest.startswith(b"<"), "values by URL are not fetched"
    value = base64.b64decode(rest[1:]) if rest.startswith(b":") else rest.lstrip(b" ")
    return name.decode().lower(), value


if __name__ == "__main__":
    files = [Path(each) for each in sys.argv[1:] if each != "--secrets"]
    trees = [of_text(each.read_bytes()) for each in files]
    lines = differences(*trees, secrets="--secrets" in sys.argv)
    print("\n".join(lines))  # noqa: T201
    sys.exit(1 if lines else 0)
