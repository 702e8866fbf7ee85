"""A plan: ordered changes, what they stand on, the guards, and what was seen on the way. Data, saved as JSON.

The digest covers what the plan would do and what it relies on: environment, changes, the live and last values of
their closure, tripped guards and the format version. Content hashes, the record head, the commit and the date are
carried and shown, not digested, so that a squash merge, midnight or an unrelated record commit does not make a
plan stale.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from pacsconf.core.address import Address
from pacsconf.core.approval import ApprovalRule, Approvals, approvals_from_json, approvals_to_json
from pacsconf.core.change import Change, change_from_json, change_to_json, state_from_json, state_to_json
from pacsconf.core.compare import Difference, FieldDifference, FieldVerdict, Verdict
from pacsconf.core.errors import PlanError
from pacsconf.core.guard import Guard, tripped
from pacsconf.core.resource import Risk, State, one_of, value_from_json, value_to_json
from pacsconf.core.spelling import Spelt, canonical, indented

FORMAT_VERSION = 1


@dataclass(frozen=True, slots=True)
class Options:
    """What the operator asked for; a saved plan is computed again under the same options."""

    repair: tuple[str, ...] = ()
    target: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    rollback: tuple[str, ...] = ()
    """The change set that is to be taken back; at most one."""
    at: tuple[str, ...] = ()
    """The day to come (ISO) that is looked ahead to; at most one. Such a plan is read, and never applied."""
    due: tuple[str, ...] = ()
    """The day (ISO) of a run that takes away only what has ended by then; at most one."""
    leaver: tuple[str, ...] = ()
    """The user from whom alone something is taken away, and that everywhere; at most one."""

    @property
    def only_takes(self) -> bool:
        """Whether nothing is given, nor anything changed otherwise."""
        return bool(self.due or self.leaver)


_LATER = ("rollback", "at", "due", "leaver")
"""Options that the first plans did not know: stated where they were given."""


@dataclass(frozen=True, slots=True)
class Basis:
    """What a plan was made from: shown, compared by eye, not digested.

    Hashes are of content; `commit` is the inventory's (with `-dirty` where files differ from it); `as_of` is an
    ISO date; `record_head` the commit of the record branch, empty where there is none.
    """

    inventory: str
    policies: str
    templates: str
    commit: str
    record_head: str
    as_of: str


@dataclass(frozen=True)
class Plan:
    """What would be done in one environment, and what was found.

    `takes` and `forgets` move the record without writing. `closure` are the live and last states of every address
    the changes stand on. `drifts` are differences somebody else made; `waiting` and `held` are changes left out
    because a person must act, or because they were rolled back. `reserved` are the release dates (ISO) of names
    that linger. Of a plan that takes a change set back, `stays` is what it leaves as it is, and `lost` what does
    not come back with what it makes anew, both with the reason. `counts` are resources read by system; `unmanaged`
    are live and nobody's here.
    """

    environment: str
    basis: Basis
    options: Options = Options()
    changes: tuple[Change, ...] = ()
    closure: Mapping[Address, tuple[State | None, State | None]] = field(default_factory=dict)
    guards: tuple[Guard, ...] = ()
    takes: tuple[State, ...] = ()
    forgets: tuple[Address, ...] = ()
    drifts: tuple[Difference, ...] = ()
    waiting: tuple[Change, ...] = ()
    held: tuple[Change, ...] = ()
    reserved: Mapping[Address, str] = field(default_factory=dict)
    unmanaged: tuple[Address, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    notes: Mapping[Address, str] = field(default_factory=dict)
    blocked: tuple[str, ...] = ()
    """Why this plan can be read but not applied, in words."""
    approvals: Approvals = field(default_factory=Approvals)
    stays: Mapping[Address, str] = field(default_factory=dict)
    lost: Mapping[Address, str] = field(default_factory=dict)

    @cached_property
    def digest(self) -> str:
        """SHA-256 (hex) of what this plan would do and what it relies on."""
        changes = map(change_to_json, self.changes)
        closure = _closure_to_json(self.closure)
        return _digest(self.environment, changes, closure, self.guards, self.approvals)

    @cached_property
    def runs(self) -> tuple[Change, ...]:
        """The changes that apply would carry out: those of systems that may be written."""
        return tuple(change for change in self.changes if change.mode == "write")

    @cached_property
    def purges(self) -> tuple[Change, ...]:
        """The changes that bring the deletion of studies nearer."""
        return tuple(change for change in self.changes if "purges" in change.effects)

    @property
    def asked(self) -> Mapping[Risk, ApprovalRule]:
        """The approvals that applying it needs, by risk class, the highest first.

        What is only taken away needs none: its day was looked at when it was written, or somebody looks at it
        afterwards.
        """
        if self.options.only_takes:
            return {}
        return self.approvals.asked({change.risk for change in self.runs})

    @cached_property
    def spelt(self) -> Spelt:
        """This plan as the file of a change set holds it, for every commit in which that stands."""
        return indented(plan_to_json(self), by=1, depth=1, sort_keys=True)


def _digest(
    environment: str,
    changes: Iterable[dict[str, Any]],
    closure: dict[str, Any],
    guards: Iterable[Guard],
    approvals: Approvals,
) -> str:
    body = {
        "format_version": FORMAT_VERSION,
        "environment": environment,
        "changes": list(map(_digested, changes)),
        "closure": closure,
        "tripped": list(tripped(guards)),
        **({"approvals": approvals_to_json(approvals)} if approvals.changed else {}),
    }
    return hashlib.sha256(canonical(body)).hexdigest()


def _digested(change: dict[str, Any]) -> dict[str, Any]:
    body = change.copy()
    del body["reason"]
    return body


def _closure_to_json(closure: Mapping[Address, tuple[State | None, State | None]]) -> dict[str, Any]:
    return {
        str(address): {"live": state_to_json(live), "last": state_to_json(last)}
        for address, (live, last) in sorted(closure.items())
    }


# --- JSON -----------------------------------------------------------------------------------------------------


def plan_to_json(plan: Plan) -> dict[str, Any]:
    """The plan as JSON, with its digest."""
    return {
        "format_version": FORMAT_VERSION,
        "digest": plan.digest,
        "environment": plan.environment,
        "basis": {name: getattr(plan.basis, name) for name in Basis.__slots__},
        "options": _options_to_json(plan.options),
        "changes": [change_to_json(change) for change in plan.changes],
        "closure": _closure_to_json(plan.closure),
        "guards": [_guard_to_json(guard) for guard in plan.guards],
        "takes": [state_to_json(state) for state in plan.takes],
        "forgets": [str(address) for address in plan.forgets],
        "drifts": [_difference_to_json(difference) for difference in plan.drifts],
        "waiting": [change_to_json(change) for change in plan.waiting],
        "held": [change_to_json(change) for change in plan.held],
        "reserved": {str(address): day for address, day in sorted(plan.reserved.items())},
        "unmanaged": [str(address) for address in plan.unmanaged],
        "counts": dict(sorted(plan.counts.items())),
        "notes": {str(address): text for address, text in sorted(plan.notes.items())},
        "blocked": list(plan.blocked),
        **({"approvals": approvals_to_json(plan.approvals)} if plan.approvals.in_force else {}),
        **_notes_to_json("stays", plan.stays),
        **_notes_to_json("lost", plan.lost),
    }


def _options_to_json(options: Options) -> dict[str, list[str]]:
    given = {name: list(getattr(options, name)) for name in Options.__slots__}
    return {name: each for name, each in given.items() if each or name not in _LATER}


def _notes_to_json(name: str, notes: Mapping[Address, str]) -> dict[str, Any]:
    return {name: {str(address): text for address, text in sorted(notes.items())}} if notes else {}


def _notes_from_json(data: dict[str, Any]) -> dict[Address, str]:
    return {Address.parse(address): str(text) for address, text in data.items()}


NO_PLAN = (KeyError, ValueError, TypeError, AttributeError, OverflowError)
"""What reading a plan from data that is none comes to."""


def beside_changes(data: dict[str, Any]) -> tuple[Plan, str]:
    """All of a plan's JSON but its changes and their closure, and the digest of the JSON as it is spelt.

    That is the plan's digest where it is spelt as by `plan_to_json`.

    Raises: one of `NO_PLAN`.
    """
    beside = _parse({**data, "changes": (), "closure": {}})
    return beside, _digest(
        data["environment"], data["changes"], data["closure"], beside.guards, beside.approvals
    )


def plan_from_json(data: Any) -> Plan:
    """The inverse of `plan_to_json`.

    Raises: PlanError when the data is no plan of this format, or was edited: its digest no longer fits.
    """
    if not isinstance(data, dict) or data.get("format_version") != FORMAT_VERSION:
        raise PlanError(
            f"this is not a plan of format version {FORMAT_VERSION}",
            fix="Make it again: pacsconf plan --out FILE",
        )
    try:
        plan = _parse(data)
        stated = data["digest"]
    except NO_PLAN as exc:
        raise PlanError(f"the plan is damaged: {exc}", fix="Make it again: pacsconf plan --out FILE") from exc
    if stated != plan.digest:
        raise PlanError(
            "the plan was edited after it was made: its contents do not match its digest",
            fix="Change the inventory instead, and make the plan again: pacsconf plan --out FILE",
        )
    return plan


def _parse(data: dict[str, Any]) -> Plan:
    return Plan(
        environment=str(data["environment"]),
        basis=Basis(**{name: str(data["basis"][name]) for name in Basis.__slots__}),
        options=Options(
            **{
                name: tuple(
                    map(str, data["options"].get(name, ()) if name in _LATER else data["options"][name])
                )
                for name in Options.__slots__
            }
        ),
        changes=tuple(map(change_from_json, data["changes"])),
        closure={
            Address.parse(address): (state_from_json(sides["live"]), state_from_json(sides["last"]))
            for address, sides in data["closure"].items()
        },
        guards=tuple(map(_guard_from_json, data["guards"])),
        takes=tuple(_state(item) for item in data["takes"]),
        forgets=tuple(map(Address.parse, data["forgets"])),
        drifts=tuple(map(_difference_from_json, data["drifts"])),
        waiting=tuple(map(change_from_json, data["waiting"])),
        held=tuple(map(change_from_json, data["held"])),
        reserved={Address.parse(address): str(day) for address, day in data["reserved"].items()},
        unmanaged=tuple(map(Address.parse, data["unmanaged"])),
        counts={str(system): int(count) for system, count in data["counts"].items()},
        notes=_notes_from_json(data["notes"]),
        blocked=tuple(map(str, data["blocked"])),
        approvals=approvals_from_json(data.get("approvals")),
        stays=_notes_from_json(data.get("stays", {})),
        lost=_notes_from_json(data.get("lost", {})),
    )


def _state(data: dict[str, Any]) -> State:
    state = state_from_json(data)
    if state is None:
        raise ValueError("a state is missing")
    return state


def _guard_to_json(guard: Guard) -> dict[str, Any]:
    return {
        "id": guard.id,
        "about": guard.about,
        "counted": [str(root) for root in guard.counted],
        "total": guard.total,
        "limit": guard.limit,
        "why": guard.why,
        "setting": guard.setting,
        "notes": list(guard.notes),
        **({"each": True} if guard.each else {}),
        "tripped": guard.tripped,
    }


def _guard_from_json(data: dict[str, Any]) -> Guard:
    return Guard(
        str(data["id"]),
        str(data["about"]),
        tuple(map(Address.parse, data["counted"])),
        int(data["total"]),
        int(data["limit"]),
        str(data["why"]),
        str(data["setting"]),
        tuple(map(str, data["notes"])),
        bool(data.get("each", False)),
    )


def _difference_to_json(difference: Difference) -> dict[str, Any]:
    return {
        "address": str(difference.address),
        "verdict": difference.verdict,
        "declared": state_to_json(difference.declared),
        "live": state_to_json(difference.live),
        "last": state_to_json(difference.last),
        "fields": [
            {
                "name": one.name,
                "verdict": one.verdict,
                **{side: _optional(getattr(one, side)) for side in ("declared", "live", "last")},
            }
            for one in difference.fields
        ],
        **({"purge": difference.purge} if difference.purge else {}),
        **({"remark": difference.remark} if difference.remark else {}),
    }


def _optional(value: Any) -> Any:
    return None if value is None else value_to_json(value)


def _field_from_json(data: dict[str, Any]) -> FieldDifference:
    declared, live, last = (
        None if data[side] is None else value_from_json(data[side]) for side in ("declared", "live", "last")
    )
    return FieldDifference(str(data["name"]), declared, live, last, one_of(FieldVerdict, data["verdict"]))


def _difference_from_json(data: dict[str, Any]) -> Difference:
    fields = tuple(map(_field_from_json, data["fields"]))
    return Difference(
        Address.parse(data["address"]),
        state_from_json(data["declared"]),
        state_from_json(data["live"]),
        state_from_json(data["last"]),
        one_of(Verdict, data["verdict"]),
        fields,
        purge=str(data.get("purge", "")),
        remark=str(data.get("remark", "")),
    )
