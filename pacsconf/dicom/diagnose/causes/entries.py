"""Causes in the directory: what its entries say of the two, against what is declared.

What somebody changed there is told one by one. What is declared and was not applied yet is told together: it is one
act, an apply. It is no cause at all while the wire shows that the two work without it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pacsconf.core.resource import Fields
from pacsconf.dicom.diagnose.cause import AGREES, CONFIGURED, POSSIBLE, Cause, Layer, Proof
from pacsconf.dicom.diagnose.causes.rows import applied, history, sentences, spoken, standing, to_declared
from pacsconf.dicom.diagnose.evidence import End, Evidence, Row, Table

DIFFER = frozenset({"directory-differs", "switched-off", "capability-differs"})
"""The causes that are about an entry which is there, and says otherwise."""
KEYS = DIFFER | {"entries-not-applied", "entry-deleted", "entry-missing"}
"""Every cause that is found here."""

_COMPARED = {
    "network-connection": ("host", "port", "tls"),
    "network-ae": ("installed",),
    "device": ("installed",),
    "transfer-capability": ("sop_class", "role", "transfer_syntaxes"),
}
"""Of entries of each kind, the fields that decide whether the two find each other and have something in common."""
_FEW = 3
"""Entries that are applied by their own addresses; of more, their whole devices are."""


def causes(evidence: Evidence) -> Iterator[Cause]:
    """Entries that are missing, or say otherwise, for either end."""
    for table in evidence.held_by("directory"):
        if table.fault:
            continue
        waiting = not_applied(table)
        if waiting:
            yield _not_applied(evidence, table, waiting)
        for row in _told(table):
            end = evidence.caller if row.about == "caller" else evidence.called
            if row not in waiting:
                yield from _of(evidence, table, row, end)


def not_applied(table: Table) -> tuple[Row, ...]:
    """The rows that are declared so, and that the next apply would bring: nobody has touched them."""
    return tuple(
        row
        for row in table.rows
        if row.declared is not None
        and not (row.held or row.waits)
        and (row.live is None or _differing(row))
        and standing(row, _differing(row)) in ("missing", "pending")
    )


def _differing(row: Row) -> tuple[str, ...]:
    """The fields of an entry that are not as declared, of those that matter here."""
    live, declared = row.live or {}, row.declared or {}
    return tuple(name for name in _COMPARED.get(row.address.kind, ()) if live.get(name) != declared.get(name))


def _not_applied(evidence: Evidence, table: Table, waiting: Sequence[Row]) -> Cause:
    called = any(row.about == "called" for row in waiting)
    caller = any(row.about == "caller" for row in waiting)
    ends = ((evidence.caller, caller), (evidence.called, called))
    whose = " and ".join(dict.fromkeys(end.device or end.title for end, is_meant in ends if is_meant))
    lacking = sum(row.live is None for row in waiting)
    held = len(waiting) - lacking
    what = " and ".join(
        filter(
            None,
            (
                f"lacks {_entries(lacking)} of {whose}" if lacking else "",
                f"still has {_entries(held)}{'' if lacking else f' of {whose}'} as before" if held else "",
            ),
        )
    )
    first = next((row for row in waiting if row.address.kind == "device"), waiting[0])
    works = evidence.works_now
    return Cause(
        "entries-not-applied",
        "association",
        # Peers need not read the directory; where they do, an entry that is not there stops them.
        POSSIBLE + AGREES if works else CONFIGURED - AGREES,
        f"{table.system} {what}: declared, and not applied yet.",
        (Proof("inventory says", first.address.parts[-1], first.place),),
        (),
        applied(table, _targets(table, waiting)),
        place=first.place,
        remark=works,
    )


def _entries(count: int) -> str:
    return f"{count} {'entry' if count == 1 else 'entries'}"


def _targets(table: Table, waiting: Sequence[Row]) -> tuple[str, ...]:
    """The addresses to name: of many entries, those of their devices, with which all below them comes."""
    if len(waiting) <= _FEW and not any(row.address.kind == "device" for row in waiting):
        return tuple(str(row.address) for row in waiting)
    named = {row.about: row.address for row in table.rows if row.address.kind == "device"}
    return tuple(
        dict.fromkeys(
            str(named[about])
            for about in ("called", "caller")
            if about in {row.about for row in waiting} and about in named
        )
    ) or tuple(str(row.address) for row in waiting)


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
    words = f"{table.system} has no {row.address.kind} entry {row.address.name} for {end.title}"
    key = "entry-deleted" if standing(row, ()) == "deleted" else "entry-missing"
    capability = row.address.kind == "transfer-capability"
    return Cause(
        key,
        "contexts" if capability else "association",
        # Peers need not read the directory; where they do, an entry that is gone stops them.
        CONFIGURED - AGREES - (AGREES if capability else 0),
        f"{words}.",
        (
            Proof(f"{table.system} has", "no entry", f"live, {row.address}"),
            Proof("inventory says", _declared(row), row.place),
        ),
        sentences(history(table, row, ())),
        to_declared(table, row, ()),
        place=row.place,
    )


def _declared(row: Row) -> str:
    fields = row.declared or {}
    return spoken(fields) if "host" in fields else row.address.parts[-1]


def _address(evidence: Evidence, table: Table, row: Row, end: End) -> Iterator[Cause]:
    live, declared = row.live or {}, row.declared or {}
    names = _differing(row)
    if not names:
        return
    failed = evidence.failed
    stops = (
        row.about == "called" and failed is not None and failed.name in ("name", "tcp", "tls", "association")
    )
    yield Cause(
        "directory-differs",
        "tcp" if names != ("tls",) else "tls",
        CONFIGURED + (2 * AGREES + 5 if stops else 0),
        f"{table.system} has another {' and '.join(names)} for {end.title} than the inventory says.",
        (
            Proof(f"{table.system} has", _words(live), _where(row)),
            Proof("inventory says", _words(declared), row.places.get(names[0], "") or row.place),
        ),
        sentences(history(table, row, names)),
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
        sentences(history(table, row, ("installed",))),
        to_declared(table, row, ("installed",)),
        place=row.place,
    )


def _capability(evidence: Evidence, table: Table, row: Row, end: End) -> Iterator[Cause]:
    live, declared = row.live or {}, row.declared or {}
    names = _differing(row)
    if not names:
        return
    layer: Layer = "contexts"
    failed = evidence.failed
    agrees = failed is not None and failed.name == layer
    yield Cause(
        "capability-differs",
        layer,
        CONFIGURED - AGREES + (AGREES if agrees else 0),
        f"{table.system} lists other {' and '.join(name.replace('_', ' ') for name in names)} for "
        f"{row.address.parts[-1]} of {end.title} than the inventory.",
        (
            Proof(f"{table.system} has", _listed(live.get(names[0])), _where(row)),
            Proof(
                "inventory says", _listed(declared.get(names[0])), row.places.get(names[0], "") or row.place
            ),
        ),
        sentences(history(table, row, names)),
        to_declared(table, row, names),
        place=row.places.get(names[0], "") or row.place,
    )


def _listed(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
