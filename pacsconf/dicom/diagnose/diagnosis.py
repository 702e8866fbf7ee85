"""Why one application entity cannot work with another: layer by layer, and the likeliest cause first. Pure.

A cause weighs by what it rests on (`cause.OBSERVED` and so on), more where further sources agree, less where it
lies behind a layer that has failed already. Equal weight is ordered by key and words, so that the same evidence
gives the same answer. Which side is to be changed is said only where the caller itself was heard.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from pacsconf.dicom.diagnose.cause import BEHIND, LAYERS, Cause
from pacsconf.dicom.diagnose.causes import calls, entries, offers, paper, peers, titles, worklists
from pacsconf.dicom.diagnose.evidence import End, Evidence
from pacsconf.dicom.diagnose.layers import LayerLine, layers

Verdict = Literal["works", "wrong", "unknown"]

_RULES: tuple[Callable[[Evidence], Iterator[Cause]], ...] = (
    calls.causes,
    offers.causes,
    offers.proposed,
    titles.causes,
    peers.causes,
    peers.destinations,
    entries.causes,
    paper.causes,
    paper.possible,
    worklists.causes,
)


@dataclass(frozen=True, slots=True)
class Unknown:
    """What nobody has looked at, and how to find out; `command` is without `pacsconf`."""

    text: str
    how: str = ""
    command: str = ""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """`causes` are ranked, those that weigh less than `WRONG` being only possible; remarks are none of either.

    `works_as` is the title under which the wire was seen to work now, all its layers; empty: it was not.
    """

    caller: End
    called: End
    verdict: Verdict
    layers: tuple[LayerLine, ...]
    causes: tuple[Cause, ...]
    unknowns: tuple[Unknown, ...]
    next: tuple[str, ...]

    quiet: bool = False
    """Whether the called side was left alone on purpose, so that nothing failed."""
    works_as: str = ""

    @property
    def wrong(self) -> tuple[Cause, ...]:
        """What is wrong, without what is only possible."""
        return tuple(cause for cause in self.causes if cause.wrong)

    @property
    def possible(self) -> tuple[Cause, ...]:
        """What is only thinkable."""
        return tuple(cause for cause in self.causes if not (cause.wrong or cause.remark))

    @property
    def remarks(self) -> tuple[Cause, ...]:
        """What is to be known beside, and stops nothing."""
        return tuple(cause for cause in self.causes if cause.remark)

    @property
    def on_paper(self) -> bool:
        """Whether the wire works, and all that is wrong are entries of a directory."""
        return bool(self.works_as) and all(cause.key in entries.KEYS for cause in self.wrong)


def diagnose(evidence: Evidence) -> Diagnosis:
    """What this evidence comes to."""
    found = ranked(evidence, (cause for rule in _RULES for cause in rule(evidence)))
    wrong = [cause for cause in found if cause.wrong]
    verdict: Verdict = "wrong" if wrong else "works" if _seen_to_work(evidence) else "unknown"
    unknowns = tuple(_unknowns(evidence))
    return Diagnosis(
        evidence.caller,
        evidence.called,
        verdict,
        tuple(layers(evidence)),
        found,
        unknowns,
        tuple(_next(evidence, found, unknowns)),
        evidence.wire is None or bool(evidence.seen_at) or evidence.wire.verdict in ("not probed", "asleep"),
        evidence.probed_as if _seen_to_work(evidence) else "",
    )


def ranked(evidence: Evidence, causes: Iterable[Cause]) -> tuple[Cause, ...]:
    """The causes, the likeliest first; of one key about one place only the weightiest."""
    failed = evidence.failed
    broken = LAYERS.index(calls.layer_of(failed.name)) if failed is not None else len(LAYERS)
    weighed = [
        replace(cause, score=max(cause.score - BEHIND, 1)) if LAYERS.index(cause.layer) > broken else cause
        for cause in causes
    ]
    ordered = sorted(weighed, key=lambda cause: (-cause.score, cause.key, cause.sentence))
    kept: dict[tuple[str, str], Cause] = {}
    for cause in ordered:
        kept.setdefault((cause.key, cause.sentence), cause)
    return tuple(kept.values())


def _seen_to_work(evidence: Evidence) -> bool:
    return evidence.wire is not None and evidence.wire.verdict == "healthy" and not evidence.seen_at


# --- what is not known --------------------------------------------------------------------------------------------


def _unknowns(evidence: Evidence) -> Iterator[Unknown]:
    if not evidence.heard and evidence.caller.title != evidence.probed_as:
        yield Unknown(
            "what the caller itself sends",
            "and press Verify at the device; or read the log of whom it calls (--log FILE)",
            "listen",
        )
    for table in evidence.tables:
        if table.fault:
            yield Unknown(f"what {table.system} holds: {table.fault}")
    if evidence.recorded:
        yield Unknown(f"what was last applied: {evidence.recorded}")
    yield from _unseen_on_the_wire(evidence)
    if evidence.impersonated is not None and not _seen_to_work(evidence):
        yield Unknown("whether the caller is let in from its own address")


def _unseen_on_the_wire(evidence: Evidence) -> Iterator[Unknown]:
    called = evidence.called.title
    if evidence.seen_at:
        yield Unknown(f"whether {called} answers now ({evidence.unsent})")
    elif evidence.wire is None or evidence.wire.verdict == "not probed":
        reason = evidence.unsent or (evidence.wire.reason if evidence.wire else "")
        words = reason.removeprefix("not called: ") or "nothing was sent"
        yield Unknown(f"whether {called} answers ({words})")
    elif evidence.wire.verdict == "unknown":
        yield Unknown(f"whether {called} works ({evidence.wire.reason})")
    elif evidence.wire.verdict == "healthy" and evidence.wire.level in ("tcp", "echo"):
        yield Unknown(f"which services {called} takes: it may be probed by {evidence.wire.level} alone")


# --- what to type next --------------------------------------------------------------------------------------------


_AFTERWARDS: dict[str, str] = {"inventory": "plan", "caller": "listen"}
"""What follows a change by hand: a correction is to be applied, a device to be heard again."""


def _next(evidence: Evidence, causes: Iterable[Cause], unknowns: tuple[Unknown, ...]) -> Iterator[str]:
    """Commands, the most useful first; where it depends on the caller, first the one that finds that out."""
    wrong = [cause for cause in causes if cause.wrong]
    remarks = [cause for cause in causes if cause.remark]
    found: list[str] = []
    for cause in wrong[:1]:
        open_question = not cause.direction and any(way.when.startswith("it sends") for way in cause.ways)
        if open_question:
            found.append("listen")
        else:
            found += [way.command for way in cause.ways if way.command]
        if not found and cause.direction in _AFTERWARDS:
            found.append(_AFTERWARDS[cause.direction])
    if not found and wrong and evidence.called.declared:
        found.append(f"probe {evidence.called.device}")
    if not wrong:
        found += [way.command for cause in remarks for way in cause.ways if way.command]
        found += [unknown.command for unknown in unknowns if unknown.command]
    yield from dict.fromkeys(found)
