"""HL7 applications and the feeds between them: who is meant, who is let in with what, and what does not fit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from typing import NamedTuple

from pacsconf.core.finding import Finding, Path
from pacsconf.inventory import hl7_formats
from pacsconf.inventory.hl7_model import Feed, HL7Application
from pacsconf.inventory.merge import nearest
from pacsconf.inventory.model import Device, Inventory
from pacsconf.inventory.scope import Scope

Speaker = tuple[Device, HL7Application]
"""An HL7 application with its device."""

_IN_USE = frozenset({"commissioning", "active", "retiring"})


def speakers(inventory: Inventory) -> Iterator[Speaker]:
    """Every HL7 application with its device, by device and name; retired devices too."""
    speaking = (device for device in inventory.devices.values() if device.hl7_applications)
    for device in sorted(speaking, key=lambda device: device.name):
        for application in sorted(device.hl7_applications):
            yield device, device.hl7_applications[application]


def speaker(inventory: Inventory, name: str) -> Speaker | None:
    """The HL7 application that `device/APPLICATION|FACILITY`, or a device with one application, names."""
    device_name, slash, application = name.partition("/")
    device = inventory.devices.get(device_name)
    if device is None:
        return None
    names = (application,) if slash else tuple(device.hl7_applications)
    if len(names) != 1 or names[0] not in device.hl7_applications:
        return None
    return device, device.hl7_applications[names[0]]


def written(of: Speaker) -> str:
    """As feeds refer to it."""
    return f"{of[0].name}/{of[1].name}"


def feeds_to(inventory: Inventory, receiver: Speaker) -> tuple[Feed, ...]:
    """The feeds that it receives, by name."""
    key = written(receiver)
    feeds = (inventory.hl7_feeds[name] for name in sorted(inventory.hl7_feeds))
    return tuple(feed for feed in feeds if any(_is(inventory, end, key) for end in feed.receivers))


def _is(inventory: Inventory, end: str, key: str) -> bool:
    found = speaker(inventory, end)
    return found is not None and written(found) == key


def senders_of(inventory: Inventory, receiver: Speaker) -> tuple[str, ...] | None:
    """Which sending applications it lets in, by name: None is any, and no one where none is declared.

    A directory that keeps the list (hl7AcceptedSendingApplication) takes an empty one for any.
    """
    said = receiver[1].accepted_senders
    if said == "any":
        return None
    if said != "declared":
        return tuple(said)
    found = (speaker(inventory, feed.sender) for feed in feeds_to(inventory, receiver))
    return tuple(sorted({one[1].name for one in found if one is not None}))


def messages_of(inventory: Inventory, receiver: Speaker) -> tuple[str, ...]:
    """Which types of message it takes, in order; `*` alone is all."""
    said = receiver[1].accepted_message_types
    if said == "any" or hl7_formats.EVERY in said:
        return (hl7_formats.EVERY,)
    if said != "declared":
        return tuple(said)
    return tuple(sorted({each for feed in feeds_to(inventory, receiver) for each in feed.messages}))


# --- rules --------------------------------------------------------------------------------------------------------


class _Holder(NamedTuple):
    """An application with one of the names that reach it."""

    device: Device
    application: HL7Application
    name: str

    @property
    def path(self) -> Path:
        base = path_of((self.device, self.application))
        if self.name == self.application.name:
            return base
        return (*base, "other_names", self.application.other_names.index(self.name))


def path_of(of: Speaker) -> Path:
    return ("devices", of[0].name, "hl7_applications", of[1].name)


def names_held_twice(inventory: Inventory, scope: Scope) -> Iterator[Finding]:
    """Every name of an HL7 application reaches one, within an `ae_domain`; `*` is no name of its own."""
    held: dict[tuple[str, str], list[_Holder]] = defaultdict(list)
    for device, application in speakers(inventory):
        if device.lifecycle != "retired":
            for name in dict.fromkeys((application.name, *application.other_names)):
                held[device.ae_domain, name].append(_Holder(device, application, name))
    for (_, name), (first, *others) in held.items():
        for other in others if name != hl7_formats.EVERY else ():
            if not _awaits(first.device, other.device):
                yield Finding(
                    "PACS-HL7-003",
                    "error",
                    f"HL7 application {name} belongs to {_both(first, other)}",
                    "It is the address in a message: what is meant for one may be taken by the other.",
                    "Give one of them another name, or another ae_domain (merged hospitals).",
                    path=other.path,
                    also=scope.also(first.path, f"also a name of {first.device.name}"),
                )


def _both(first: _Holder, other: _Holder) -> str:
    if first.device is other.device:
        return f"two applications of device {first.device.name}"
    return f"two devices, {first.device.name} and {other.device.name}"


def _awaits(one: Device, other: Device) -> bool:
    """Whether one is planned to take the place of the other."""
    pairs = ((one, other), (other, one))
    return any(new.replaces == old.name and new.lifecycle == "planned" for new, old in pairs)


def unknown_entities(inventory: Inventory, scope: Scope) -> Iterator[Finding]:
    """The AE that an HL7 application works for is one of its device."""
    for device, application in speakers(inventory):
        title = application.ae_title
        if title is None or title in device.ae_titles or device.name in scope.parts:
            continue
        yield Finding(
            "PACS-HL7-004",
            "error",
            f"HL7 application {application.name} of device {device.name} works for AE title {title}, which that "
            f"device does not have{nearest(title, device.ae_titles)}",
            "What messages change would be looked for under that title.",
            f"Name one of: {', '.join(sorted(device.ae_titles)) or 'none is declared'}",
            path=(*path_of((device, application)), "ae_title"),
        )


def unlisted_character_sets(inventory: Inventory, _scope: Scope) -> Iterator[Finding]:
    """Character sets are those of HL7 table 0211."""
    for device, application in speakers(inventory):
        for key in ("default_character_set", "sending_character_set"):
            named = getattr(application, key)
            if named is not None and named not in hl7_formats.CHARACTER_SETS:
                yield Finding(
                    "PACS-HL7-005",
                    "warning",
                    f'HL7 has no character set "{named}"{nearest(named, hl7_formats.CHARACTER_SETS)}',
                    "Who does not know it reads names of patients wrongly.",
                    "Write it as HL7 table 0211 does: UNICODE UTF-8, 8859/1, ASCII.",
                    path=(*path_of((device, application)), key),
                )


def feeds_that_do_not_fit(inventory: Inventory, scope: Scope) -> Iterator[Finding]:
    """Both ends of a feed are declared, and the one that receives can be called and takes what is sent."""
    if not scope.complete:
        return
    known = [written(each) for each in speakers(inventory)]
    for name in sorted(inventory.hl7_feeds):
        feed = inventory.hl7_feeds[name]
        sender = speaker(inventory, feed.sender)
        if sender is None:
            yield _unknown(inventory, feed, feed.sender, ("from",), known)
        else:
            yield from _gone(feed, sender, ("from",))
        for number, end in enumerate(feed.receivers):
            at = ("to", number)
            receiver = speaker(inventory, end)
            if receiver is None:
                yield _unknown(inventory, feed, end, at, known)
                continue
            yield from _gone(feed, receiver, at)
            yield from _unreachable(feed, receiver, at)
            yield from _not_taken(inventory, scope, feed, receiver)
            if sender is not None:
                yield from _not_let_in(inventory, scope, feed, sender, receiver)


def _unknown(
    inventory: Inventory, feed: Feed, end: str, at: tuple[str | int, ...], known: Collection[str]
) -> Finding:
    device, slash, _ = end.partition("/")
    why = f'There is no device "{device}".'
    if device in inventory.devices:
        own = ", ".join(sorted(inventory.devices[device].hl7_applications)) or "none"
        why = f"HL7 applications of device {device}: {own}."
    near = nearest(end, known) if slash or device not in inventory.devices else ""
    return Finding(
        "PACS-HL7-006",
        "error",
        f'HL7 feed {feed.name} names "{end}", which is no HL7 application{near}',
        why,
        "Write device/APPLICATION|FACILITY, or the name of a device that has one HL7 application.",
        path=("hl7_feeds", feed.name, *at),
    )


def _gone(feed: Feed, end: Speaker, at: tuple[str | int, ...]) -> Iterator[Finding]:
    if end[0].lifecycle == "retired":
        yield Finding(
            "PACS-HL7-006",
            "error",
            f"HL7 feed {feed.name} names device {end[0].name}, which is retired",
            "Nobody is there any more.",
            "Name its successor, or remove the feed.",
            path=("hl7_feeds", feed.name, *at),
        )


def _unreachable(feed: Feed, receiver: Speaker, at: tuple[str | int, ...]) -> Iterator[Finding]:
    """Who receives listens on a port where HL7 is spoken."""
    device, application = receiver
    connections = [device.connections[name] for name in application.connections if name in device.connections]
    if device.lifecycle not in _IN_USE or any(each.port for each in connections):
        return
    what = "none of its connections has a port" if connections else "it has no connection where HL7 is spoken"
    yield Finding(
        "PACS-HL7-007",
        "error",
        f"HL7 feed {feed.name} goes to {written(receiver)}, but {what}",
        "Whoever is to send to it could never reach it.",
        "Give its device a connection of protocol: hl7 with a port (2575 is registered for HL7).",
        path=("hl7_feeds", feed.name, *at),
    )


def _not_taken(inventory: Inventory, scope: Scope, feed: Feed, receiver: Speaker) -> Iterator[Finding]:
    if receiver[1].accepted_message_types == "declared":
        return
    taken = messages_of(inventory, receiver)
    at = (*path_of(receiver), "accepted_message_types")
    for number, sent in enumerate(feed.messages):
        if hl7_formats.EVERY not in taken and sent not in taken:
            yield Finding(
                "PACS-HL7-008",
                "error",
                f"HL7 feed {feed.name} sends {sent}, which {written(receiver)} does not take",
                "It refuses such a message (AR), and what it says is lost or stays in the queue of the sender.",
                f"Add it there, or do not send it. It takes: {', '.join(taken) or 'nothing'}",
                path=("hl7_feeds", feed.name, "messages", number),
                also=scope.also(at, "what it takes"),
            )


def _not_let_in(
    inventory: Inventory, scope: Scope, feed: Feed, sender: Speaker, receiver: Speaker
) -> Iterator[Finding]:
    if receiver[1].accepted_senders == "declared":
        return
    known = senders_of(inventory, receiver)
    if known is None or sender[1].name in known:
        return
    at = (*path_of(receiver), "accepted_senders")
    yield Finding(
        "PACS-HL7-009",
        "error",
        f"HL7 feed {feed.name} comes from {sender[1].name}, whom {written(receiver)} does not let in",
        "It refuses all messages of a sender that it does not know (AR).",
        "Add it to accepted_senders there, or leave accepted_senders out: then it follows from feeds.",
        path=("hl7_feeds", feed.name, "from"),
        also=scope.also(at, "whom it lets in"),
    )


def feeds_in_circles(inventory: Inventory, scope: Scope) -> Iterator[Finding]:
    """No application sends to itself."""
    if not scope.complete:
        return
    for feed in inventory.hl7_feeds.values():
        sender = speaker(inventory, feed.sender)
        for number, end in enumerate(feed.receivers):
            if sender is not None and speaker(inventory, end) == sender:
                yield Finding(
                    "PACS-HL7-010",
                    "error",
                    f"HL7 feed {feed.name} goes from {written(sender)} to itself",
                    "A message would come back to who sent it, and may go round for ever.",
                    "Name another receiver.",
                    path=("hl7_feeds", feed.name, "to", number),
                )
