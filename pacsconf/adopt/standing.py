"""What no inventory can hold of a draft is left out, at the smallest element that can be: the rest stands.

What is left out is not declared, so it is never touched; a remark says what it was. This looks at one device after
the other; faults of the whole can be accepted, and are left to `settle`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import replace
from typing import Any

from pacsconf.adopt.draft import Draft, Plain, Remark
from pacsconf.core.address import Address
from pacsconf.core.finding import Finding, Path, errors
from pacsconf.inventory import formats
from pacsconf.inventory.declaration import DeviceDeclaration
from pacsconf.inventory.expand import Expansion
from pacsconf.inventory.validation import checked


def standing(draft: Draft) -> Draft:
    """The draft without what does not stand, and a remark on each thing that was left out."""
    devices: dict[str, Plain] = {}
    remarks: list[Remark] = []
    for name, plain in draft.devices.items():
        trial = _Trial(name, plain, draft.origin)
        if trial.stands():
            devices[name] = trial.plain
        remarks += trial.remarks
    return replace(draft, devices=devices, remarks=draft.remarks + tuple(remarks))


class _Trial:
    """One device, tried until it stands or nothing of it is left."""

    def __init__(self, name: str, plain: Plain, origin: Mapping[str, Address]) -> None:
        self.name = name
        self.plain: dict[str, Any] = dict(plain)
        self.origin = origin
        self.remarks: list[Remark] = []
        self.copied = False

    def stands(self) -> bool:
        """Whether something of the device can be declared; each round leaves out one thing at least."""
        try:
            formats.name(self.name)
        except ValueError as exc:
            self.remarks.append(self.remark(f'A device is called "{self.name}": {exc}', ()))
            return False
        while found := self.wrong():
            before = _size(self.plain)
            if not all(self.leave_out(finding) for finding in _deepest_first(found)):
                return False
            assert _size(self.plain) < before, "what is wrong was left out"
        return True

    def wrong(self) -> tuple[Finding, ...]:
        """What does not stand: values first, then what they come to together."""
        declared, findings = checked(DeviceDeclaration, self.plain, ())
        if declared is None:
            return findings
        expansion = Expansion(self.name, declared, None)
        expansion.device()
        return tuple(replace(finding, path=finding.path[2:]) for finding in errors(expansion.findings))

    def leave_out(self, finding: Finding) -> bool:
        """Take out what a finding is about; False when that is the device itself."""
        if not self.copied:
            self.plain, self.copied = deepcopy(self.plain), True
        if finding.rule == "PACS-REF-003":
            self.mend(finding.path)
            return True
        path = _element(finding.path)
        if not path:
            self.remarks.append(self.remark(finding.summary, ()))
            return False
        if _removed(self.plain, path):
            self.remarks.append(self.remark(finding.summary, path))
        return True

    def mend(self, path: Path) -> None:
        """Leave an AE those of its connections that are there; without one it has all of its device."""
        ae, known = self.plain["ae_titles"][path[1]], self.plain.get("connections", {})
        left = [name for name in ae.get("connections", ()) if name in known]
        ae.pop("connections", None)
        if left:
            ae["connections"] = left

    def remark(self, summary: str, path: Path) -> Remark:
        """What is said of something left out; `path` begins in the device."""
        whole = path[:1] == ("ae_titles",) and len(path) > 1
        title = f"{self.name}/{path[1]}" if whole else self.name
        what = _what(path)
        named = summary if self.name in summary else f"{self.name}: {summary}"
        return Remark(
            f"{named}; {what} is left unmanaged",
            f"It stays live as it is. Correct it there, then declare {what} by hand.",
            self.origin.get(title, self.origin.get(self.name)),
        )


def _what(path: Path) -> str:
    names = {"connections": "the connection", "ae_titles": "the AE title"}
    if not path:
        return "the device"
    if "transfer_capabilities" in path:
        return "the capability"
    if path[0] in names and len(path) == 2:
        return f"{names[str(path[0])]} {path[1]}"
    return f"its {next(step for step in reversed(path) if isinstance(step, str))}"


def _element(path: Path) -> Path:
    """The smallest element that can go without another meaning of the rest."""
    if "transfer_capabilities" in path:
        return path[: path.index("transfer_capabilities") + 2]
    if path[:1] == ("connections",) and path[2:] == ("host",):
        return path[:2]
    if path in (("type",), ("connections",), ("ae_titles",)):
        return ()
    return path


def _removed(value: Any, path: Path) -> bool:
    """Take out what a path leads to; whether it was there (two findings may be about one thing)."""
    for step in path[:-1]:
        if not _leads(value, step):
            return False
        value = value[step]
    there = _leads(value, path[-1])
    if there:
        del value[path[-1]]
    return there


def _leads(value: Any, step: int | str) -> bool:
    within = isinstance(value, list) and isinstance(step, int) and step < len(value)
    return within or (isinstance(value, dict) and step in value)


def _deepest_first(findings: tuple[Finding, ...]) -> Iterator[Finding]:
    """From the ends of lists, so that earlier positions stay what they are."""
    yield from sorted(findings, key=lambda one: [str(step).zfill(9) for step in one.path], reverse=True)


def _size(value: Any) -> int:
    """How many values there are: it shrinks by each that is left out."""
    if isinstance(value, Mapping):
        return 1 + sum(map(_size, value.values()))
    return 1 + sum(map(_size, value)) if isinstance(value, list) else 1
