"""What a screen shows beside the plan itself, handed in by whoever knows it."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pacsconf.core.address import Address
from pacsconf.core.approval import PlanApproval
from pacsconf.core.change import Change
from pacsconf.core.plan import Options, Plan
from pacsconf.report.lines import columns
from pacsconf.report.wire_news import WireNews

DIGITS = 8
"""Digits of a digest that are shown; commands take any beginning of it that is at least as long."""


@dataclass(frozen=True, slots=True)
class View:
    """How a plan is shown, and what is asked of the caller while doing so.

    `origin(address, field)` says where a declared value comes from (`inventory/ct.yaml:31`), the resource itself
    with field ""; `link(origin)` the web address of such a place; `setting(name)` where a guard's limit is set
    (`pacsconf.guards.readdresses`); `uid_name(uid)` what a UID is called. Each gives "" for what it does not know.
    `seconds` are how long each system took to read; `since` is the last apply (`last apply 9d41f07, 2 days ago`);
    `consoles` are the systems of which is known what people attest; `branch` is what is checked out; `plan_file` is
    empty for an unsaved plan; `command` how pacsconf is called here (empty: `pacsconf -e ENV`).
    """

    width: int = 80
    verbose: bool = False
    show_unmanaged: bool = False
    command: str = ""
    branch: str = ""
    plan_file: str = ""
    since: str = ""
    next_step: str = ""
    approvals: tuple[PlanApproval, ...] = ()
    """What the record has for this plan."""
    left: Mapping[Address, Mapping[str, str]] = field(default_factory=dict)
    """Fields that differ and are left to a system's own program, by address, each with why."""
    policies: str = ""
    """What policies say of the plan, in a sentence; empty where there are none."""
    seconds: Mapping[str, float] = field(default_factory=dict)
    consoles: frozenset[str] = frozenset()
    news: WireNews | None = None
    """What the last probes say of the wire."""
    origin: Callable[[Address, str], str] = lambda _address, _field: ""
    asked: Callable[[Address], str] = lambda _address: ""
    """Since when somebody is asked for a change (`since 26 Nov 2026`)."""
    asks: Callable[[Change], str] = lambda _change: ""
    """What others are asked for instead of a change (`for the identity team: make the account jdoe`)."""
    link: Callable[[str], str] = lambda _origin: ""
    setting: Callable[[str], str] = lambda _name: ""
    uid_name: Callable[[str], str] = lambda _uid: ""

    @property
    def columns(self) -> int:
        return columns(self.width)

    def command_for(self, environment: str) -> str:
        """How to call pacsconf for an environment."""
        return self.command or ("pacsconf" if environment == "default" else f"pacsconf -e {environment}")


DEFAULT_VIEW = View()


def short(digest: str) -> str:
    """The beginning of a digest, as it is shown."""
    return digest[:DIGITS]


def typed(options: Options) -> str:
    """What a plan was asked for, as it is typed: making it again needs the same words."""
    given = (("target", options.target), ("exclude", options.exclude), ("repair", options.repair))
    return " ".join(f"--{flag} {shlex.quote(pattern)}" for flag, patterns in given for pattern in patterns)


def approving(plan: Plan, view: View) -> str:
    """The command line by which somebody else approves a plan; the file or the whole digest says which.

    Empty for a look ahead: it is no plan that anybody could apply.
    """
    if plan.options.at:
        return ""
    chosen = shlex.quote(view.plan_file) if view.plan_file else plan.digest
    return f"{view.command_for(plan.environment)} approve {chosen}"


def acknowledgement(plan: Plan, view: View) -> str:
    """The command line that lets every tripped guard of a plan through; empty when none is, or none could."""
    if plan.options.at:
        return ""
    digest = short(plan.digest)
    names = dict.fromkeys(name for guard in plan.guards for name in guard.acks)
    acks = " ".join(f"--ack {shlex.quote(f'{digest}:{name}')}" for name in names)
    way = f"apply {shlex.quote(view.plan_file)}" if view.plan_file else expecting(plan)
    return f'{view.command_for(plan.environment)} {way} {acks} --reason "..."' if acks else ""


def expecting(plan: Plan) -> str:
    """The words by which a plan that was not saved is carried out, if it has this digest still."""
    if plan.options.due:
        return "apply --due"
    if plan.options.leaver:
        return f"offboard {shlex.quote(plan.options.leaver[0])} --now"
    verb = " ".join(("rollback", *plan.options.rollback)) if plan.options.rollback else "apply"
    return f"{verb} --expect {short(plan.digest)} {typed(plan.options)}".rstrip()
