"""A change set: a plan that is being, or was, applied, with who, why, and what became of each change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from pacsconf.core.address import Address
from pacsconf.core.approval import PlanApproval, approval_from_json, approval_to_json
from pacsconf.core.chain import Follows, follows_from_json, follows_to_json
from pacsconf.core.change import BESIDE, Change, Deed, Outcome, Status
from pacsconf.core.errors import RecordError
from pacsconf.core.plan import Plan, plan_from_json, plan_to_json
from pacsconf.core.resource import one_of
from pacsconf.core.spelling import indented

SetStatus = Literal["open", "closed", "abandoned"]
ProofVerdict = Literal["healthy", "failing", "asleep", "unknown"]


@dataclass(frozen=True, slots=True)
class Proof:
    """What one observation on the wire showed after apply: `healthy`, `failing`, `asleep`, `unknown`."""

    subject: str
    verdict: ProofVerdict
    text: str


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """What the record keeps of one apply.

    Times are ISO 8601 in UTC with seconds. While `open`, nobody else may write until `lease_until`; `operator` is
    who runs it (`name <mail>`), `runner` where (`user@host:pid`). `acks` are the guards let through.
    """

    id: str
    plan: Plan
    operator: str
    runner: str
    opened: str
    lease_until: str
    status: SetStatus = "open"
    reason: str = ""
    ticket: str = ""
    acks: tuple[str, ...] = ()
    approvals: tuple[PlanApproval, ...] = ()
    """Those of the plan that counted when it was opened."""
    outcomes: tuple[Outcome, ...] = ()
    proofs: tuple[Proof, ...] = ()
    closed: str = ""
    follows: Follows | None = None
    """The change set before it in the record, named when this one is opened; None: it is the first, or an older
    version made it."""

    @property
    def done(self) -> tuple[Outcome, ...]:
        """What became of its changes."""
        return tuple(one for one in self.outcomes if one.action not in BESIDE)

    @property
    def told(self) -> tuple[Outcome, ...]:
        """What became of telling programs to read what was changed."""
        return tuple(one for one in self.outcomes if one.action == "reload")

    @property
    def invited(self) -> tuple[Outcome, ...]:
        """What became of inviting those who were given an account."""
        return tuple(one for one in self.outcomes if one.action == "invite")

    @property
    def applied(self) -> tuple[Change, ...]:
        """Its changes that stand as far as it knows, in the order in which they were made."""
        applied = {one.address for one in self.done if one.status == "applied"}
        return tuple(one for one in self.plan.runs if one.address in applied)


def changeset_id(opened: str, digest: str) -> str:
    """The id of a change set: `YYYYMMDD-HHMMSS-` and the first four digits of the plan's digest."""
    return f"{opened[:10].replace('-', '')}-{opened[11:19].replace(':', '')}-{digest[:4]}"


def changeset_to_json(changeset: ChangeSet) -> dict[str, Any]:
    """A change set as JSON."""
    return {**_all_but_the_plan(changeset), "plan": plan_to_json(changeset.plan)}


def changeset_text(changeset: ChangeSet) -> str:
    """A change set as its file in the record: canonical JSON, indented by one."""
    body = {**_all_but_the_plan(changeset), "plan": changeset.plan.spelt}
    return indented(body, by=1, sort_keys=True)


def _all_but_the_plan(changeset: ChangeSet) -> dict[str, Any]:
    return {
        "id": changeset.id,
        "status": changeset.status,
        "operator": changeset.operator,
        "runner": changeset.runner,
        "opened": changeset.opened,
        "lease_until": changeset.lease_until,
        "closed": changeset.closed,
        "reason": changeset.reason,
        "ticket": changeset.ticket,
        "acks": list(changeset.acks),
        **({"approvals": list(map(approval_to_json, changeset.approvals))} if changeset.approvals else {}),
        **({"follows": follows_to_json(changeset.follows)} if changeset.follows else {}),
        "outcomes": [outcome_to_json(outcome) for outcome in changeset.outcomes],
        "proofs": [{name: getattr(proof, name) for name in Proof.__slots__} for proof in changeset.proofs],
    }


def changeset_from_json(data: Any) -> ChangeSet:
    """The inverse of `changeset_to_json`.

    Raises: RecordError when the data is no change set; PlanError when its plan was edited.
    """
    try:
        return ChangeSet(
            id=str(data["id"]),
            plan=plan_from_json(data["plan"]),
            operator=str(data["operator"]),
            runner=str(data["runner"]),
            opened=str(data["opened"]),
            lease_until=str(data["lease_until"]),
            status=one_of(SetStatus, data["status"]),
            reason=str(data["reason"]),
            ticket=str(data["ticket"]),
            acks=tuple(map(str, data["acks"])),
            approvals=tuple(map(approval_from_json, data.get("approvals", ()))),
            outcomes=tuple(map(outcome_from_json, data["outcomes"])),
            proofs=tuple(Proof(**proof) for proof in data["proofs"]),
            closed=str(data["closed"]),
            follows=follows_from_json(data["follows"]) if "follows" in data else None,
        )
    except (KeyError, ValueError, TypeError, AttributeError) as exc:
        raise RecordError(f"the record holds a change set that cannot be read: {exc}") from exc


def outcome_to_json(outcome: Outcome) -> dict[str, Any]:
    """An outcome as JSON."""
    return {
        "address": str(outcome.address),
        "action": outcome.action,
        "status": outcome.status,
        "error": outcome.error,
        "milliseconds": round(outcome.milliseconds, 1),
    }


def outcome_from_json(data: dict[str, Any]) -> Outcome:
    """The inverse of `outcome_to_json`.

    Raises: ValueError, KeyError or TypeError for what is not an outcome.
    """
    return Outcome(
        Address.parse(data["address"]),
        one_of(Deed, data["action"]),
        one_of(Status, data["status"]),
        str(data["error"]),
        float(data["milliseconds"]),
    )
