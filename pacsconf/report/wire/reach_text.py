"""Whether one application entity would reach another: the answer, each service, and what to change where."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from pacsconf.core.finding import Path
from pacsconf.dicom.reach import Reach, Reason
from pacsconf.dicom.reach.answer import (
    ClassReach,
    Fit,
    Outcome,
    ServiceReach,
    WayBack,
    names_of,
    some,
    titles,
)
from pacsconf.inventory.flows import Entity
from pacsconf.inventory.uids import label
from pacsconf.report.as_json import FORMAT_VERSION, as_text
from pacsconf.report.diagnostics import PlaceOf
from pacsconf.report.lines import Line, Lines, Span, columns, commanded, joined, line, wrapped
from pacsconf.report.words import counted, listed

MARKS: Mapping[Outcome, Span] = {
    "works": Span("✓", "good"),
    "partly": Span("~", "warning"),
    "fails": Span("✗", "error"),
    "idle": Span("·", "faint"),
    "unknown": Span("?", "warning"),
}
_FITS: Mapping[Fit, str] = {
    "works": "",
    "lossy": "only with loss",
    "may-be-lossy": "perhaps with loss",
    "unknown": "not known",
    "no-syntax": "no transfer syntax in common",
    "not-offered": "not offered",
    "not-declared": "in no flow",
    "no-way-back": "no way back",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """A pair that was solved, and what is needed to show it; `command` is how pacsconf is called again.

    `held_back` are SOP classes that the called one may hold and the caller does not take. `environments` are those
    that one has to be named of before the wire can be asked.
    """

    reach: Reach
    place_of: PlaceOf
    held_back: Sequence[str] = ()
    command: str = "pacsconf"
    environments: Sequence[str] = ()


def reach_text(asked: Asked, width: int = 80, *, verbose: bool = False) -> Lines:
    """The screen: the answer first, then why."""
    room = columns(width)
    breaking = [reason for reason in asked.reach.reasons if reason.breaks]
    remarks = [
        reason for reason in asked.reach.reasons if not reason.breaks and reason.cause != "caller-lacks"
    ]
    return joined(
        (
            tuple(_head(asked, room)),
            tuple(
                row
                for one in asked.reach.services
                for row in _service(one, asked.reach, room, verbose=verbose)
            ),
            _backs(asked, room),
            _reasons("What keeps it from working", Span("✗", "error"), breaking, asked, room),
            _nearest(asked, room),
            _reasons("To know", Span("!", "warning"), remarks, asked, room),
            _held_back(asked, room, verbose=verbose),
            _next(asked, room),
        )
    )


def arrow(caller: Entity, called: Entity) -> str:
    """A pair by its titles."""
    return " → ".join(titles(caller, called))


def answer(result: Reach) -> str:
    """The answer in one sentence."""
    asked = [one for one in result.services if one.outcome != "idle"]
    working = sum(one.outcome == "works" for one in asked)
    pair = arrow(result.caller, result.called)
    count = f"{working} of {counted(len(asked), 'service')}"
    if result.outcome == "works":
        faults = sum(reason.told for reason in result.reasons)
        return f"{pair} would work: {count}{f', with {faults} to mend' if faults else ''}"
    if result.outcome == "partly":
        return f"{pair} would work in part: {count} whole"
    if result.outcome == "unknown":
        return f"Whether {pair} would work is not known: {listed(untold(result), ', and ')}"
    if result.outcome == "idle":
        return f"{pair}: {result.caller[1].title} asks for nothing that a flow lets it ask for"
    general = next((reason for reason in result.reasons if reason.breaks and not reason.service), None)
    first = general or next((reason for reason in result.reasons if reason.breaks), None)
    why = (
        said(first, result)
        if first
        else f"{result.caller[1].title} asks for nothing that a flow lets it ask for"
    )
    return f"{pair} would not work: {why}"


def said(reason: Reason, result: Reach) -> str:
    """A reason about this pair, in words."""
    return reason.said.format_map(names_of(reason, result.caller, result.called))


def untold(result: Reach) -> tuple[str, ...]:
    """What is not declared and keeps the answer from being known, in words."""
    return tuple(dict.fromkeys(_untold(one, result) for one in result.services if one.untold))


def _untold(service: ServiceReach, result: Reach) -> str:
    title = (result.caller if service.untold == "caller" else result.called)[1].title
    key = "uses" if service.untold == "caller" or service.reports else "offers"
    return f"what {title} {key} is not declared"


def _head(asked: Asked, width: int) -> Iterator[Line]:
    result = asked.reach
    yield from wrapped(answer(result), width, first=line(MARKS[result.outcome], " "), style="strong")
    if result.host is not None:
        how = "with TLS" if result.tls else "without TLS"
        seen = f", as seen from site {result.caller[0].site}" if result.caller[0].site else ""
        yield from wrapped(f"at {result.host}:{result.port}{seen}, {how}", width, first=line("  "))
    for name in result.flows:
        yield from wrapped(f"flow {name}{_at(asked, ('flows', name))}", width, first=line("  "))
    aliases = listed(result.called[1].answers_to)
    if aliases:
        yield from wrapped(f"{result.called[1].title} answers to {aliases} as well", width, first=line("  "))
    sent = sorted(set(result.caller[0].rewrites.values()) - {result.caller[1].title})
    if sent:
        words = f"{result.caller[1].title} also calls as {listed(sent)} (rewrites)"
        yield from wrapped(words, width, first=line("  "))


def _at(asked: Asked, path: Path) -> str:
    place = asked.place_of(path)
    return f" ({place.file}:{place.line})" if place else ""


# --- services ----------------------------------------------------------------------------------------------------


def _service(service: ServiceReach, result: Reach, width: int, *, verbose: bool) -> Iterator[Line]:
    head = line("  ", MARKS[service.outcome], f" {service.name:<22} ")
    yield from wrapped(_of_service(service, result), width, first=head)
    if verbose:
        for one in service.classes:
            yield from _class(one, width)
    if verbose or service.untold:
        return
    for fit, several in groupby(
        sorted(service.classes, key=lambda one: (not one.works, one.fit)), lambda one: one.fit
    ):
        bad = [one for one in several if one.fit != "works"]
        if bad:
            yield from wrapped(
                f"{_FITS[fit]}: {some([label(one.uid) for one in bad])}",
                width,
                first=line("      ", Span("✗ " if not bad[0].works else "! ", "warning")),
            )


def _of_service(service: ServiceReach, result: Reach) -> str:
    if service.untold:
        return f"not known: {_untold(service, result)}"
    if service.outcome == "idle":
        return "never asked for" if service.reports else f"{result.caller[1].title} never asks for it"
    if service.reports:
        return "the report, on a connection of its own (N-EVENT-REPORT)"
    if not service.classes:
        return f"{result.caller[1].title} does not use it"
    good = [one for one in service.classes if one.works]
    of = len(service.classes)
    each = f"{len(good)} of {of} SOP class{'' if of == 1 else 'es'}"
    common = _common(good)
    return f"{each}, in {some([label(uid) for uid in common])}" if common else each


def _common(good: Sequence[ClassReach]) -> tuple[str, ...]:
    """The transfer syntaxes that all SOP classes which work have in common."""
    first = good[0].common if good else ()
    return tuple(uid for uid in first if all(uid in one.common for one in good))


def _class(one: ClassReach, width: int) -> Lines:
    mark = MARKS["works" if one.works else "unknown" if one.fit == "unknown" else "fails"]
    words = listed((_FITS[one.fit], listed(label(uid) for uid in one.common)), ": ")
    return (
        line("      ", mark, f" {label(one.uid)}"),
        *(wrapped(words, width, first=line("          ")) if words else ()),
    )


def _backs(asked: Asked, width: int) -> Lines:
    """What must come back on connections of their own."""
    rows = (row for back in asked.reach.back for row in _back(back, asked, width))
    return (line(Span("Way back", "strong")), *rows) if asked.reach.back else ()


def _back(back: WayBack, asked: Asked, width: int) -> Lines:
    answers = any(one.reports and one.name == back.service for one in asked.reach.services)
    report = "the request that it answers" if answers else "the report of storage commitment"
    what = report if back.kind == "storage-commitment" else "what is sent for (C-MOVE)"
    by = f"flow {back.flow}{_at(asked, ('flows', back.flow))}" if back.flow else "no flow"
    pair = arrow(asked.reach.called, asked.reach.caller)
    return wrapped(
        f"{pair}, {what}: {by}", width, first=line("  ", MARKS["works" if back.works else "fails"], " ")
    )


def _held_back(asked: Asked, width: int, *, verbose: bool) -> Lines:
    if not asked.held_back:
        return ()
    ends = asked.reach.called[1].title, asked.reach.caller[1].title
    names = [label(uid) for uid in asked.held_back]
    shown = ", ".join(names) if verbose else some(names)
    words = f"{ends[0]} may hold what {ends[1]} does not take when it sends for a study: {shown}"
    return wrapped(words, width, first=line("  ", Span("!", "warning"), " "))


# --- reasons -----------------------------------------------------------------------------------------------------


def _reasons(head: str, mark: Span, reasons: Sequence[Reason], asked: Asked, width: int) -> Lines:
    if not reasons:
        return ()
    return (
        line(Span(head, "strong")),
        *(row for reason in reasons for row in _reason(mark, reason, asked, width)),
    )


def _reason(mark: Span, reason: Reason, asked: Asked, width: int) -> Iterator[Line]:
    names = names_of(reason, asked.reach.caller, asked.reach.called)
    sentence = reason.said.format_map(names)
    yield from wrapped(sentence, width, first=line("  ", mark, " "), style="strong")
    for word, text in (("why", reason.why), ("fix", reason.fix if _is_to_mend(reason) else "")):
        if text:
            yield from wrapped(text.format_map(names), width, first=line(Span(f"    {word}  ", "faint")))
    for path, words in reason.sides:
        place = asked.place_of(path)
        if place:
            yield line(Span("    see  ", "faint"), f"{place.file}:{place.line} {words}")


def _is_to_mend(reason: Reason) -> bool:
    return reason.breaks or reason.told or reason.cause.endswith("-untold")


def _nearest(asked: Asked, width: int) -> Lines:
    near = asked.reach.nearest
    rows: list[Line] = []
    if near:
        words = f"The flow that comes nearest is {near.flow}{_at(asked, near.path)}: {'; '.join(near.misses)}"
        rows += wrapped(words, width, first=line("  ", Span("?", "warning"), " "))
    for router in asked.reach.via:
        titles = asked.reach.caller[1].title, router[1].title, asked.reach.called[1].title
        words = (
            f"Images go by way of {titles[1]}, which calls {titles[2]} itself: see {titles[0]} → {titles[1]}"
        )
        rows += wrapped(words, width, first=line("  ", Span("?", "warning"), " "))
    return tuple(rows)


def _next(asked: Asked, width: int) -> Lines:
    ends = " ".join(f"{device.name}/{ae.title}" for device, ae in (asked.reach.caller, asked.reach.called))
    if asked.reach.works:
        places = asked.environments
        where, named = (f" ({' or '.join(places)})", f" -e {places[0]}") if places else ("", "")
        said = line(f"That is what the files say. Ask the wire{where}: ")
        return commanded(said, f"{asked.command}{named} diagnose {ends}", width)
    changed = "declared" if asked.reach.outcome == "unknown" else "changed"
    return commanded(line(f"Once it is {changed}: "), f"{asked.command} reach {ends}", width)


# --- for machines ------------------------------------------------------------------------------------------------


def reach_json(asked: Asked) -> str:
    """The same for machines: nothing shortened."""
    return as_text({"format_version": FORMAT_VERSION, **as_plain(asked)})


def as_plain(asked: Asked) -> dict[str, Any]:
    """A solved pair as plain values."""
    result = asked.reach
    near = result.nearest
    return {
        "caller": _entity(result.caller),
        "called": _entity(result.called),
        "outcome": result.outcome,
        "answer": answer(result),
        "address": {"host": result.host, "port": result.port, "tls": result.tls},
        "flows": list(result.flows),
        "services": [_service_plain(service) for service in result.services],
        "back": [
            {"kind": one.kind, "service": one.service, "flow": one.flow, "works": one.works}
            for one in result.back
        ],
        "reasons": [_reason_plain(reason, asked) for reason in result.reasons],
        "nearest": {"flow": near.flow, "misses": list(near.misses)} if near else None,
        "via": [_entity(router) for router in result.via],
        "held_back": [label(uid) for uid in asked.held_back],
    }


def _entity(entity: Entity) -> dict[str, str]:
    return {"device": entity[0].name, "ae_title": entity[1].title}


def _service_plain(service: ServiceReach) -> dict[str, Any]:
    return {
        "name": service.name,
        "flow": service.flow,
        "outcome": service.outcome,
        "reports": service.reports,
        "sop_classes": [
            {
                "uid": one.uid,
                "name": label(one.uid),
                "fit": one.fit,
                "transfer_syntaxes": [label(uid) for uid in one.common],
            }
            for one in service.classes
        ],
    }


def _reason_plain(reason: Reason, asked: Asked) -> dict[str, Any]:
    names = names_of(reason, asked.reach.caller, asked.reach.called)
    return {
        "rule": reason.rule,
        "cause": reason.cause,
        "breaks": reason.breaks,
        "service": reason.service,
        "summary": reason.said.format_map(names),
        "detail": reason.why.format_map(names),
        "fix": reason.fix.format_map(names),
        "sop_classes": [label(uid) for uid in reason.uids],
        "sides": [
            {
                "path": list(path),
                "text": words,
                "place": place._asdict() if (place := asked.place_of(path)) else None,
            }
            for path, words in reason.sides
        ],
    }
