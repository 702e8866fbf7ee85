"""What of a console's waiting changes can be seen from outside: the device's own title and address, by one echo.

What a console knows about others shows to nobody but itself. A new title at the same address is believed only where
the former one is answered no more: many scanners answer to any.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from pacsconf.cli import workspace
from pacsconf.cli.wire import targets_of, wire_of
from pacsconf.core.address import Address
from pacsconf.core.change import Change
from pacsconf.core.resource import Fields
from pacsconf.dicom.probe.observer import probe
from pacsconf.dicom.targets import Target
from pacsconf.inventory import formats

_SHOWN = frozenset({"ae_title", "host", "port"})
"""What an echo shows of a device."""


@dataclass(frozen=True, slots=True)
class Seen:
    """Whether a change is seen to stand, and how, or why that cannot be told."""

    address: Address
    stands: bool
    words: str


def look(work: workspace.Workspace, changes: Sequence[Change]) -> Iterator[Seen]:
    """What is seen of each change, as gently as the devices' `probe` levels say, through `dial`."""
    for change in changes:
        hindrance = _why_unseen(change)
        target = None if hindrance else _target(work, change)
        if hindrance or target is None:
            yield Seen(change.address, stands=False, words=hindrance or _NO_TARGET)
        else:
            stands, words = _tried(work, change, target)
            yield Seen(change.address, stands, words)


_NO_TARGET = "it is not called: its life cycle, or where it is installed, says so"


def _why_unseen(change: Change) -> str:
    """Why no probe could tell, whatever the device answers; empty where one may."""
    if change.address.kind != "network-ae":
        return "what a console knows about others, no probe can see"
    if change.after is None:
        return "that something is gone, no probe can see"
    hidden = sorted({field.name for field in change.fields} - _SHOWN)
    if hidden:
        return f"no probe can see {', '.join(hidden)}"
    return "" if "port" in change.after.fields else "it only calls, so nobody can call it"


def _target(work: workspace.Workspace, change: Change) -> Target | None:
    """The declared target that this row is, if it may be called."""
    assert change.after is not None, "what is gone is no target"
    row: Fields = change.after.fields
    declared = f"{row.get('host')}:{row.get('port')}"
    found = targets_of(work, {change.address.parts[0]})
    named = (one for one in found if one.title == row.get("ae_title") and one.node is None)
    return next((one for one in named if one.declared == declared), None)


def _tried(work: workspace.Workspace, change: Change, target: Target) -> tuple[bool, str]:
    if target.level == "none":
        return False, f"not called: {target.why}"
    if target.level == "tcp":
        why = target.why or "probe: tcp"
        return False, f"only a connection may be tried there ({why}), and that shows no title"
    wire, target = wire_of(work), replace(target, level="echo")
    answer = probe(target, wire)
    at = f"{target.title} at {target.declared}"
    if answer.verdict != "healthy":
        return False, f"{at}: {answer.reason or answer.verdict}"
    former = _former_title(change)
    if former and probe(replace(target, title=former), wire).verdict == "healthy":
        return (
            False,
            f"{target.declared} answers to {target.title}, and to {former} as well: it does not tell them apart",
        )
    return True, f"{at} answers"


def _former_title(change: Change) -> str:
    """The title that the device gives up by a change that leaves its address as it is."""
    written = {field.name: field.before for field in change.fields}
    try:
        return formats.ae_title(str(written["ae_title"])) if written.keys() == {"ae_title"} else ""
    except ValueError:  # no title at all: nobody can have answered to it
        return ""
