"""Causes in the inventory alone: no flow, a life cycle that keeps apart, what `reach` finds, a kept title."""

from __future__ import annotations

from collections.abc import Iterator

from pacsconf.dicom.diagnose.cause import AGREES, DECLARED, POSSIBLE, Cause, Proof, Way
from pacsconf.dicom.diagnose.evidence import End, Evidence

_CYCLES = {
    "planned": "is only planned: its title is reserved, and nothing else of it is made",
    "commissioning": "is being commissioned: flows name it only where they say so",
    "retired": "is retired: it is taken out of the directory and of all peer tables",
}


def causes(evidence: Evidence) -> Iterator[Cause]:
    """What stands in the inventory against it."""
    ends = {end.title: end for end in (evidence.caller, evidence.called)}.values()
    for end in ends:
        yield from _cycle(end)
        yield from _reserved(end)
    yield from _roles(evidence)
    yield from _flows(evidence)
    for obstacle in evidence.obstacles:
        yield Cause(
            obstacle.rule.lower() or "reach",
            "declared",
            DECLARED - AGREES // 2 if obstacle.breaks else POSSIBLE + AGREES // 2,
            obstacle.text,
            (Proof("inventory says", "", obstacle.place),) if obstacle.place else (),
            (),
            (Way(obstacle.fix),) if obstacle.fix else (),
            place=obstacle.place,
        )


def _cycle(end: End) -> Iterator[Cause]:
    if end.lifecycle in _CYCLES:
        yield Cause(
            f"lifecycle-{end.lifecycle}",
            "declared",
            DECLARED + AGREES,
            f"{end.title} of {end.device} {_CYCLES[end.lifecycle]}.",
            (Proof("inventory says", f"lifecycle: {end.lifecycle}", end.place),),
            (),
            (Way("set its lifecycle to active", "it is in use"),),
            place=end.place,
        )
    elif not end.installed and end.declared:
        yield Cause(
            "not-installed",
            "declared",
            DECLARED,
            f"{end.title} of {end.device} is declared as not installed.",
            (Proof("inventory says", "installed: false", end.place),),
            (),
            (Way("take installed: false away", "it is in use"),),
            place=end.place,
        )


def _reserved(end: End) -> Iterator[Cause]:
    if end.reserved and not end.declared:
        yield Cause(
            "title-quarantined",
            "declared",
            DECLARED + AGREES,
            f"The title {end.title} was that of a device that is gone; kept from others until {end.reserved}.",
            (Proof("the record says", f"reserved until {end.reserved}"),),
            (),
            (Way("give the device a title of its own, or declare that it replaces the former one"),),
        )


def _roles(evidence: Evidence) -> Iterator[Cause]:
    for end, able, words in (
        (evidence.caller, evidence.caller.initiator, "never calls"),
        (evidence.called, evidence.called.acceptor, "takes no calls"),
    ):
        if end.declared and not able:
            yield Cause(
                "role",
                "declared",
                DECLARED,
                f"{end.title} of {end.device} {words}, as it is declared.",
                (Proof("inventory says", words, end.place),),
                (),
                (Way("correct its roles", "it does"),),
                place=end.place,
            )


def _flows(evidence: Evidence) -> Iterator[Cause]:
    caller, called = evidence.caller, evidence.called
    if not (caller.declared and called.declared) or caller.title == evidence.probed_as:
        return
    place = evidence.flows[0].place if evidence.flows else ""
    if not evidence.flows:
        details: tuple[str, ...] = ()
        if evidence.reverse:
            names = ", ".join(flow.name for flow in evidence.reverse)
            details = (f"There is one in the other direction: {names}.",)
        yield Cause(
            "flow-missing",
            "declared",
            DECLARED + AGREES // 2,
            f"No flow of the inventory lets {caller.title} call {called.title}.",
            (Proof("inventory says", "no flow from the one to the other", "flows"),),
            details,
            (Way("declare a flow; peer tables, rights and firewalls follow from it"),),
        )
    elif evidence.asked and evidence.asked not in evidence.services:
        yield Cause(
            "service-missing",
            "declared",
            DECLARED + AGREES // 2,
            f"Flows let {caller.title} call {called.title}, and not for {evidence.asked}.",
            tuple(Proof("inventory says", ", ".join(flow.services), flow.place) for flow in evidence.flows),
            (),
            (Way(f"add {evidence.asked} to services of {place}" if place else f"add {evidence.asked}"),),
            place=place,
        )


def possible(evidence: Evidence) -> Iterator[Cause]:
    """What cannot be seen from here, and stops callers nevertheless."""
    seen = evidence.wire is not None and evidence.wire.verdict == "healthy"
    if seen and evidence.caller.declared and evidence.caller.title != evidence.probed_as:
        yield Cause(
            "between-them",
            "tcp",
            POSSIBLE,
            f"A firewall between {evidence.caller.title} and {evidence.called.title}, which this machine is not "
            "behind.",
            (),
            (),
            (Way(f"try from the device itself: Verify, to {evidence.called.at}"),),
        )
