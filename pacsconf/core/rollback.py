"""Taking back what was applied, as far as it still stands. Pure.

Of each change that was applied only what live still has at its after-value is led back to its before-value, field
by field. What somebody changed since stays as it is, and so does what others came to need; both are told. The rest
is a plan like any other: ordered, guarded, judged by its kinds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field

from pacsconf.core.address import Address
from pacsconf.core.change import Change, FieldChange, Status, field_changes
from pacsconf.core.changeset import ChangeSet
from pacsconf.core.compare import States
from pacsconf.core.decide import Rules, judged
from pacsconf.core.resource import Fields, State, Value

Ignored = Callable[[Address, str], bool]


@dataclass(frozen=True, slots=True)
class Applied:
    """A change that was applied; `last` is what was owned there before."""

    change: Change
    last: State | None

    @property
    def address(self) -> Address:
        return self.change.address


def applied_by(changeset: ChangeSet) -> tuple[Applied, ...]:
    """What a change set applied, in order."""
    closure = changeset.plan.closure
    return tuple(Applied(one, closure.get(one.address, (None, None))[1]) for one in changeset.applied)


_NOT_KNOWN: Mapping[Status, str] = {
    "waiting": "was handed to a person: who keyed it in takes it back, too",
    "unknown": "was sent without an answer, so it is not known whether it was made; the next plan tells",
}


def not_known(changeset: ChangeSet | None) -> dict[Address, str]:
    """What a change set may have changed without knowing it."""
    found = changeset.done if changeset else ()
    return {one.address: _NOT_KNOWN[one.status] for one in found if one.status in _NOT_KNOWN}


@dataclass(frozen=True, slots=True)
class Returning:
    """The changes that take others back; `stays` is what they leave as it is, `lost` what does not come back."""

    changes: tuple[Change, ...] = ()
    stays: Mapping[Address, str] = field(default_factory=dict)
    lost: Mapping[Address, str] = field(default_factory=dict)


def take_back(
    applied: Iterable[Applied], live: States, owned: States, systems: Mapping[str, Rules], ignored: Ignored
) -> Returning:
    """What takes these changes back on what is live now; `owned` is what the record holds now.

    `systems` are those that may be looked at: what was applied to others stays as it is.
    """
    changes: dict[Address, Change] = {}
    stays: dict[Address, str] = {}
    lost: dict[Address, str] = {}
    for one in applied:
        address = one.address
        if address.system not in systems:
            stays[address] = f"system {address.system} is not looked at here"
            continue
        rules = systems[address.system]
        back = _Back(
            one.change, one.last, live.get(address), owned.get(address), _secrets(rules, address), ignored
        )
        made, why, gone = back.made()
        if made is not None:
            changes[address] = judged(made, rules, (live, owned))
        stays |= {address: why} if why else {}
        lost |= {address: gone} if gone else {}
    for address, why in _in_the_way(changes, live, systems.keys()):
        stays[address] = why
        lost.pop(address, None)
    return Returning(tuple(changes.values()), stays, lost)


def _secrets(rules: Rules, address: Address) -> frozenset[str]:
    kind = rules.kinds.get(address.kind)
    return kind.secrets if kind else frozenset()


UNRECORDED = "what pacsconf does not model of it was not recorded: other attributes, and capitals in names"


@dataclass(frozen=True, slots=True)
class _Back:
    """One change that was applied, and what stands at its address now."""

    change: Change
    last: State | None
    live: State | None
    owned: State | None
    secrets: frozenset[str]
    """Fields that stand for a secret, which is kept nowhere."""
    ignored: Ignored

    def made(self) -> tuple[Change | None, str, str]:
        """The change that takes it back, why something is left as it is, and what does not come back."""
        match self.change.action:
            case "create":
                return self._created()
            case "delete":
                return self._deleted()
            case "update":
                return self._updated()

    def _created(self) -> tuple[Change | None, str, str]:
        if self.live is None:
            return None, "is gone already", ""
        since = self._since(self.change.after)
        if since:
            return None, f"was changed since, so it is not deleted: {_told(since)}", ""
        return Change("delete", self.live, None, self.last if self._is_as_applied else None), "", ""

    def _deleted(self) -> tuple[Change | None, str, str]:
        before = self.change.before
        assert before is not None, "a delete has a before"
        if self.live is not None:
            since = self._since(before)
            made = f"was made anew since: {_told(since)}" if since else "is there again already"
            return None, made, ""
        secret = sorted(self.secrets & before.fields.keys())
        lost = f"{UNRECORDED}; nor was the secret behind {', '.join(secret)}" if secret else UNRECORDED
        return Change("create", None, before, self.owned or self.last), "", lost

    def _updated(self) -> tuple[Change | None, str, str]:
        if self.live is None:
            return None, "was deleted since, so there is nothing to take back", ""
        now = self.live.fields
        written = [one for one in self.change.fields if not self.ignored(self.change.address, one.name)]
        stands = [one for one in written if now.get(one.name) == one.after]
        moved = [one for one in written if now.get(one.name) not in (one.after, one.before)]
        # One that was not there before can be taken out again: nobody need know it for that.
        secret = sorted(one.name for one in stands if one.name in self.secrets and one.before is not None)
        back = {one.name: one.before for one in stands if one.name not in secret}
        since = [FieldChange(one.name, one.after, now.get(one.name)) for one in moved]
        left = f"was changed since: {_told(since)}" if since else ""
        lost = f"the secret behind {', '.join(secret)} stays as it is: none is recorded" if secret else ""
        if not back:
            return None, left or lost or "is as it was before already", ""
        return self._update(self.live, back, whole=not (moved or secret)), left, lost

    def _update(self, live: State, back: Mapping[str, Value | None], *, whole: bool) -> Change:
        before = self.change.before
        assert before is not None, "an update has a before"
        after = State(
            live.address,
            before.root,
            _overlay(live.fields, back),
            before.depends_on if whole else before.depends_on | live.depends_on,
            before.claims if whole else before.claims | live.claims,
        )
        if whole and self._is_as_applied:
            return Change("update", live, after, self.last)
        base = (self.owned or self.change.records or after).fields
        return Change("update", live, after, after.with_fields(_overlay(base, back)))

    @property
    def _is_as_applied(self) -> bool:
        """Whether the record holds what it held when the change was applied: nothing was written since."""
        recorded = self.change.records
        return self.owned is not None and recorded is not None and self.owned.fields == recorded.fields

    def _since(self, then: State | None) -> list[FieldChange]:
        """In what live differs from what was written or removed, but for what is others' to write."""
        assert then is not None, "only sides that exist are looked at"
        assert self.live is not None, "only what is there is looked at"
        found = field_changes(then.fields, self.live.fields)
        return [one for one in found if not self.ignored(self.change.address, one.name)]


def _overlay(fields: Fields, written: Mapping[str, Value | None]) -> dict[str, Value]:
    return {name: value for name, value in {**fields, **written}.items() if value is not None}


def _told(since: Iterable[FieldChange]) -> str:
    return "; ".join(f"{one.name} is {_text(one.after)} now, not {_text(one.before)}" for one in since)


def _text(value: Value | None) -> str:
    if value is None:
        return "absent"
    return ", ".join(value) if isinstance(value, tuple) else str(value)


# --- what stands in the way ---------------------------------------------------------------------------------------


def _in_the_way(
    changes: dict[Address, Change], live: States, systems: Set[str]
) -> Iterator[tuple[Address, str]]:
    """Takes out of `changes` what could not stand then, and says why, until nothing of the kind is left."""
    while found := next(_impossible(changes, live, systems), None):
        address, why = found
        del changes[address]
        yield address, why


def _impossible(
    changes: Mapping[Address, Change], live: States, systems: Set[str]
) -> Iterator[tuple[Address, str]]:
    """Changes after which something would need what is not there, or a name would have two holders."""
    then = {address: state for address, state in live.items() if address not in changes}
    then |= {address: one.after for address, one in changes.items() if one.after is not None}
    holders: dict[str, list[Address]] = {}
    for address, state in then.items():
        for claim in state.claims:
            holders.setdefault(claim, []).append(address)
        for needed in sorted(state.depends_on & (changes.keys() - then.keys())):
            yield needed, f"is needed by {address}, which is not taken back"
        if address in changes:
            before = live[address].depends_on if address in live else frozenset()
            for needed in sorted(state.depends_on - before - then.keys()):
                if needed.system in systems:  # what is in one that is not read here is believed to be there
                    yield address, f"needs {needed}, which is not there any more"
    for claim, several in sorted(holders.items()):
        for address in sorted(several) if len(several) > 1 else ():
            if address in changes and claim in changes[address].acquires:
                other = next(one for one in sorted(several) if one != address)
                yield address, f"its name belongs to {other} now ({claim})"


def holds_after(changes: Iterable[Change], declared: States) -> tuple[Address, ...]:
    """Of what was taken back, that which the next plan would put forth again: it is declared otherwise still."""
    return tuple(one.address for one in changes if _is_declared_otherwise(one, declared.get(one.address)))


def _is_declared_otherwise(one: Change, declared: State | None) -> bool:
    if one.after is None or declared is None:
        return (one.after is None) != (declared is None)
    if one.action == "create":
        return one.after.fields != declared.fields
    return any(field.after != declared.fields.get(field.name) for field in one.fields)
