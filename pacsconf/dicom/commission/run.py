"""What came of an acceptance run: its steps, what it left behind, who signed. Pure, and JSON both ways."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints
from uuid import UUID

from pacsconf.core.errors import RecordError
from pacsconf.core.spelling import indented

FORMAT_VERSION = 1
_T = TypeVar("_T")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
"""Of a run or a device: they are parts of paths."""

Result = Literal["passed", "failed", "skipped", "not done", "unknown"]
"""`skipped`: it does not apply to this device. `not done`: it could be, and was not. `unknown`: it was tried, and
nothing can be concluded."""

Role = Literal["pacs-admin", "clinical-lead"]
ROLES: tuple[Role, ...] = get_args(Role)
"""Who must sign before a modality goes live."""

How = Literal["auto", "assisted", "manual"]


@dataclass(frozen=True, slots=True)
class Plan:
    """A step as it stands in the list: who takes it, and whether it leaves something behind."""

    name: str
    title: str
    how: How
    stores: bool = False


STEPS: tuple[Plan, ...] = (
    Plan("record", "Declared without a mistake, and both sides fit", "auto"),
    Plan("name", "Names lead to addresses", "auto"),
    Plan("tcp", "Ports answer", "auto"),
    Plan("tls", "Encryption is as declared", "auto"),
    Plan("echo-modality", "The modality answers a C-ECHO", "auto"),
    Plan("echo-archive", "Those that it calls answer a C-ECHO", "auto"),
    Plan("echo-back", "The modality reaches the archive itself", "assisted"),
    Plan("strangers", "Strangers are turned away", "auto"),
    Plan("contexts", "What it will send is accepted", "auto"),
    Plan("worklist", "The worklist gives its orders, and no others", "auto"),
    Plan("store", "Test objects are stored", "auto", stores=True),
    Plan("commitment", "The archive commits itself to keep them", "auto", stores=True),
    Plan("mpps", "Procedure steps are begun, completed, and given up", "auto", stores=True),
    Plan("query", "The stored study is found", "auto"),
    Plan("retrieve", "Objects come back as they were sent", "auto"),
    Plan("clock", "Its clock is right", "assisted"),
    Plan("phantom", "A phantom image, sent from the console, is complete", "manual"),
    Plan("failure", "It sends again after the archive was away", "manual"),
    Plan("viewer", "Images are shown, hung and measured rightly; the dose report arrives", "manual"),
    Plan("security", "Default passwords, remote access, patches, log-off are in order", "manual"),
)
"""In order."""

BY_NAME: Mapping[str, Plan] = {step.name: step for step in STEPS}


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that a step looked at: an object, a peer, a finding. `look`: it passed, and somebody is to look."""

    what: str
    result: Result
    text: str = ""
    look: bool = False


@dataclass(frozen=True, slots=True)
class Ticked:
    """One step, and what came of it. `by` is who took or accepted it, where that was a person; `at` ISO 8601.

    `accepted` says why a step that did not pass is accepted all the same, and by whom.
    """

    name: str
    result: Result
    text: str
    milliseconds: float = 0.0
    items: tuple[Item, ...] = ()
    at: str = ""
    by: str = ""
    accepted: str = ""

    @property
    def settled(self) -> bool:
        """Whether nothing of it stands in the way of signing."""
        return bool(self.accepted) or self.result in ("passed", "skipped")


@dataclass(frozen=True, slots=True)
class Stored:
    """A test object, or a procedure step, that was sent to a peer, whatever the answer was.

    `taken`: it answered that it has it. A procedure step has no series.
    """

    peer: str
    sop_class: str
    transfer_syntax: str
    instance_uid: str
    series_uid: str
    study_uid: str
    taken: bool


@dataclass(frozen=True, slots=True)
class Signature:
    """`by` is `name <mail>`, `at` ISO 8601."""

    role: Role
    by: str
    at: str
    reason: str


@dataclass(frozen=True, slots=True)
class AcceptanceRun:
    """One acceptance run. `root` is the UUID that the UIDs of its objects follow from; `began` is ISO 8601 in UTC.

    `facts` are what the inventory says of the device, `software` what peers call themselves, by peer. `calling` are
    the titles that were called under; `impersonated` says that one of them is the modality's own.
    """

    id: str
    device: str
    title: str
    environment: str
    root: str
    began: str
    operator: str = ""
    pacsconf: str = ""
    commit: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
    software: Mapping[str, str] = field(default_factory=dict)
    calling: tuple[str, ...] = ()
    impersonated: bool = False
    steps: tuple[Ticked, ...] = ()
    stored: tuple[Stored, ...] = ()
    signatures: tuple[Signature, ...] = ()

    def step(self, name: str) -> Ticked:
        """What came of a step; one that was not taken yet is not done."""
        return next((one for one in self.steps if one.name == name), Ticked(name, "not done", ""))

    @property
    def all(self) -> tuple[Ticked, ...]:
        """Every step of the list, in order."""
        return tuple(self.step(plan.name) for plan in STEPS)

    @property
    def open(self) -> tuple[Ticked, ...]:
        """What stands in the way of signing."""
        return tuple(one for one in self.all if not one.settled)

    @property
    def missing(self) -> tuple[Role, ...]:
        """Who has not signed yet."""
        signed = {one.role for one in self.signatures}
        return tuple(role for role in ROLES if role not in signed)

    @property
    def path(self) -> str:
        """Where it is kept below `evidence/` of the record."""
        return f"commissioning/{self.device}/{self.id}.json"

    def ticking(self, step: Ticked) -> AcceptanceRun:
        """With this step, in place of what was said of it before."""
        kept = {one.name: one for one in self.steps} | {step.name: step}
        return replace(self, steps=tuple(kept[plan.name] for plan in STEPS if plan.name in kept))

    def keeping(self, stored: Iterable[Stored]) -> AcceptanceRun:
        """With these objects, those that were sent again in the place where they were."""
        kept = {(one.peer, one.instance_uid): one for one in self.stored}
        for one in stored:
            before = kept.get((one.peer, one.instance_uid))
            kept[one.peer, one.instance_uid] = replace(one, taken=one.taken or bool(before and before.taken))
        return replace(self, stored=tuple(kept.values()))


def to_json(run: AcceptanceRun) -> str:
    """The run as text: equal runs are equal texts."""
    return indented({"format_version": FORMAT_VERSION, **asdict(run)}, by=1, sort_keys=True)


def from_json(data: bytes, where: str) -> AcceptanceRun:
    """The inverse of `to_json`; `where` is said where it cannot be read. People edit files: nothing is trusted.

    Raises: RecordError.
    """
    try:
        body = _object(json.loads(data))
        if body.pop("format_version") != FORMAT_VERSION:
            raise RecordError(f"{where} was written by another version of pacsconf", fix="Use that version.")
        return _run(body)
    except (ValueError, KeyError, TypeError, RecursionError) as exc:
        said = f"{exc.args[0]} is missing" if isinstance(exc, KeyError) else str(exc)
        raise RecordError(
            f"{where} cannot be understood: {said}",
            fix="Was it edited by hand? Put that back: it lists the test objects that were left behind.",
        ) from exc


def _run(body: dict[str, Any]) -> AcceptanceRun:
    lists: dict[str, Any] = {
        "steps": tuple(_ticked(_object(one)) for one in body.pop("steps")),
        "stored": tuple(_made(Stored, _object(one)) for one in body.pop("stored")),
        "signatures": tuple(_made(Signature, _object(one)) for one in body.pop("signatures")),
    }
    run = _made(AcceptanceRun, body, **lists)
    UUID(run.root)
    if not (_NAME.fullmatch(run.id) and _NAME.fullmatch(run.device)):
        raise ValueError("its id, or its device, cannot be one")
    if len({one.name for one in run.steps}) < len(run.steps):
        raise ValueError("it has a step twice")
    return run


def _ticked(body: dict[str, Any]) -> Ticked:
    step = _made(Ticked, body, items=tuple(_made(Item, _object(one)) for one in body.pop("items")))
    if step.name not in BY_NAME:
        raise ValueError(f'"{step.name}" is no step')
    return step


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("an object should be where something else is")
    return value


def _made(kind: type[_T], body: dict[str, Any], **lists: Any) -> _T:
    """One of `kind`, each member of which is what it is declared as."""
    kinds = get_type_hints(kind)
    for name, value in body.items():
        if name not in kinds or not _fits(kinds[name], value):
            raise ValueError(f'"{name}" is unknown, or cannot be {json.dumps(value)[:40]}')
        if name in _MOMENTS and value:
            datetime.fromisoformat(value)
    if "calling" in body:
        lists["calling"] = tuple(body.pop("calling"))
    return kind(**body, **lists)


def _fits(kind: Any, value: Any) -> bool:
    if kind is float:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    if kind in (str, bool):
        return isinstance(value, kind)
    if get_origin(kind) is Literal:
        return value in get_args(kind)
    several = value.values() if isinstance(value, dict) else value
    return isinstance(value, _HOLD[get_origin(kind)]) and all(isinstance(one, str) for one in several)


_HOLD: Mapping[Any, type] = {Mapping: dict, tuple: list}
"""What JSON has for them; all of ours hold texts."""
_MOMENTS = ("at", "began")


def summed(items: Iterable[Item]) -> Result:
    """What several come to: the worst, `skipped` only if all are."""
    found = {item.result for item in items}
    order: tuple[Result, ...] = ("failed", "unknown", "not done", "passed")
    return next((result for result in order if result in found), "skipped")
