"""How one row of a live system came to stand as it does, and the commands that change that."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from pacsconf.core.resource import Fields
from pacsconf.dicom.diagnose.cause import Proof, Way
from pacsconf.dicom.diagnose.evidence import Row, Table

Standing = Literal["same", "by hand", "deleted", "pending", "missing", "both", "unknown"]
"""`by hand`: changed outside since the last apply; `pending`: declared otherwise, and not applied yet; `missing`:
never made; `both`: all three sides differ; `unknown`: what was last applied is not known."""


def standing(row: Row, names: Iterable[str]) -> Standing:
    """How the live values of these fields came to be."""
    if row.live is None:
        return "unknown" if not row.recorded else "missing" if row.last is None else "deleted"
    if row.declared is None or _values(row.live, names) == _values(row.declared, names):
        return "same"
    if not row.recorded:
        return "unknown"
    if row.last is None or _values(row.last, names) == _values(row.live, names):
        return "pending"
    return "by hand" if _values(row.last, names) == _values(row.declared, names) else "both"


def _values(fields: Fields, names: Iterable[str]) -> tuple[object, ...]:
    return tuple(fields.get(name) for name in names)


_HISTORY: dict[Standing, str] = {
    "same": "",
    "by hand": "somebody changed {system} outside of pacsconf since the last apply",
    "deleted": "somebody deleted it from {system} outside of pacsconf",
    "pending": "it is declared so, and was not applied to {system} yet",
    "missing": "it is declared, and was not applied to {system} yet",
    "both": "both the inventory and {system} were changed since the last apply",
    "unknown": "what was last applied to {system} is not known here, so nobody can say who changed it",
}


def history(table: Table, row: Row, names: Iterable[str]) -> str:
    """How it came to stand so, as a sentence without its end; empty where there is nothing to tell."""
    how = standing(row, names)
    words = _HISTORY[how].format(system=table.system)
    return f"{words} ({row.note})" if row.note and how in ("by hand", "both") else words


def sentences(*several: str) -> tuple[str, ...]:
    """What there is to tell, each as a whole sentence; what is empty is left out."""
    return tuple(f"{words[0].upper()}{words[1:]}." for words in several if words)


def to_declared(table: Table, row: Row, names: Iterable[str], when: str = "") -> tuple[Way, ...]:
    """How the live row is made what the inventory says."""
    if row.declared is None:
        return ()
    if row.held:
        return (Way("it is held, so apply leaves it alone", when, f"release {row.address}"),)
    if table.type == "console" or row.waits:
        return (Way("a person must key it in there, and then say so", when, f"attest {row.address}"),)
    if row.writes and standing(row, names) in ("by hand", "deleted", "both", "unknown"):
        return (Way("", when, f"plan --repair {row.address}"),)
    return applied(table, (str(row.address),), when)


def applied(table: Table, addresses: Iterable[str], when: str = "") -> tuple[Way, ...]:
    """How what is declared gets there, where nobody has changed it since."""
    targets = " ".join(f"--target {address}" for address in addresses)
    if not all(row.writes for row in table.rows):
        text = f"{table.system} is read-only for pacsconf (mode): change it there by hand"
        return (Way(text, when, f"plan {targets}"),)
    return (Way("", when, f"apply {targets}"),)


def known(table: Table, row: Row) -> Proof:
    """What the live row says."""
    side = "attested" if table.type == "console" else "live"
    where = f'{side}, {row.address.kind} "{row.address.parts[-1]}"'
    if row.note:
        where = f"{where}, {row.note}"
    return Proof(f"{table.system} knows", spoken(row.live), where)


def spoken(fields: Fields | None) -> str:
    """A title and its address, as in `CT1 at 10.20.4.17:104`."""
    if fields is None:
        return "nothing"
    host, port = fields.get("host"), fields.get("port")
    at = f" at {host}" if host else ""
    return f"{fields.get('ae_title', '')}{at}{f':{port}' if host and port else ''}".strip() or "nothing"
