"""What falls due: every day that an inventory names and that somebody has to act on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from pacsconf.core.finding import Path
from pacsconf.inventory.baseline import entries, waivers
from pacsconf.inventory.model import Device, Inventory
from pacsconf.inventory.people import User


@dataclass(frozen=True, slots=True)
class Due:
    """Something that holds until the end of `day`: what, in words, and the path to where that is written."""

    day: date
    what: str
    path: Path = ()


def dues(inventory: Inventory) -> Iterator[Due]:
    """Everything that falls due some day; of what comes to have an end later, each kind is one more line here."""
    for waived in waivers(inventory.baseline):
        what = f"waiver {waived.waiver} ends: {waived.rule} fails there again ({waived.owner})"
        yield Due(date.fromisoformat(waived.until), what)
    for name, one in entries(inventory.baseline).items():
        what = f"{one.rule} at {one.at} is accepted no longer ({one.owner})"
        yield Due(date.fromisoformat(one.until), what, ("baseline", name, "until"))
    for name, hold in inventory.retention.holds.items():
        if hold.review_by and not hold.released:
            what = f"the legal hold {name} ({hold.reason_ref}) is to be reviewed by {hold.placed_by}"
            yield Due(date.fromisoformat(hold.review_by), what, ("retention", "holds", name, "review_by"))
    for device in inventory.devices.values():
        if device.lifecycle != "retired":
            yield from _of_device(device)
    for user in inventory.users.values():
        if user.status != "left":
            yield from _of_user(user)


def _of_user(user: User) -> Iterator[Due]:
    """The end of somebody's time, and of what they have for a time before that."""
    if user.ends is not None:
        what = f"{user.id} leaves" if user.kind == "person" else f"{user.id} ({user.kind}) ends"
        yield Due(date.fromisoformat(user.ends), what, (*user.path, "ends"))
    for number, grant in enumerate(user.grants):
        if grant.until is not None and (user.ends is None or grant.until < user.ends):
            why = f" ({grant.reason})" if grant.reason else ""
            what = (
                f"the emergency access of {user.id} ends: {grant.role}{why}"
                if grant.emergency
                else f"{user.id} has {grant.role} no longer{why}"
            )
            yield Due(date.fromisoformat(grant.until), what, (*user.path, "grants", number, "until"))


def _of_device(device: Device) -> Iterator[Due]:
    path = ("devices", device.name)
    if device.loan is not None:
        what = f"{device.name} is on loan and goes back to {device.loan.returns_to}"
        yield Due(date.fromisoformat(device.loan.until), what, (*path, "loan", "until"))
    for name, connection in device.connections.items():
        former = connection.was
        if former is not None and former.until is not None:
            what = f"the former address {former.host} of {device.name} is accepted no longer"
            yield Due(date.fromisoformat(former.until), what, (*path, "connections", name, "was", "until"))


def soon(found: Iterable[Due], today: date, days: int) -> tuple[Due, ...]:
    """What is overdue or falls due within so many days, by day."""
    last = today + timedelta(days=days)
    return tuple(sorted((one for one in found if one.day <= last), key=lambda one: (one.day, one.what)))
