"""Causes in the directory: what its entries say of the two, against what is declared."""

from __future__ import annotations

from collections.abc import Iterator

from pacsconf.core.resource import Fields
from pacsconf.dicom.diagnose.cause import AGREES, CONFIGURED, POSSIBLE, Cause, Layer, Proof
from pacsconf.dicom.diagnose.causes.rows import Standing, history, spoken, standing, to_declared
from pacsconf.dicom.diagnose.evidence import End, Evidence, Row, Table

DIFFER = frozenset({"directory-differs", "switched-off", "capability-differs"})
"""The causes that are about an entry which is there, and says otherwise."""


def causes(evidence: Evidence) -> Iterator[Cause]:
    """Entries that are missing, or say otherwise, for either end."""
    for table in evidence.held_by("directory"):
        if table.fault:
            continue
        for row in _told(table):
            end = evidence.caller if row.about == "caller" else evidence.called
            yield from _of(evidence, table, row, end)


def _told(table: Table) -> Iterator[Row]:
    """The rows that are told one by one: what is missing with its whole device goes with that."""
    whole = {
        row.about
        for row in table.rows
        if row.address.kind == "device" and row.live is None and row.declared is not None
    }
    for row in table.rows:
        if row.about not in whole or row.address.kind == "device":
            yield row


def _of(evidence: Evidence, table: Table, row: Row, end: End) -> Iterator[Cause]:
    if row.declared is None:
        return
    if row.live is None:
        yield _missing(table, row, end)
    elif row.address.kind == "network-connection":
        yield from _address(evidence, table, row, end)
    elif row.address.kind in ("network-ae", "device"):
        yield from _switched_off(table, row, end)
    elif row.address.kind == "transfer-capability":
        yield from _capability(evidence, table, row, end)


def _missing(table: Table, row: Row, end: End) -> Cause:
    how = standing(row, ())
    words = f"{table.system} has no {row.address.kind} entry {row.address.name} for {end.title}"
    pending = how == "missing"
    key = "not-applied" if pending else "entry-deleted" if how == "deleted" else "entry-missing"
    capability = row.address.kind == "transfer-capability"
    return Cause(
        key,
        "contexts" if capability else "association",
        # Peers need not read the directory; where they do, an entry that is gone stops them.
        CONFIGURED - AGREES - (AGREES if capability else 0),
        words + (": it is declared, and was not applied yet." if pending else "."),
        (
            Proof(f"{table.system} has", "no entry", f"live, {row.address}"),
            Proof("inventory says", _declared(row), row.place),
        ),
        tuple(filter(None, (_sentence(history(table, row, ())),))),
        to_declared(table, row, ()),
        place=row.place,
    )


def _declared(row: Row) -> str:
    fields = row.declared or {}
    return spoken(fields) if "host" in fields else row.address.parts[-1]


def _address(evidence: Evidence, table: Table, row: Row, end: End) -> Iterator[Cause]:
    live, declared = row.live or {}, row.declared or {}
    names = [name for name in ("host", "port", "tls") if live.get(name) != declared.get(name)]
    if not names:
        return
    failed = evidence.failed
    stops = (
        row.about == "called" and failed is not None and failed.name in ("name", "tcp", "tls", "association")
    )
    yield Cause(
        "directory-differs",
        "tcp" if names != ["tls"] else "tls",
        CONFIGURED + (2 * AGREES + 5 if stops else 0),
        f"{table.system} has another {' and '.join(names)} for {end.title} than the inventory says.",
        (
            Proof(f"{table.system} has", _words(live), _where(row)),
            Proof("inventory says", _words(declared), row.places.get(names[0], "") or row.place),
        ),
        tuple(filter(None, (_sentence(history(table, row, names)),))),
        to_declared(table, row, names),
        place=row.places.get(names[0], "") or row.place,
    )


def _words(values: Fields) -> str:
    return f"{values.get('host', 'no host')}:{values.get('port', 'no port')}{' TLS' if values.get('tls') else ''}"


def _where(row: Row) -> str:
    return f"live, {row.note}" if row.note else f"live, {row.address.kind}"


def _switched_off(table: Table, row: Row, end: End) -> Iterator[Cause]:
    live, declared = row.live or {}, row.declared or {}
    if live.get("installed") is not False or declared.get("installed") is False:
        return
    yield Cause(
        "switched-off",
        "association",
        CONFIGURED,
        f"{table.system} says that {end.title} is not installed (dicomInstalled FALSE).",
        (
            Proof(f"{table.system} has", "installed FALSE", _where(row)),
            Proof("inventory says", "installed", row.place),
        ),
        tuple(filter(None, (_sentence(history(table, row, ("installed",))),))),
        to_declared(table, row, ("installed",)),
        place=row.place,
    )


def _capability(evidence: Evidence, table: Table, row: Row, end: End) -> Iterator[Cause]:
    live, declared = row.live or {}, row.declared or {}
    names = [
        name for name in ("sop_class", "role", "transfer_syntaxes") if live.get(name) != declared.get(name)
    ]
    if not names:
        return
    layer: Layer = "contexts"
    failed = evidence.failed
    agrees = failed is not None and failed.name == layer
    how: Standing = standing(row, names)
    yield Cause(
        "capability-differs",
        layer,
        (CONFIGURED - AGREES if how != "same" else POSSIBLE) + (AGREES if agrees else 0),
        f"{table.system} lists other {' and '.join(name.replace('_', ' ') for name in names)} for "
        f"{row.address.parts[-1]} of {end.title} than the inventory.",
        (
            Proof(f"{table.system} has", _listed(live.get(names[0])), _where(row)),
            Proof(
                "inventory says", _listed(declared.get(names[0])), row.places.get(names[0], "") or row.place
            ),
        ),
        tuple(filter(None, (_sentence(history(table, row, names)),))),
        to_declared(table, row, names),
        place=row.places.get(names[0], "") or row.place,
    )


def _listed(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _sentence(words: str) -> str:
    return f"{words[0].upper()}{words[1:]}." if words else ""
