"""Three sides of every resource: declared, live and last (what was last applied), and what to make of them.

Ownership, per address:

    declared  live              last   verdict
    yes       equal             no     take-ownership   recorded, nothing written
    yes       differs           no     take-over        an update, shown as such
    yes       yes               yes    three-way, field by field: equal / update / drift / clash
    yes       absent            no     create
    yes       absent            yes    deleted-outside, or clash when declared differs from last
    no        equal to last     yes    delete
    no        differs from last yes    clash
    no        yes               no     unmanaged        never touched
    no        absent            yes    forget

Fields, with last L, declared D, live V: L = D ≠ V drift; L = V ≠ D pending; D = V ≠ L converged; all different
clash. Without a last side what differs is pending. When the record is unknown nothing is owned and nothing is
ever deleted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from pacsconf.core.address import Address
from pacsconf.core.mark import is_mark
from pacsconf.core.resource import Fields, State, Value

Verdict = Literal[
    "equal",
    "take-ownership",
    "take-over",
    "create",
    "update",
    "delete",
    "drift",
    "deleted-outside",
    "clash",
    "unmanaged",
    "forget",
]
FieldVerdict = Literal["pending", "drift", "converged", "clash"]

States = Mapping[Address, State]


@dataclass(frozen=True, slots=True)
class FieldDifference:
    """One field on which the three sides do not all agree; None is no value."""

    name: str
    declared: Value | None
    live: Value | None
    last: Value | None
    verdict: FieldVerdict


@dataclass(frozen=True, slots=True)
class Difference:
    """The three sides of one address and the verdict on it; `fields` only where declared meets live.

    `known` is false when the record is unknown: `last` is then None because nobody can tell, not because it is
    not owned.
    """

    address: Address
    declared: State | None
    live: State | None
    last: State | None
    verdict: Verdict
    fields: tuple[FieldDifference, ...] = ()
    known: bool = True
    purge: str = ""
    """What somebody else's change does to the deletion of studies, in its kind's words; empty for nothing."""
    remark: str = ""
    """What else it does that its fields do not show."""

    @property
    def drifted(self) -> bool:
        """Whether somebody else changed it: what `drift` reports."""
        by_field = any(field.verdict in ("drift", "clash") for field in self.fields)
        return by_field or self.verdict in ("drift", "deleted-outside", "clash")

    @property
    def records_only(self) -> bool:
        """Whether the record moves on without anything to write."""
        converged = any(field.verdict == "converged" for field in self.fields)
        return self.verdict in ("take-ownership", "forget") or (
            converged and self.verdict in ("equal", "drift", "clash")
        )


def unequal(declared: States, live: States, last: States | None) -> set[Address]:
    """The addresses at which the three sides are not plainly equal: at all others there is nothing to do.

    What is no difference needs no `Difference`: in a network that stands, that is nearly everything.
    """
    owned: States = last if last is not None else {}
    found = {
        address
        for address, want in declared.items()
        if (have := live.get(address)) is None
        or (had := owned.get(address)) is None
        or not (want.fields == have.fields == had.fields)
    }
    if found or not len(declared) == len(live) == len(owned):  # else all three name the same addresses
        found |= live.keys() - declared.keys()
        found |= owned.keys() - declared.keys()
    return found


def compare(
    declared: States,
    live: States,
    last: States | None,
    ignored: Callable[[Address, str], bool] = lambda _address, _field: False,
    addresses: Iterable[Address] | None = None,
) -> tuple[Difference, ...]:
    """What the three sides make of every address (or of `addresses` only), by address.

    `last` is None when the record is unknown. `ignored` tells which fields (and, with field "", which whole
    resources) are for others to write.
    """
    owned: States = last if last is not None else {}
    known = last is not None
    everywhere = declared.keys() | live.keys() | owned.keys() if addresses is None else addresses
    return tuple(
        _difference(address, declared.get(address), live.get(address), owned.get(address), ignored, known)
        for address in sorted(everywhere)
        if not ignored(address, "")
    )


def _difference(
    address: Address,
    declared: State | None,
    live: State | None,
    last: State | None,
    ignored: Callable[[Address, str], bool],
    known: bool,
) -> Difference:
    fields: tuple[FieldDifference, ...] = ()
    if declared is None:
        verdict = _undeclared(live, last, address, ignored)
    elif live is None:
        verdict = _absent(declared, last, address, ignored)
    else:
        found = field_differences(declared.fields, live.fields, last.fields if last else None)
        fields = tuple(field for field in found if not ignored(address, field.name))
        verdict = _present(fields, owned=last is not None)
    return Difference(address, declared, live, last, verdict, fields, known)


def _undeclared(
    live: State | None, last: State | None, address: Address, ignored: Callable[[Address, str], bool]
) -> Verdict:
    if live is None:
        return "forget"
    if last is None:
        return "unmanaged"
    return "delete" if _same(last, live, address, ignored) else "clash"


def _absent(
    declared: State, last: State | None, address: Address, ignored: Callable[[Address, str], bool]
) -> Verdict:
    if last is None:
        return "create"
    return "deleted-outside" if _same(declared, last, address, ignored) else "clash"


def _same(this: State, that: State, address: Address, ignored: Callable[[Address, str], bool]) -> bool:
    """Whether two sides agree on every field that is not for others to write."""
    differing = field_differences(this.fields, that.fields, None)
    return all(ignored(address, field.name) for field in differing)


def _present(fields: Iterable[FieldDifference], *, owned: bool) -> Verdict:
    verdicts = {field.verdict for field in fields}
    if not owned:
        return "take-over" if verdicts else "take-ownership"
    for field_verdict, verdict in _SUMMARY:
        if field_verdict in verdicts:
            return verdict
    return "equal"


_SUMMARY: tuple[tuple[FieldVerdict, Verdict], ...] = (
    ("pending", "update"),
    ("clash", "clash"),
    ("drift", "drift"),
)


def field_differences(declared: Fields, live: Fields, last: Fields | None) -> tuple[FieldDifference, ...]:
    """The fields on which the sides do not all agree, by name; `last` None: not owned, so all is pending."""
    if declared == live and (last is None or live == last):
        return ()
    names = sorted(declared.keys() | live.keys() | (last.keys() if last is not None else frozenset()))
    found = (_field_difference(name, declared, live, last) for name in names)
    return tuple(field for field in found if field is not None)


def _field_difference(
    name: str, declared: Fields, live: Fields, last: Fields | None
) -> FieldDifference | None:
    want, have = declared.get(name), live.get(name)
    had = last.get(name) if last is not None and not is_mark(want) else have
    if want == have == had:
        return None
    if want == have:
        verdict: FieldVerdict = "converged"
    elif want == had:
        verdict = "drift"
    else:
        verdict = "pending" if have == had else "clash"
    return FieldDifference(name, want, have, last.get(name) if last is not None else None, verdict)
