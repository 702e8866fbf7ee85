"""What changed on the wire between two runs of `probe`: before and after an upgrade or a new firewall. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from pacsconf.dicom.observation import Observation
from pacsconf.dicom.probe.run import (
    Key,
    Latency,
    ProbeRun,
    Sighting,
    key_of,
    latency,
    passed,
    subject_of,
)

What = Literal[
    "verdict", "contexts lost", "contexts gained", "software", "tls", "doors", "hl7", "latency", "target"
]

SLOWER = 2.0
"""An echo counts as slower or faster from this factor on,"""
_NOISE = 20.0
"""and from so many milliseconds on: below, a busy machine explains it."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as it was. `items` are its members: UIDs as `SOP class, transfer syntax`.

    `worse` is None where that cannot be told.
    """

    subject: str
    what: What
    text: str
    items: tuple[tuple[str, str], ...] = ()
    worse: bool | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two runs, what differs, and the echoes of those targets that answered in both."""

    before: ProbeRun
    after: ProbeRun
    differences: tuple[Difference, ...]
    compared: int
    """How many targets were looked at in both."""
    echo_before: Latency | None
    echo_after: Latency | None


def compare(before: ProbeRun, after: ProbeRun) -> Comparison:
    """What differs, target by target. What was not probed in one of the runs is compared with nothing."""
    former, later = _looked_at(before), _looked_at(after)
    both = sorted(former.keys() & later.keys())
    return Comparison(
        before,
        after,
        (*_of_both(former, later), *_on_one_side(before, after)),
        len(both),
        latency((former[key] for key in both if _echoes(former[key], later[key])), "echo"),
        latency((later[key] for key in both if _echoes(former[key], later[key])), "echo"),
    )


def _looked_at(run: ProbeRun) -> dict[Key, Observation]:
    return {key_of(one.target): one for one in run.observations if one.verdict != "not probed"}


def _echoes(before: Observation, after: Observation) -> bool:
    return passed(before, "echo") is not None and passed(after, "echo") is not None


def _of_both(former: Mapping[Key, Observation], later: Mapping[Key, Observation]) -> Iterator[Difference]:
    for key in sorted(former.keys() & later.keys()):
        before, after = former[key], later[key]
        for found in (_verdict, _contexts, _software, _tls, _doors, _hl7, _latency):
            yield from found(before, after)


def _on_one_side(before: ProbeRun, after: ProbeRun) -> Iterator[Difference]:
    """Targets that one of the runs does not name at all; what was not probed where it is named is none."""
    former: dict[Key, Sighting] = {one.key: one for one in before.sightings}
    later: dict[Key, Sighting] = {one.key: one for one in after.sightings}
    sides = (("later", later, former), ("former", former, later))
    for which, here, there in sides:
        for key in sorted(here.keys() - there.keys()):
            seen = here[key].observation
            if seen.verdict != "not probed":
                yield Difference(
                    subject_of(seen.target), "target", f"only in the {which} run: {seen.verdict}"
                )


def _verdict(before: Observation, after: Observation) -> Iterator[Difference]:
    if before.verdict == after.verdict:
        return
    worse = True if after.verdict == "failing" else False if after.verdict == "healthy" else None
    reason = f": {after.reason}" if after.reason else ""
    yield Difference(
        subject_of(after.target), "verdict", f"{before.verdict} → {after.verdict}{reason}", worse=worse
    )


def _contexts(before: Observation, after: Observation) -> Iterator[Difference]:
    """What is accepted no more, or now; where one of the two negotiated nothing, nothing can be told."""
    if not (before.contexts and after.contexts):
        return
    former, later = _accepted(before), _accepted(after)
    asked_before = {(one.sop_class, one.transfer_syntax) for one in before.contexts}
    asked_after = {(one.sop_class, one.transfer_syntax) for one in after.contexts}
    lost, gained = sorted((former - later) & asked_after), sorted((later - former) & asked_before)
    subject = subject_of(after.target)
    if lost:
        yield Difference(subject, "contexts lost", f"{len(lost)} of {len(former)}", tuple(lost), worse=True)
    if gained:
        yield Difference(subject, "contexts gained", f"{len(gained)}", tuple(gained), worse=False)


def _accepted(seen: Observation) -> set[tuple[str, str]]:
    return {(one.sop_class, one.transfer_syntax) for one in seen.contexts if one.result == 0}


def _fields(
    before: object, after: object, names: Mapping[str, str], subject: str, what: What
) -> Iterator[Difference]:
    for name, label in names.items():
        former, later = getattr(before, name), getattr(after, name)
        if former != later:
            yield Difference(subject, what, f"{label} {_shown(former)} → {_shown(later)}")


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "none"
    return "none" if value in (None, "") else str(value)


def _software(before: Observation, after: Observation) -> Iterator[Difference]:
    names = {
        "implementation_version": "version",
        "implementation_class_uid": "implementation class UID",
        "max_pdu": "longest PDU",
    }
    if before.software and after.software:
        yield from _fields(before.software, after.software, names, subject_of(after.target), "software")


def _tls(before: Observation, after: Observation) -> Iterator[Difference]:
    names = {
        "version": "version",
        "cipher": "cipher",
        "subject": "certificate of",
        "issuer": "issued by",
        "not_after": "valid until",
        "untrusted": "not trusted because",
        "client_certificate": "client certificate demanded",
    }
    if before.encryption and after.encryption:
        yield from _fields(before.encryption, after.encryption, names, subject_of(after.target), "tls")


def _doors(before: Observation, after: Observation) -> Iterator[Difference]:
    if before.doors is None or after.doors is None:
        return
    for name in ("wrong_called", "unknown_calling", "echo", "store", "query"):
        former, later = getattr(before.doors, name), getattr(after.doors, name)
        if former != later:
            worse = True if later == "open" else False if later == "refused" else None
            label = name.replace("_", " ")
            yield Difference(subject_of(after.target), "doors", f"{label} {former} → {later}", worse=worse)


def _hl7(before: Observation, after: Observation) -> Iterator[Difference]:
    """How a message was acknowledged: whatever it is, somebody is there."""
    former, later = before.acknowledged, after.acknowledged
    if former and later and former != later:
        yield Difference(subject_of(after.target), "hl7", f"{former} → {later}")


def _latency(before: Observation, after: Observation) -> Iterator[Difference]:
    former, later = passed(before, "echo"), passed(after, "echo")
    if former is None or later is None:
        return
    if abs(later.milliseconds - former.milliseconds) <= _NOISE:
        return
    low, high = sorted((former.milliseconds, later.milliseconds))
    if high > SLOWER * low:
        text = f"echo {former.milliseconds:.0f} → {later.milliseconds:.0f} ms"
        worse = later.milliseconds > former.milliseconds
        yield Difference(subject_of(after.target), "latency", text, worse=worse)
