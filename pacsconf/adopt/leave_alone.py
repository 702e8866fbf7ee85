"""What still differs between an adopted inventory and its source is left alone: patterns under `ignore`, and why.

A pattern is a promise that pacsconf will not touch something, so each says in a comment what it is about and what
removing the line would do.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from pacsconf.adopt.draft import Remark
from pacsconf.core.address import Address
from pacsconf.core.change import Change
from pacsconf.core.compare import Difference
from pacsconf.core.decide import Rules, change
from pacsconf.core.resource import Value
from pacsconf.people.entries import MEMBERSHIP

Reason = tuple[str, str]
"""A kind and one of its fields; no field: the resource is not there at all."""

SEVERAL = 3
"""Of more than so many all, one pattern names the whole kind."""

_MISSING: Mapping[str, str] = {
    "user": "Declared, and has no account here.",
    "group": "A declared role leads into it, and there is no such group.",
    "container": "The frame of the configuration lacks this, or does not show it (PS3.15 section H.1.1.1).",
    "unique-ae-title": "Not in the registry of AE titles, so anybody may take it.",
}
_DIFFERENT: Mapping[Reason, str] = {
    (
        "user",
        "account",
    ): "Whether one can sign in with it is not as declared: by their days or status they could not, or could.",
    ("group", "contains"): "Other groups are in it than are declared: one that is left out, or a circle.",
    (
        "network-ae",
        "connections",
    ): "It refers to connections that its device does not have, or that are left out.",
    ("network-ae", "initiator"): "Whether it calls is not said live, though the standard asks for it.",
    ("network-ae", "acceptor"): "Whether it is called is not said live, though the standard asks for it.",
    ("device", "installed"): "Whether it is in use is not said live, though the standard asks for it.",
}
"""Why it cannot be declared as it is, where that is more than can be seen."""


@dataclass(frozen=True, slots=True)
class Ignored:
    """A pattern for `ignore`, without the system; `why` heads all that follow with the same."""

    pattern: str
    why: str


def left_alone(differences: Iterable[Difference]) -> tuple[Ignored, ...]:
    """Patterns for all that would change, those of one reason together."""
    compared = list(differences)
    declared = Counter(one.address.kind for one in compared if one.declared is not None)
    by_reason: dict[Reason, list[Change]] = defaultdict(list)
    for made in filter(None, (change(one, Rules({})) for one in compared)):
        for reason in _reasons(made):
            by_reason[reason].append(made)
    return tuple(
        one
        for reason in sorted(by_reason)
        for one in _patterns(reason, by_reason[reason], declared[reason[0]], _registry_is_seen(by_reason))
    )


def unmanaged(differences: Iterable[Difference], told: Iterable[Remark]) -> Iterator[Remark]:
    """What is there and is not declared, in one sentence; without what remarks that were `told` are about.

    Who is in a group and was not adopted is told by remarks, several at once.
    """
    known = {remark.about for remark in told}
    unknown = (one.address for one in differences if one.verdict == "unmanaged")
    rest = [address for address in unknown if address not in known and address.kind != MEMBERSHIP]
    if rest:
        names = ", ".join(map(pattern, rest[:NAMED])) + (
            f" and {len(rest) - NAMED} more" if rest[NAMED:] else ""
        )
        them = "1 entry is" if len(rest) == 1 else f"{len(rest)} entries are"
        yield Remark(
            f"{them} there that the inventory does not have: {names}",
            "They stay as they are, and would not come back if all were lost. pacsconf plan --show-unmanaged lists "
            "them.",
        )


NAMED = 8
"""How many of such entries are named."""


def _registry_is_seen(by_reason: Mapping[Reason, list[Change]]) -> bool:
    """Whether the entry is live that holds all reserved titles, so that a title that is not below it is free."""
    return all(made.address.name != "unique-ae-titles" for made in by_reason.get(("container", ""), ()))


def pattern(address: Address, field: str = "") -> str:
    """What names this resource, or one of its fields; a colon in a name would begin a field."""
    named = f"{address.kind}/{address.name.replace(':', '?')}"
    return f"{named}:{field}" if field else named


_MEMBERSHIP = "membership"
"""One resource has all groups of somebody, each a field: they are left alone together."""
_AWAY, _OTHERS = "of those away", "of others"
_MEMBERS: Mapping[str, str] = {
    _AWAY: "In groups live, though they are away or gone (disabled, or past their last day).\n"
    "Without the line, pacsconf takes them out.",
    _OTHERS: "In other groups live than their declared roles lead into.\n"
    "Without the line, pacsconf puts them into these, and out of those that it put them into.",
}


def _reasons(made: Change) -> Iterator[Reason]:
    if made.address.kind == _MEMBERSHIP:
        gains = made.action == "create" or any(field.after is not None for field in made.fields)
        yield _MEMBERSHIP, _OTHERS if gains else _AWAY
    elif made.action == "update":
        yield from ((made.address.kind, field.name) for field in made.fields)
    else:
        yield made.address.kind, ""


def _patterns(reason: Reason, changes: list[Change], declared: int, registry: bool) -> Iterator[Ignored]:
    kind, field = reason
    if kind == _MEMBERSHIP:
        yield from (Ignored(pattern(made.address), _MEMBERS[field]) for made in changes)
        return
    why = _different(reason, changes) if field else _missing(kind, changes, registry)
    if SEVERAL < declared == len(changes):
        yield Ignored(f"{kind}/*:{field}" if field else f"{kind}/*", f"{why} So it is with all of them.")
    else:
        yield from (Ignored(pattern(made.address, field), why) for made in changes)


def _missing(kind: str, changes: list[Change], registry: bool) -> str:
    why = _MISSING.get(kind, "Not there live, though what is declared comes to it.")
    if kind == "unique-ae-title" and not registry:
        why = "The registry of AE titles is not there, or not shown, so what is reserved is not known."
    makes = "reserves" if kind == "unique-ae-title" else "makes"
    return f"{why}\n{_without(changes)} pacsconf {makes} it."


def _different(reason: Reason, changes: list[Change]) -> str:
    why = _DIFFERENT.get(reason, f"The live {reason[1]} cannot be declared as it stands.")
    if len(changes) > 1:
        return f"{why}\n{_without(changes)} pacsconf writes what is declared."
    (field,) = (one for one in changes[0].fields if one.name == reason[1])
    writes = f"writes {_told(field.after)}" if field.after is not None else "takes it away"
    return f"{why}\nLive: {_told(field.before)}\n{_without(changes)} pacsconf {writes}."


def _without(changes: list[Change]) -> str:
    return "Without the line," if len(changes) == 1 else "Each line keeps one as it is; without it,"


LONGEST = 60
"""Characters of a live value that are shown in a comment."""


def _told(value: Value | None) -> str:
    """A value in a comment, cut short; in quotes where spaces at its ends would not be seen."""
    if value is None:
        return "nothing"
    text = (
        ", ".join(value)
        if isinstance(value, tuple)
        else str(value).lower()
        if value in (True, False)
        else str(value)
    )
    if text != text.strip():
        text = f'"{text}"'
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."
