"""What the template of the page sees: rows that are laid out already, so that it has nothing to reckon."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pacsconf.policy.audit import Audit, AuditedResult, AuditedRule
from pacsconf.policy.results import STATES, State
from pacsconf.policy.rule import SEVERITIES, TIERS, Framework, Tier
from pacsconf.report.audit.summary import SIGNS, Judged, kind_words

ALIKE = 8
"""Results of one rule with the same words that have a row each; of more, the names stand in one row."""
MOST_ROWS = 500
"""Rows of one rule for single results; the names of the others stand together, without their messages."""
DETAILED = 60_000
"""Results up to which each device says which rules held; in a larger audit only how many."""
PRINTED = 5_000
"""Results up to which everything is printed; of a larger audit, long lists of names and quiet devices are not."""
OPEN = 300
"""Devices up to which they are shown unfolded."""


@dataclass(frozen=True, slots=True)
class Place:
    """A site as the filter knows it: its number among the sites, in the order of their names."""

    key: int
    name: str

    @property
    def shown(self) -> str:
        return self.name or "no site"


@dataclass(frozen=True, slots=True)
class ResultRow:
    """One result, or many that differ by name alone."""

    state: State
    site: Place
    names: tuple[str, ...]
    evidence: Tier
    message: str = ""
    waiver: str = ""
    system: str = ""
    origin: str = ""
    """File and line, of a single one."""

    @property
    def sign(self) -> str:
        return SIGNS[self.state]

    @property
    def text(self) -> str:
        return ", ".join(self.names)


@dataclass(frozen=True, slots=True)
class RulePart:
    """A rule with its rows; `anchor` is where links to it lead."""

    rule: AuditedRule
    anchor: str
    worst: State
    counts: Mapping[State, int]
    rows: tuple[ResultRow, ...]
    kind: str
    controls: tuple[tuple[Framework, str], ...]

    @property
    def sign(self) -> str:
        return SIGNS[self.worst]

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def rank(self) -> int:
        return SEVERITIES.index(self.rule.severity)


def anchors(rules: Iterable[str]) -> dict[str, str]:
    """Where each rule is found on the page. A number where the id could not be part of an address."""
    return {
        name: f"rule-{name}" if name.isascii() and name.replace("-", "").isalnum() else f"rule.{at}"
        for at, name in enumerate(rules)
    }


def sites_of(audit: Audit) -> dict[str, Place]:
    """The sites that results are of; what belongs to none is last."""
    names = sorted({one.site for one in audit.results}, key=lambda name: (not name, name))
    return {name: Place(key, name) for key, name in enumerate(names)}


# --- by rule ------------------------------------------------------------------------------------------------------


def rule_parts(
    rules: Sequence[Judged], sites: Mapping[str, Place], waivers: Mapping[str, str]
) -> tuple[RulePart, ...]:
    """Every rule with all that it came to; `waivers` are words for each, by id."""
    where = anchors(one.rule.id for one in rules)
    return tuple(
        RulePart(
            one.rule,
            where[one.rule.id],
            one.worst,
            one.counts,
            tuple(_rows(one.results, sites, waivers)),
            kind_words(one.rule.kind),
            tuple((framework, control) for framework, ids in one.rule.controls.items() for control in ids),
        )
        for one in rules
    )


def _rows(
    results: Sequence[AuditedResult], sites: Mapping[str, Place], waivers: Mapping[str, str]
) -> Iterator[ResultRow]:
    groups: dict[tuple[State, str, str, str, Tier, str], list[AuditedResult]] = defaultdict(list)
    for one in results:
        stands_on: tuple[Tier, str] = ("declared", "") if one.state == "n/a" else (one.evidence, one.system)
        groups[one.state, one.site, one.message, one.waiver, *stands_on].append(one)
    left = MOST_ROWS
    rest: dict[tuple[State, str, Tier], list[str]] = defaultdict(list)
    for key in sorted(groups, key=lambda key: (STATES.index(key[0]), not key[1], *key[1:])):
        state, site, message, waiver_id, evidence, system = key
        waiver = waivers.get(waiver_id, waiver_id)
        found = groups[key]
        if state in ("pass", "n/a") or len(found) > ALIKE:
            names = tuple(one.name for one in found)
            yield ResultRow(state, sites[site], names, evidence, message, waiver, system)
            continue
        for one in found:
            if left > 0:
                left -= 1
                origin = f"{one.file}:{one.line}" if one.file and one.line else one.file
                yield ResultRow(state, sites[site], (one.name,), evidence, message, waiver, system, origin)
            else:
                rest[state, site, evidence].append(one.name)
    for (state, site, evidence), more in rest.items():
        message = "These as well; what is wrong with each stands in the audit's JSON."
        yield ResultRow(state, sites[site], tuple(more), evidence, message)


# --- by control ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ControlRow:
    """A control with the rules that support it, and what those came to."""

    control: str
    title: str
    rules: tuple[RulePart, ...]
    counts: Mapping[State, int]

    @property
    def worst(self) -> State:
        return next((state for state in STATES if self.counts.get(state)), "n/a")

    @property
    def sign(self) -> str:
        return SIGNS[self.worst]


@dataclass(frozen=True, slots=True)
class FrameworkPart:
    """A framework: its controls that rules support, and those that are listed and no rule here supports."""

    id: Framework
    title: str
    rows: tuple[ControlRow, ...]
    without: tuple[tuple[str, str], ...] = ()


def framework_part(
    framework: Framework, title: str, rules: Iterable[RulePart], titles: Mapping[str, str]
) -> FrameworkPart:
    """One framework, its controls by number as people count them."""
    supported: dict[str, list[RulePart]] = defaultdict(list)
    for one in rules:
        for control in dict.fromkeys(one.rule.controls.get(framework, ())):
            supported[control].append(one)
    rows = tuple(
        ControlRow(control, titles.get(control, ""), tuple(ones), _sum(one.counts for one in ones))
        for control, ones in sorted(supported.items(), key=lambda row: in_order(row[0]))
    )
    without = tuple((name, titles[name]) for name in sorted(titles, key=in_order) if name not in supported)
    return FrameworkPart(framework, title, rows, without)


def _sum(counts: Iterable[Mapping[State, int]]) -> Counter[State]:
    found: Counter[State] = Counter()
    for one in counts:
        found.update(one)
    return found


def in_order(name: str) -> tuple[tuple[int, int, str], ...]:
    """A key by which AC-2 stands before AC-10."""
    return tuple(
        (0, int(part), "") if part.isdecimal() and len(part) < 10 else (1, 0, part)
        for part in re.findall(r"[0-9]+|[^0-9]+", name)
    )


# --- by device and site -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """A device (or what belongs to none, by kind) with what every rule came to on it and all that is on it."""

    name: str
    site: Place
    counts: Counter[State] = field(default_factory=Counter)
    rules: dict[State, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    severities: set[str] = field(default_factory=set)

    @property
    def worst(self) -> State:
        return next((state for state in STATES if self.counts[state]), "n/a")

    @property
    def sign(self) -> str:
        return SIGNS[self.worst]

    @property
    def states(self) -> str:
        """Its states as the filter reads them."""
        return " ".join(state for state in STATES if self.counts[state])

    def named(self, state: State) -> str:
        """The rules that came to a state, and how often where it is more than once."""
        return ", ".join(
            f"{name} ({times})" if times > 1 else name for name, times in sorted(self.rules[state].items())
        )


@dataclass(frozen=True, slots=True)
class SiteDevices:
    """The devices of a site."""

    site: Place
    rows: tuple[DeviceRow, ...]
    counts: Mapping[State, int]


def devices_by_site(rows: Iterable[DeviceRow]) -> tuple[SiteDevices, ...]:
    """Devices under their sites."""
    found: dict[Place, list[DeviceRow]] = defaultdict(list)
    for row in rows:
        found[row.site].append(row)
    return tuple(
        SiteDevices(site, tuple(ones), _sum(one.counts for one in ones)) for site, ones in found.items()
    )


def device_rows(
    rules: Sequence[Judged], sites: Mapping[str, Place], *, of_devices: bool
) -> tuple[DeviceRow, ...]:
    """Devices, or what belongs to none, by kind; by site, the worst first."""
    found: dict[tuple[str, str], DeviceRow] = {}
    for one in rules:
        for result in one.results:
            if bool(result.device) != of_devices:
                continue
            key = (result.site, result.device or result.kind)
            if (row := found.get(key)) is None:
                row = found[key] = DeviceRow(result.device or kind_words(result.kind), sites[result.site])
            row.counts[result.state] += 1
            row.rules[result.state][one.rule.id] += 1
            if result.state not in ("pass", "n/a"):
                row.severities.add(one.rule.severity)
    return tuple(
        sorted(found.values(), key=lambda row: (row.site.key, STATES.index(row.worst), in_order(row.name)))
    )


@dataclass(frozen=True, slots=True)
class SiteRow:
    """A site: its devices, and what came out there, what belongs to none of them included."""

    site: Place
    devices: int
    counts: Mapping[State, int]
    evidence: Mapping[Tier, int]
    """What its passes stand on."""


def site_rows(audit: Audit, sites: Mapping[str, Place]) -> tuple[SiteRow, ...]:
    """Every site with results."""
    devices: dict[str, set[str]] = defaultdict(set)
    counts: dict[str, Counter[State]] = defaultdict(Counter)
    evidence: dict[str, Counter[Tier]] = defaultdict(Counter)
    for one in audit.results:
        counts[one.site][one.state] += 1
        if one.device:
            devices[one.site].add(one.device)
        if one.state == "pass":
            evidence[one.site][one.evidence] += 1
    return tuple(
        SiteRow(
            place, len(devices[name]), counts[name], {tier: evidence[name][tier] for tier in reversed(TIERS)}
        )
        for name, place in sites.items()
    )
