"""Causes of an empty worklist: nothing scheduled, or a filter that leaves nothing of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from pacsconf.dicom.diagnose.cause import OBSERVED, POSSIBLE, WRONG, Cause, Proof, Way
from pacsconf.dicom.diagnose.evidence import Evidence, WorklistSeen
from pacsconf.dicom.likeness import alike, difference
from pacsconf.dicom.observation import Fault
from pacsconf.dicom.refusals.table import translated

_FEW = 6
"""Lines of a worklist that are shown."""


def causes(evidence: Evidence) -> Iterator[Cause]:
    """Why the caller gets nothing from the worklist, or what else is odd about it."""
    seen = evidence.worklist
    if seen is None:
        return
    if seen.step is not None and seen.step.passed is False:
        yield _refused(evidence, seen)
    elif seen.matching == 0 and seen.today:
        yield _filtered(evidence, seen)
    elif seen.matching == 0 and seen.today is not None:
        yield _empty(evidence, seen)


def _refused(evidence: Evidence, seen: WorklistSeen) -> Cause:
    assert seen.step is not None, "who calls has looked"
    refusal = translated(seen.step.fault or Fault("otherwise"), "C-FIND")
    own = evidence.probed_as == evidence.caller.title or evidence.prober_may
    return Cause(
        "worklist-refused",
        "worklist",
        OBSERVED if own else WRONG,
        f"{evidence.called.title} does not answer a worklist query: {refusal.words}.",
        (Proof("the wire says", seen.step.text),),
        () if own else (f"It was {evidence.probed_as} that asked (pacsconf's own title).",),
        (Way(f"{refusal.action} Whose turn it is: {refusal.who}."),),
        place=evidence.called.place,
        refusal=refusal,
    )


def _asks(seen: WorklistSeen) -> str:
    words = (
        f"station title {seen.station}" if seen.station else "",
        f"modality {seen.modality}" if seen.modality else "",
    )
    return " and ".join(filter(None, words)) or "everything"


def _empty(evidence: Evidence, seen: WorklistSeen) -> Cause:
    called = evidence.called.title
    if seen.ever:
        return Cause(
            "worklist-nothing-today",
            "worklist",
            OBSERVED,
            f"The worklist of {called} has nothing scheduled today, for anybody.",
            (Proof("the worklist has", "0 entries for today", f"{_more(seen.ever, seen)} on other days"),),
            ("The day is that of this machine's clock; a wrong clock or time zone there looks the same.",),
            (Way("see in the RIS which day the examination is scheduled for, and compare the clocks"),),
            place=evidence.called.place,
        )
    return Cause(
        "worklist-empty",
        "worklist",
        OBSERVED,
        f"The worklist of {called} is empty: nothing is scheduled at all.",
        (Proof("the worklist has", "0 entries", "on any day"),),
        ("So it is not the scanner's filter: orders do not arrive there.",),
        (Way("see whether orders arrive from the RIS (HL7 feed), and where they are kept"),),
        place=evidence.called.place,
    )


def _more(count: int, seen: WorklistSeen) -> str:
    return f"{'at least ' if seen.more else ''}{count}"


def _filtered(evidence: Evidence, seen: WorklistSeen) -> Cause:
    """There are entries today, and none for this caller: which part of what it asks removes them."""
    assert seen.today is not None, "who calls has looked"
    stations: Counter[str] = Counter()
    codes: Counter[str] = Counter()
    for station, modality, count in seen.today:
        stations[station] += count
        codes[modality] += count
    total = sum(stations.values())
    place = evidence.caller.worklist_place or evidence.caller.place
    near = _near(evidence, seen.station, stations)
    proofs = [Proof("the caller asks for", _asks(seen), place)]
    proofs += [
        Proof(
            "the worklist has", f"{count} for {station or 'no station'}, {modality or 'no modality'}", "today"
        )
        for station, modality, count in sorted(
            seen.today, key=lambda one: (one[0] not in near, one[1] != seen.modality, one)
        )[:_FEW]
    ]
    key, words, details = _which(seen, stations, codes, near)
    return Cause(
        key,
        "worklist",
        OBSERVED if total else POSSIBLE,
        f"The worklist of {evidence.called.title} has {_more(total, seen)} entries today, and none for "
        f"{evidence.caller.title}: {words}.",
        tuple(proofs),
        details,
        (
            Way(
                "have the RIS schedule for the declared station title and modality code",
                "the inventory is right",
            ),
            Way(
                f"correct worklist: at {evidence.caller.device or evidence.caller.title}", "the RIS is right"
            ),
        ),
        place=place,
    )


def _near(evidence: Evidence, wanted: str, stations: Counter[str]) -> tuple[str, ...]:
    """Station titles that look like the one that is asked for, and are nobody else's."""
    known = (station for station in sorted(stations) if station and station not in evidence.others)
    return tuple(station for station in known if wanted and alike(wanted, station))


def _which(
    seen: WorklistSeen, stations: Counter[str], codes: Counter[str], near: tuple[str, ...]
) -> tuple[str, str, tuple[str, ...]]:
    if seen.station and not stations[seen.station]:
        details = tuple(f"{seen.station} and {one} differ {difference(seen.station, one)}." for one in near)
        if not near:
            details = (
                "No station title there looks like it: it may be that nothing is scheduled for it today.",
            )
        return "worklist-station", f"the station title {seen.station} removes them all", details
    if seen.modality and not codes[seen.modality]:
        return "worklist-modality", f"the modality code {seen.modality} removes them all", ()
    return "worklist-both", "station title and modality code together remove them all", ()
