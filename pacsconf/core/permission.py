"""What must not run, and what lets it through: acknowledgements of guards, and approvals by somebody else. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from pacsconf.core.approval import Applier, ApprovalRules, Approvals, PlanApproval, Standing, standings
from pacsconf.core.change import Change
from pacsconf.core.changeset import ChangeSet
from pacsconf.core.errors import UnsafePlan, Violation
from pacsconf.core.guard import Guard, unacknowledged
from pacsconf.core.plan import Plan
from pacsconf.core.planning import obstacles


@dataclass(frozen=True, slots=True)
class Approval:
    """Who applies, why, and which tripped guards (`DIGEST:GUARD`, `DIGEST:GUARD-PURGE:ADDRESS`) are let through.

    `key` is the fingerprint of the key that `operator` signs with, where signatures of approvals are checked.
    """

    operator: str
    runner: str
    reason: str = ""
    ticket: str = ""
    acks: tuple[str, ...] = ()
    key: str = ""

    @property
    def applier(self) -> Applier:
        return Applier(self.operator, self.key)


def reasons_against(plan: Plan, given: Sequence[PlanApproval], approval: Approval) -> list[str]:
    """Why a plan must not be applied by this person, with the approvals that were given to it; empty: it may."""
    ahead = [f"it is a look ahead to {day}, not a plan of today" for day in plan.options.at]
    reasons = [*ahead, *obstacles(plan), *_not_let_through(plan.guards, plan.digest, approval.acks)]
    if approval.acks and not approval.reason.strip():
        reasons.append("an --ack needs a --reason")
    return [*reasons, *map(lacking, unmet(standings(plan.asked, given, approval.applier)))]


def refusal(reasons: Sequence[str], of_policies: Collection[str]) -> UnsafePlan:
    """What is raised for these reasons: a Violation where all of them are those of policies."""
    if set(reasons) <= set(of_policies):
        fix = (
            "Correct what is declared, or the rule that cannot be judged. If something must fail for a time, agree "
            "on that: pacsconf waiver add"
        )
        return Violation("this plan is not applied", reasons, fix=fix)
    return UnsafePlan("this plan is not applied", reasons)


def reasons_against_resuming(
    left: ChangeSet,
    runs: Sequence[Change],
    rules: ApprovalRules,
    given: Sequence[PlanApproval],
    acks: Sequence[str],
    *,
    only_takes: bool = False,
) -> list[str]:
    """Why an open change set must not be taken up; empty: it may.

    `runs` are its changes as their kinds judge them here and now, since what purges does so whatever the change set
    says of itself; `rules` are those of the record and of the inventory; `given` are its approvals, checked. What
    purges is let through by `acks` alone: whoever can push to the record can write any into a change set. What is
    only taken away needs no approval, if it does `only_takes`.
    """
    plan = left.plan
    purging = tuple(one.address for one in runs if "purges" in one.effects)
    judged = Guard("GUARD-PURGE", "", purging, len(purging), 0, "", each=True)
    each = [*(guard for guard in plan.guards if guard.each), judged]
    others = [guard for guard in plan.guards if not guard.each]
    asked = Approvals({**plan.approvals.declared, **rules}).asked({one.risk for one in runs})
    asked = {} if plan.options.only_takes and only_takes else asked
    # Whether one key applied and approved was asked when it was opened, and cannot be asked of who takes it up.
    unsigned = [replace(one, key="") for one in given]
    missing = unmet(standings(asked, unsigned, Applier(left.operator)))
    return [
        *_not_let_through(others, plan.digest, left.acks),
        *_not_let_through(each, plan.digest, acks),
        *map(lacking, missing),
    ]


def counting(plan: Plan, given: Sequence[PlanApproval], applier: Applier) -> tuple[PlanApproval, ...]:
    """The approvals that let a plan through, each once."""
    found = standings(plan.asked, given, applier)
    return tuple(dict.fromkeys(each for one in found for each in one.counted))


def unmet(found: Iterable[Standing]) -> list[Standing]:
    """The risk classes for which approvals are missing."""
    return [one for one in found if not one.is_met]


def lacking(one: Standing) -> str:
    """What is missing for a risk class, and why what there is does not count."""
    refused = "".join(f"; {given.by} {why}" for given, why in one.others)
    return (
        f"{one.risk}: {len(one.counted)} of {one.rule.count} approvals by somebody else than who applies"
        f" (may be given by {', '.join(one.rule.approvers)}){refused}"
    )


def _not_let_through(guards: Iterable[Guard], digest: str, acks: Iterable[str]) -> Iterator[str]:
    for name in unacknowledged(guards, digest, acks):
        guard, _, address = name.partition(":")
        if address:
            yield f"{address} purges ({guard}), and only an --ack of its own for plan {digest[:8]} lets it through"
        else:
            yield f"{guard} is tripped, and no --ack for plan {digest[:8]} lets it through"
