"""What came of asking whether one application entity would reach another: plain values, each with its reasons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from pacsconf.core.finding import Finding, Path
from pacsconf.inventory.flows import Entity

Outcome = Literal["works", "partly", "fails", "idle", "unknown"]
"""`idle`: declared for a group of callers, of which this one never asks for it. `unknown`: what one side does is
not declared at all, as of most that is adopted."""
End = Literal["caller", "called"]
Fit = Literal[
    "works", "lossy", "may-be-lossy", "unknown", "no-syntax", "not-offered", "not-declared", "no-way-back"
]
"""How a SOP class fares. The first three work; `lossy`: every transfer syntax in common loses something."""
WORKING: frozenset[Fit] = frozenset({"works", "lossy", "may-be-lossy"})
Side = tuple[Path, str]
"""A path into the inventory, and a few words about what stands there."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that keeps a pair from working, or is to be known of it.

    `said`, `why` and `fix` name the two by `{caller}` and `{called}`, and `uids` by `{classes}`, so that one reason
    serves for all pairs of a kind. `breaks`: what it is about does not work. `told`: it is half declared, so that
    `validate` tells of it. No `service`: it is about all of them. `sides` are the first pair's.
    """

    rule: str
    cause: str
    said: str
    why: str = ""
    fix: str = ""
    breaks: bool = False
    told: bool = False
    service: str = ""
    uids: tuple[str, ...] = ()
    sides: tuple[Side, ...] = ()


@dataclass(frozen=True, slots=True)
class ClassReach:
    """One SOP class that the caller may ask for; `common` are the transfer syntaxes of both, in its order."""

    uid: str
    fit: Fit
    common: tuple[str, ...] = ()

    @property
    def works(self) -> bool:
        """Whether an object, or a request, of this class would get through."""
        return self.fit in WORKING


@dataclass(frozen=True, slots=True)
class ServiceReach:
    """One service; `flow` is the one that declares it, empty where none does."""

    name: str
    flow: str
    outcome: Outcome
    classes: tuple[ClassReach, ...] = ()
    reports: bool = False
    """Whether it is the answer of storage commitment, sent on a connection of its own (N-EVENT-REPORT)."""
    untold: End | None = None
    """Whose part is not declared, so that it is not known."""


@dataclass(frozen=True, slots=True)
class WayBack:
    """What must come back on a connection that the called one opens; `flow` is empty where none declares it."""

    kind: Literal["storage-commitment", "retrieve"]
    service: str
    flow: str
    works: bool


@dataclass(frozen=True, slots=True)
class Nearest:
    """The flow that comes nearest to connecting a pair, and what keeps it from it."""

    flow: str
    misses: tuple[str, ...]
    path: Path


@dataclass(frozen=True, slots=True)
class Reach:
    """Whether `caller` would reach `called`, by what is declared.

    `flows` connect the two; where none does, `nearest` nearly does. `host` and `port` are where the caller finds
    the called one; `tls` says whether that connection is encrypted. `via` are routers that would pass images on.
    """

    caller: Entity
    called: Entity
    flows: tuple[str, ...]
    services: tuple[ServiceReach, ...]
    reasons: tuple[Reason, ...]
    back: tuple[WayBack, ...] = ()
    nearest: Nearest | None = None
    host: str | None = None
    port: int | None = None
    tls: bool = False
    via: tuple[Entity, ...] = ()

    @property
    def outcome(self) -> Outcome:
        """All services that the caller asks for work, some, or none; `idle`: it asks for none of them."""
        found = {service.outcome for service in self.services}
        asked = found - {"idle"}
        if not asked:
            return "idle" if found and not any(reason.breaks for reason in self.reasons) else "fails"
        known = asked - {"unknown"}
        if known != asked and known in (set(), {"works"}, {"fails"}):
            return "unknown"
        return asked.pop() if len(asked) == 1 else "partly"

    @property
    def works(self) -> bool:
        """Whether everything that is asked for would work."""
        return self.outcome == "works"

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The reasons as findings, each at the first place that it is about."""
        return tuple(finding(reason, self.caller, self.called) for reason in self.reasons)


def finding(reason: Reason, caller: Entity, called: Entity) -> Finding:
    """A reason about one pair."""
    names = names_of(reason, caller, called)
    return Finding(
        reason.rule,
        "warning" if reason.breaks or reason.told else "info",
        reason.said.format_map(names),
        reason.why.format_map(names),
        reason.fix.format_map(names),
        path=reason.sides[0][0] if reason.sides else (),
    )


def names_of(reason: Reason, caller: Entity, called: Entity) -> Mapping[str, str]:
    """What the placeholders of a reason stand for."""
    from pacsconf.inventory.uids import label

    ends = titles(caller, called)
    return {
        "caller": ends[0],
        "called": ends[1],
        "classes": some([label(uid) for uid in reason.uids]),
    }


def titles(caller: Entity, called: Entity) -> tuple[str, str]:
    """What the two are called; with their devices where one title is held by both."""
    if caller[1].title != called[1].title:
        return caller[1].title, called[1].title
    return "/".join(key_of(caller)), "/".join(key_of(called))


def some(names: list[str], most: int = 4) -> str:
    """The first few names, and how many more there are."""
    if len(names) <= most + 1:
        *others, last = names or [""]
        return f"{', '.join(others)} and {last}" if others else last
    return f"{', '.join(names[:most])} and {len(names) - most} more"


def at(entity: Entity) -> Path:
    """The path of an application entity."""
    return ("devices", entity[0].name, "ae_titles", entity[1].title)


def key_of(entity: Entity) -> tuple[str, str]:
    """What an application entity is told apart by: device and title."""
    return entity[0].name, entity[1].title


def escaped(text: str) -> str:
    """Text of an inventory, where it stands beside placeholders."""
    return text.replace("{", "{{").replace("}", "}}")
