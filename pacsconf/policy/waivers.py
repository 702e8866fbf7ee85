"""Waivers: read from `policies/waivers.yaml`, and applied to what rules came to.

A waiver accepts failures alone. A rule that is broken, and what could not be looked at, is nobody's to accept.
What is to be said about waivers that stand is in `waiver_remarks`.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise

from pydantic import BaseModel, ConfigDict

from pacsconf.core.finding import Finding, Place
from pacsconf.inventory.baseline import Accepted, Baseline, entries, places
from pacsconf.inventory.baseline import Waived as WaivedPlace
from pacsconf.inventory.document import parse
from pacsconf.inventory.files import decoded
from pacsconf.inventory.members import member
from pacsconf.inventory.model import Inventory
from pacsconf.inventory.sources import Sources
from pacsconf.inventory.tree import Node
from pacsconf.inventory.validation import checked, unknown_key
from pacsconf.inventory.values import DateText, Texts
from pacsconf.policy.results import Result, RuleResults, code_of
from pacsconf.policy.scopes import fits, places_of, why_no_scope
from pacsconf.policy.subject import Subject
from pacsconf.policy.waiver import LONGEST, Waiver
from pacsconf.policy.waiver_remarks import remarks

FILE = "policies/waivers.yaml"
"""Where they stand, in the inventory's repository."""
WAIVERS = "waivers"


class Written(BaseModel):
    """A waiver as it was written; what is missing is told by our own rules."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rule: str = ""
    scope: Texts = ()
    owner: str = ""
    approver: str = ""
    reason: str = ""
    control: str = ""
    since: DateText = ""
    until: DateText = ""
    renewals: tuple[DateText, ...] = ()


KEYS = tuple(Written.model_fields)


def read(file: str, data: bytes) -> tuple[tuple[Waiver, ...], tuple[Finding, ...]]:
    """The waivers of a file that stand, and what is wrong with the others, each with its place.

    A waiver with a mistake accepts nothing.
    """
    text = decoded(file, data)
    if isinstance(text, Finding):
        return (), (text,)
    tree, wrong = parse(text, file)
    if tree is None:
        return (), wrong
    if not isinstance(tree.value, dict):
        return (), (*wrong, _no_map(tree.place))
    findings = [*wrong]
    for key in tree.entries.keys() - {WAIVERS}:
        findings += Sources(tree).located([unknown_key(key, (WAIVERS,), (key,))])
    held = tree.entries.get(WAIVERS)
    if held is not None and held.value is not None and not isinstance(held.value, dict):
        findings.append(_no_map(held.place))
    found: list[Waiver] = []
    for name, node in held.entries.items() if held else ():
        waiver, mistakes = _waiver(name, node, tree)
        findings += mistakes
        found += [waiver] if waiver else []
    return tuple(found), tuple(sorted(findings, key=lambda one: (one.place or Place(file, 0, 0), one.rule)))


def _waiver(name: str, node: Node, tree: Node) -> tuple[Waiver | None, tuple[Finding, ...]]:
    """One waiver, None where it does not stand."""
    path = (WAIVERS, name)
    written, findings = member(Written, node, path)
    located = Sources(tree).located(findings)
    if written is None or located:
        return None, located
    wrong = tuple(Sources(tree).located(_mistakes(name, written)))
    if wrong:
        return None, wrong
    return Waiver(
        name,
        written.rule,
        written.scope,
        written.owner,
        written.approver,
        written.reason,
        written.control,
        date.fromisoformat(written.since),
        date.fromisoformat(written.until),
        tuple(map(date.fromisoformat, written.renewals)),
        node.key or node.place,
    ), ()


def mistakes_of(name: str, entry: Mapping[str, object]) -> tuple[Finding, ...]:
    """What is wrong with a waiver that is about to be written; `entry` are its keys."""
    written, findings = checked(Written, dict(entry), (WAIVERS, name))
    return findings if written is None else tuple(_mistakes(name, written))


def _mistakes(name: str, written: Written) -> Iterator[Finding]:
    path = (WAIVERS, name)
    if not written.until:
        yield Finding(
            "PACS-WAIV-001",
            "error",
            f"Waiver {name} has no end",
            "What is accepted without an end is forgotten, and nobody looks at it again.",
            f"Say until which day it counts, at most {LONGEST} days after it begins: until: YYYY-MM-DD",
            path=path,
        )
    needed = ("rule", "scope", "owner", "approver", "reason", "control", "since")
    if missing := [key for key in needed if not _is_said(getattr(written, key))]:
        yield Finding(
            "PACS-WAIV-002",
            "error",
            f"Waiver {name} does not say: {', '.join(missing)}",
            "It is accepted by somebody who answers for it, and another who agreed, for a reason, from a day on, "
            "with something that makes up for it meanwhile (control).",
            "Add it.",
            path=path,
        )
    if _is_said(written.owner) and alike(written.owner, written.approver):
        yield Finding(
            "PACS-WAIV-003",
            "error",
            f"{written.owner} is owner and approver of waiver {name}",
            "Who has to live with a failure is not to accept it alone.",
            "Have somebody else look at it, and name them as its approver.",
            path=(*path, "approver"),
        )
    for position, pattern in enumerate(written.scope):
        if why := why_no_scope(pattern):
            yield Finding(
                "PACS-WAIV-004",
                "error",
                f'Scope "{pattern}" of waiver {name} cannot stand: {why}',
                "A waiver is about what somebody looked at, not about whatever comes.",
                "Name resources (ae:us-1/*, flow:ct-to-archive), a device with all that is on it (device:us-1), a "
                "site (site:north), or the address of a live resource (orthanc/peer/ct-1).",
                path=(*path, "scope", position),
            )
    yield from _dates(name, written)


def _is_said(value: str | Sequence[str]) -> bool:
    texts = (value,) if isinstance(value, str) else value
    return bool(texts) and all(text.strip() for text in texts)


def _dates(name: str, written: Written) -> Iterator[Finding]:
    """What is wrong with its days: they go forward, by at most so many days each time."""
    path = (WAIVERS, name)
    if not (written.since and written.until):
        return
    days = [date.fromisoformat(day) for day in (written.since, *written.renewals, written.until)]
    if any(after < before for before, after in pairwise(days)) or len(set(days[1:])) < len(days) - 1:
        yield Finding(
            "PACS-WAIV-005",
            "error",
            f"The days of waiver {name} do not follow each other",
            "It counts from since to until; renewals are its former ends, the oldest first.",
            "Put them right, or have it written: pacsconf waiver add --renew",
            path=(*path, "until"),
        )
        return
    for number, (before, after) in enumerate(pairwise(days)):
        if (after - before).days > LONGEST:
            is_last = number == len(days) - 2
            yield Finding(
                "PACS-WAIV-006",
                "error",
                f"Waiver {name} lasts {(after - before).days} days from {before}; {LONGEST} are the most",
                "What is accepted longer is no exception any more.",
                f"End it on {_longest(before)} at the latest, and renew it then; or change the rule for this site.",
                path=(*path, "until") if is_last else (*path, "renewals", number),
            )


def _longest(before: date) -> date:
    return min(before, date.max - timedelta(LONGEST)) + timedelta(LONGEST)


def alike(one: str, other: str) -> bool:
    """Whether two texts spell the same somebody: whatever the case, accents, punctuation, order, or mail domain."""
    return not _spelt(one).isdisjoint(_spelt(other))


def _spelt(text: str) -> frozenset[str]:
    """The letters of a text, its words as they stand and in order."""
    plain = unicodedata.normalize("NFKD", text.partition("@")[0])
    bare = "".join(char for char in plain if not unicodedata.combining(char)).casefold()
    words = re.findall(r"[^\W_]+", bare)
    return frozenset({"".join(words), "".join(sorted(words))} if words else {text.strip()})


def _no_map(place: Place) -> Finding:
    return Finding(
        "PACS-YAML-012",
        "error",
        "The file of waivers needs a map here (lines of `key: value`)",
        fix="Write waivers: and below it the id of each, with its keys.",
        place=place,
    )


def as_accepted(waivers: Iterable[Waiver], inventory: Inventory) -> dict[str, WaivedPlace]:
    """What waivers accept of the findings of built-in checks, as entries beside the baseline."""
    return {
        f"waiver {one.id} {number}": WaivedPlace(
            rule=one.rule,
            at=at,
            owner=one.owner,
            until=one.until.isoformat(),
            reason=one.reason,
            waiver=one.id,
            since=one.since.isoformat(),
        )
        for one in waivers
        for number, at in enumerate(dict.fromkeys(at for p in one.scope for at in places_of(p, inventory)))
    }


# --- applied -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Waived:
    """What rules came to once waivers and the baseline were looked at."""

    results: tuple[RuleResults, ...]
    uses: Mapping[str, int] = field(default_factory=dict)
    """By waiver's id, or `baseline/NAME`, how many faults it accepts; 0 where it was looked for and none is there.
    What cannot be told is absent: its rule was not judged, or something that it means could not be looked at."""
    findings: tuple[Finding, ...] = ()
    """About the waivers themselves."""


def apply(
    results: Iterable[RuleResults],
    waivers: Iterable[Waiver],
    baseline: Baseline,
    today: date,
    built_in: Collection[Finding] = (),
    ids: Collection[str] = (),
) -> Waived:
    """The results with failures accepted, and what there is to say about what accepts them.

    The first waiver that means a failure is the one that is used, then the baseline. `built_in` is all that checks
    of these `ids` found: a waiver is used by what it accepts there, too.
    """
    judged, held = tuple(results), tuple(waivers)
    by_rule: dict[str, list[Waiver]] = {}
    for waiver in held:
        if waiver.covers(today):
            by_rule.setdefault(waiver.rule, []).append(waiver)
    agreed: dict[str, dict[str, Accepted]] = {}
    for name, entry in entries(baseline).items():
        if entry.until >= today.isoformat():
            agreed.setdefault(entry.rule, {})[f"baseline/{name}"] = entry
    uses: dict[str, int] = {}
    made = []
    for one in judged:
        known, accepting = by_rule.get(one.rule.id, ()), agreed.get(one.rule.id, {})
        made.append(_accepting(one, known, accepting, uses) if known or accepting else one)
    _count_built_in(uses, by_rule, {one.rule.id for one in judged}, built_in, ids)
    subjects = {one.rule.id: one.subjects for one in judged}
    nowhere = {
        one.id
        for one in held
        if uses.get(one.id) == 0 and not any(fits(one.scope, each) for each in subjects.get(one.rule, ()))
    }
    return Waived(tuple(made), uses, tuple(remarks(held, uses, nowhere, today)))


def _accepting(
    results: RuleResults, waivers: Sequence[Waiver], baseline: Mapping[str, Accepted], uses: dict[str, int]
) -> RuleResults:
    """The results of one rule, failures accepted; `uses` learns by what."""
    found: dict[int, Result] = {}
    seen: Counter[str] = Counter()
    for position, code in enumerate(results.states):
        if code != _FAIL:
            continue
        result = results.details[position]
        by = next((one for one in waivers if fits(one.scope, result.subject)), None)
        name = next((name for name, one in baseline.items() if _is_at(one, result.subject)), "")
        if by is not None:
            seen[by.id] += 1
            found[position] = result.waived(f"{by.id} until {by.until} by {by.owner}")
        elif name:
            seen[name] += 1
            entry = baseline[name]
            found[position] = result.waived(f"{name} until {entry.until} by {entry.owner}")
    blind = [one.subject for one in results.of("unknown", "error")]
    for one in waivers:
        if seen[one.id] or not any(fits(one.scope, subject) for subject in blind):
            uses[one.id] = seen[one.id]
    for name, entry in baseline.items():
        if seen[name] or not any(_is_at(entry, subject) for subject in blind):
            uses[name] = seen[name]
    return results.replaced(found) if found else results


_FAIL = code_of("fail")


def _is_at(entry: Accepted, subject: Subject) -> bool:
    at = (*places(subject.path, None), *(each for about in subject.about for each in places((), about)))
    return entry.at in at


def _count_built_in(
    uses: dict[str, int],
    by_rule: Mapping[str, Sequence[Waiver]],
    judged: Collection[str],
    built_in: Iterable[Finding],
    ids: Collection[str],
) -> None:
    """What waivers accept of built-in checks; a waiver of which policies could not tell stays untold without."""
    seen = Counter(one.accepted.rpartition(", waiver ")[2] for one in built_in if ", waiver " in one.accepted)
    for rule in by_rule.keys() & set(ids):
        for waiver in by_rule[rule]:
            if seen[waiver.id] or waiver.id in uses or rule not in judged:
                uses[waiver.id] = uses.get(waiver.id, 0) + seen[waiver.id]


def waiver_of(result: Result) -> str:
    """The id of the waiver that accepts a result, or `baseline/NAME`."""
    return re.split(r" until \d{4}-\d\d-\d\d by ", result.waiver, maxsplit=1)[0]
