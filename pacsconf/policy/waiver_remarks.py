"""What is to be said about waivers that stand: beside rules and people, and as their days come.

A waiver that has ended accepts nothing, and what it was about fails as anything else does.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING

from pacsconf.core.finding import Finding
from pacsconf.inventory.merge import nearest
from pacsconf.inventory.model import Inventory
from pacsconf.policy.waiver import WARNED, Waiver

if TYPE_CHECKING:
    from pacsconf.policy.audit import WaiverState


def misfits(
    waivers: Iterable[Waiver], rules: Collection[str], inventory: Inventory, today: date
) -> Iterator[Finding]:
    """What is wrong with waivers beside the rules there are (by id) and the people of the inventory."""
    for one in waivers:
        if one.rule not in rules:
            yield Finding(
                "PACS-WAIV-007",
                "error",
                f"Waiver {one.id} is for a rule that does not exist: {one.rule}{nearest(one.rule, rules)}",
                "What it was meant for is not accepted.",
                "Correct the rule, or remove the waiver. Rules are listed by: pacsconf policy list",
                place=one.place,
            )
        if sum(day >= today for day in one.renewals) > 1:
            yield Finding(
                "PACS-WAIV-005",
                "error",
                f"Waiver {one.id} was renewed twice before its first end came",
                "Renewing ahead of time again and again would make it last for ever.",
                "Take the last renewal back.",
                place=one.place,
            )
        for role, who in (("owner", one.owner), ("approver", one.approver)):
            user = inventory.users.get(who)
            if user is not None and user.status == "left" and one.covers(today):
                yield Finding(
                    "PACS-WAIV-008",
                    "warning",
                    f"The {role} of waiver {one.id}, {who}, has left",
                    "Nobody answers for what it accepts."
                    if role == "owner"
                    else "Nobody can be asked about it.",
                    f"Agree with somebody else, and name them as its {role}.",
                    place=one.place,
                )


def standing(
    waivers: Iterable[Waiver], rules: Collection[str], inventory: Inventory, today: date
) -> tuple[Waiver, ...]:
    """The waivers that count, beside the rules there are: without those of which `misfits` has an error."""
    held = tuple(waivers)
    wrong = {f.place for f in misfits(held, rules, inventory, today) if f.severity == "error"}
    return tuple(one for one in held if one.place not in wrong)


def state_of(waiver: Waiver, uses: Mapping[str, int], today: date) -> WaiverState:
    """How a waiver stands on a day; without its id among `uses` it is not known whether it is used."""
    if today > waiver.until:
        return "ended"
    if today < waiver.since:
        return "not begun"
    if uses.get(waiver.id) == 0:
        return "unused"
    return "ends soon" if (waiver.until - today).days <= WARNED else "active"


def remarks(
    waivers: Iterable[Waiver], uses: Mapping[str, int], nowhere: Collection[str], today: date
) -> Iterator[Finding]:
    """Those that have ended, that end soon, and that accept nothing; of these, the scope of some is `nowhere`."""
    for one in waivers:
        state = state_of(one, uses, today)
        renewed = f" It was renewed {counted_times(len(one.renewals))}." if one.renewals else ""
        if state == "ended":
            yield Finding(
                "PACS-WAIV-009",
                "warning",
                f"Waiver {one.id} has ended on {one.until}: {one.rule} fails there again",
                f"It counts as any other failure does.{renewed}",
                f"Mend what it is about and remove it, or agree with {one.approver} on another day: "
                f"pacsconf waiver add --renew {one.id}",
                place=one.place,
            )
        elif state == "unused":
            yield Finding(
                "PACS-WAIV-010",
                "warning",
                f"Waiver {one.id} accepts nothing: {one.rule} does not fail there",
                "Its scope matches nothing."
                if one.id in nowhere
                else "While it stands, the same fault would come back unseen.",
                "Remove it, or correct its rule and scope.",
                place=one.place,
            )
        elif state == "ends soon":
            left = (one.until - today).days
            yield Finding(
                "PACS-WAIV-011",
                "warning",
                f"Waiver {one.id} ends on {one.until}, {'today' if not left else f'in {left} days'}",
                f"From the next day on {one.rule} fails there again ({one.reason}).{renewed}",
                f"Mend what it is about, or agree with {one.approver}: pacsconf waiver add --renew {one.id}",
                place=one.place,
            )


def counted_times(number: int) -> str:
    """`once`, `twice`, `3 times`."""
    return {1: "once", 2: "twice"}.get(number, f"{number} times")
