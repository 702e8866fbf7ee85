"""Causes in peer tables: what an archive or a console knows of the other side, against what is declared."""

from __future__ import annotations

from collections.abc import Iterator

from pacsconf.core.resource import Fields, Value
from pacsconf.dicom.diagnose.cause import (
    AGREES,
    CONFIGURED,
    DECLARED,
    OBSERVED,
    POSSIBLE,
    Cause,
    Direction,
    Proof,
    Way,
)
from pacsconf.dicom.diagnose.causes import titles
from pacsconf.dicom.diagnose.causes.rows import history, known, sentences, spoken, standing, to_declared
from pacsconf.dicom.diagnose.evidence import End, Evidence, Row, Table
from pacsconf.dicom.likeness import difference

_ALIKE_RULES = frozenset({"ORTHANC-OPEN-ECHO", "ORTHANC-OPEN-STORE"})
"""Settings with which an Orthanc takes associations of whoever calls."""


def causes(evidence: Evidence) -> Iterator[Cause]:
    """What tables of the called side say of the caller, and those of the caller of the called side."""
    for table in evidence.tables:
        if table.holder != "directory" and not table.fault:
            other = evidence.caller if table.holder == "called" else evidence.called
            yield from _of(evidence, table, other)
            yield from _own(evidence, table)


def _of(evidence: Evidence, table: Table, other: End) -> Iterator[Cause]:
    rows = table.about("caller" if table.holder == "called" else "called", "peer")
    exact = [row for row in rows if row.live is not None and row.title in other.titles]
    if exact:
        for row in exact:
            yield from _address(evidence, table, row, other)
            yield from _rights(evidence, table, row, other)
            yield from _encryption(table, row, other)
        return
    near = [row for row in rows if row.live is not None and row.title]
    for row in near:
        yield titles.otherwise(evidence, table, row, other)
    if not near and table.complete:
        yield _absent(evidence, table, next(iter(rows), None), other)


def _weight(evidence: Evidence, table: Table) -> int:
    """What a title that the table lacks weighs, with what else says so."""
    if table.holder == "caller":
        return CONFIGURED
    refused = evidence.caller_refused
    lenient = bool(table.rules & _ALIKE_RULES)
    return CONFIGURED + AGREES + (AGREES if refused else 0) - (AGREES if lenient and not refused else 0)


def _absent(evidence: Evidence, table: Table, row: Row | None, other: End) -> Cause:
    proofs = [Proof(f"{table.system} knows", "nobody of that title", "live")]
    proofs += [Proof("inventory says", spoken(_as_declared(other)), other.place)] if other.declared else []
    ways: tuple[Way, ...] = ()
    details: tuple[str, ...] = ()
    if row is not None and row.declared is not None:
        ways = to_declared(table, row, ("ae_title",))
        details = sentences(history(table, row, ("ae_title",)))
    elif other.declared:
        ways = (Way("declare a flow between the two, then let it be applied", "", "plan"),)
        details = (f"No flow of the inventory makes {other.title} known there.",)
    else:
        ways = (Way(f"enter {other.title} there, or declare it and a flow between the two"),)
    pending = row is not None and standing(row, ("ae_title",)) == "missing"
    return Cause(
        "not-applied" if pending else "title-unknown",
        "association",
        _weight(evidence, table) + (1 if row and row.declared is not None else 0),
        f"{table.system} does not know the title {other.title}"
        + (": it is declared, and was not applied yet." if pending else "."),
        tuple(proofs),
        details,
        ways,
        place=other.place,
    )


def _as_declared(end: End) -> dict[str, Value]:
    fields: dict[str, Value] = {"ae_title": end.title}
    if end.host:
        fields["host"] = end.host
    return fields | ({"port": end.port} if end.port is not None else {})


def _address(evidence: Evidence, table: Table, row: Row, other: End) -> Iterator[Cause]:
    """Another host or port than declared: images and answers go elsewhere, or calls from elsewhere are refused."""
    declared = row.declared if row.declared is not None else _as_declared(other)
    live = row.live or {}
    names = [
        name
        for name in ("host", "port")
        if declared.get(name) is not None and live.get(name) != declared[name]
    ]
    if not names or (not other.declared and row.declared is None and not other.host):
        return
    calls_back = any(word in service for service in evidence.services for word in ("retrieve", "commitment"))
    matters = table.holder == "caller" or calls_back or "host" in names
    heard = titles.heard_hosts(evidence, other, str(live.get("host", "")))
    when = ("", "") if heard else (f"it is at {_spoken_at(declared)}", f"it is at {_spoken_at(live)}")
    ways = [] if heard == "live" else [*to_declared(table, row, names, when[0])]
    if other.address_place and heard != "declared":
        ways.append(Way(f"correct {other.address_place}", when[1]))
    yield Cause(
        "address-differs",
        "association" if table.holder == "called" else "tcp",
        CONFIGURED - (0 if matters else AGREES) + (AGREES if _failed_at_tcp(evidence, table) else 0),
        f"{table.system} knows {other.title} at another {' and '.join(names)} than the inventory says.",
        (
            known(table, row),
            Proof(
                "inventory says",
                spoken({**declared, "ae_title": other.title}),
                row.places.get(names[0], "") or other.address_place,
            ),
        ),
        sentences(f"they differ by {' and '.join(names)}", history(table, row, names)),
        tuple(ways),
        _DIRECTIONS[heard],
        other.address_place,
    )


_DIRECTIONS: dict[str, Direction] = {"": "", "declared": "called", "live": "inventory"}


def _spoken_at(fields: Fields) -> str:
    """The address alone."""
    return spoken({**fields, "ae_title": ""}).removeprefix("at ")


def _failed_at_tcp(evidence: Evidence, table: Table) -> bool:
    failed = evidence.failed
    return table.holder == "caller" and failed is not None and failed.name in ("name", "tcp")


def _rights(evidence: Evidence, table: Table, row: Row, other: End) -> Iterator[Cause]:
    """What the caller is to be allowed, and is not."""
    if table.holder != "called" or row.declared is None:
        return
    lacking = sorted(_allowed(row.declared) - _allowed(row.live) - {"transcoding"})
    if not lacking:
        return
    aborted = evidence.failed is not None and evidence.failed.fault is not None
    agrees = aborted and evidence.failed is not None and evidence.failed.name in ("query", "worklist", "echo")
    yield Cause(
        "right-missing",
        "service",
        CONFIGURED + 5 + (AGREES if agrees else 0),
        f"{table.system} knows {other.title}, and does not allow it: {', '.join(lacking)}.",
        (
            Proof(
                f"{table.system} allows",
                ", ".join(sorted(_allowed(row.live))) or "nothing",
                f'live, {row.address.kind} "{row.address.parts[-1]}"',
            ),
            Proof(
                "inventory says",
                ", ".join(sorted(_allowed(row.declared))),
                row.places.get("allow", row.place),
            ),
        ),
        sentences(history(table, row, ("allow",))),
        to_declared(table, row, ("allow",)),
        place=row.places.get("allow", row.place),
    )


def _allowed(fields: Fields | None) -> frozenset[str]:
    allow = (fields or {}).get("allow", ())
    return frozenset(allow) if isinstance(allow, tuple) else frozenset()


def _encryption(table: Table, row: Row, other: End) -> Iterator[Cause]:
    """Encrypted on one side only."""
    wanted = bool((row.declared or {}).get("tls", other.tls))
    found = bool((row.live or {}).get("tls"))
    if wanted == found or (row.declared is None and not other.declared) or table.holder == "called":
        return
    yield Cause(
        "tls-one-sided",
        "tls",
        CONFIGURED,
        f"{table.system} calls {other.title} {'encrypted' if found else 'unencrypted'}, and the inventory says "
        f"{'TLS' if wanted else 'no TLS'}.",
        (known(table, row), Proof("inventory says", "TLS" if wanted else "no TLS", other.address_place)),
        sentences(history(table, row, ("tls",))),
        to_declared(table, row, ("tls",)),
        place=other.address_place,
    )


def _own(evidence: Evidence, table: Table) -> Iterator[Cause]:
    """What the server says of itself, against what is declared of it."""
    end = evidence.called if table.holder == "called" else evidence.caller
    if table.own_title and table.own_title not in end.titles:
        seen = evidence.failed is not None and evidence.failed.name == "association"
        yield Cause(
            "own-title-differs",
            "association",
            (OBSERVED if seen else CONFIGURED) + AGREES,
            f"{table.system} calls itself {table.own_title}, and is declared as {end.title}.",
            (
                Proof(f"{table.system} says", table.own_title, "live"),
                Proof("inventory says", end.title, end.place),
            ),
            (f"They differ {difference(end.title, table.own_title)}.",),
            (
                Way(f"set its title to {end.title} there, and restart it", f"{end.title} is right"),
                Way(
                    f"correct {end.place}" if end.place else "call it by that title",
                    f"{table.own_title} is right",
                ),
            ),
            place=end.place,
        )
    if table.own_port is not None and end.port not in (None, table.own_port) and table.holder == "called":
        refused = evidence.failed is not None and evidence.failed.name == "tcp"
        yield Cause(
            "own-port-differs",
            "tcp",
            OBSERVED + AGREES if refused else POSSIBLE,
            f"{table.system} says that it listens at port {table.own_port}; declared is {end.port}.",
            (
                Proof(f"{table.system} says", f"port {table.own_port}", "live"),
                Proof("inventory says", end.at, end.address_place),
            ),
            (),
            (Way(f"correct {end.address_place}" if end.address_place else f"call port {table.own_port}"),),
            place=end.address_place,
        )


def destinations(evidence: Evidence) -> Iterator[Cause]:
    """A C-MOVE sends to a title: the called side must know where the caller listens (PS3.4 section C.4.2)."""
    if not any("retrieve" in service or service.endswith("-move") for service in evidence.services):
        return
    caller = evidence.caller
    if caller.declared and caller.port is None:
        yield Cause(
            "move-destination",
            "service",
            DECLARED,
            f"{caller.title} asks for images by C-MOVE, and has no port at which it could take them.",
            (Proof("inventory says", f"{caller.at or caller.title}: it only calls", caller.address_place),),
            (),
            (Way("declare the port at which it listens, or let it fetch by C-GET"),),
            place=caller.address_place,
        )
    for table in evidence.held_by("called"):
        for row in table.about("caller", "peer"):
            if row.live is not None and row.title == caller.title and not row.live.get("port"):
                yield Cause(
                    "move-destination",
                    "service",
                    CONFIGURED,
                    f"{table.system} knows {caller.title} without a port, so it cannot send there (C-MOVE).",
                    (known(table, row),),
                    (),
                    to_declared(table, row, ("port",)),
                    place=caller.address_place,
                )
