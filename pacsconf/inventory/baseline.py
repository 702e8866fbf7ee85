"""Faults that were found when an existing hospital was adopted, and are accepted until a day: the baseline.

What is accepted is still found, counted and told on request, but it stops nothing, so that only new faults do. An
entry without an end would be forgotten, so every one has a day and somebody who owns it.

What `policies/waivers.yaml` accepts stands beside it (`Waived`): a waiver is about built-in checks as well as about
policies, and counts wherever an entry of the baseline would.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from fnmatch import fnmatchcase

from pydantic import BaseModel, ConfigDict

from pacsconf.core.address import Address
from pacsconf.core.finding import Finding, Path
from pacsconf.inventory.values import DateText


class Accepted(BaseModel):
    """One accepted fault, by rule and by what it is about."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rule: str
    at: str
    """A path into the inventory (`devices.ct-1.ae_titles.CT_1`) or the address of a live resource
    (`directory/network-ae/ct-1/CT_1`); what stands below it is meant too."""
    owner: str
    until: DateText
    """The last day on which it is accepted."""
    reason: str = ""


class Waived(Accepted):
    """What one pattern of a waiver accepts: `at` may hold `*`, `?` and `[...]`."""

    waiver: str
    """The id of the waiver."""
    since: DateText
    """The first day on which it is accepted."""

    def covers(self, rule: str, at: str, today: date | None) -> bool:
        """Whether it means this rule at this place, and counts today (None: whatever the day)."""
        in_force = today is None or self.since <= today.isoformat() <= self.until
        return in_force and rule == self.rule and (at == self.at or fnmatchcase(at, self.at))


Baseline = Mapping[str, Accepted]


def entries(baseline: Baseline) -> dict[str, Accepted]:
    """The baseline's own entries, without what waivers accept beside it."""
    return {name: one for name, one in baseline.items() if not isinstance(one, Waived)}


def waivers(baseline: Baseline) -> tuple[Waived, ...]:
    """What waivers accept beside the baseline: one entry of each."""
    return tuple({one.waiver: one for one in baseline.values() if isinstance(one, Waived)}.values())


def accepted(findings: Iterable[Finding], baseline: Baseline, today: date | None) -> tuple[Finding, ...]:
    """The findings, those that the baseline accepts `today` marked as such; None: whatever the day."""
    by_place: dict[tuple[str, str], Accepted] = {}
    waived = [one for one in baseline.values() if isinstance(one, Waived)]
    for one in entries(baseline).values():
        if today is None or date.fromisoformat(one.until) >= today:
            by_place.setdefault((one.rule, one.at), one)
    return tuple(_marked(finding, by_place, waived, today) for finding in findings)


def _marked(
    finding: Finding,
    by_place: Mapping[tuple[str, str], Accepted],
    waived: Iterable[Waived],
    today: date | None,
) -> Finding:
    at = tuple(places(finding.path, finding.about))
    fitting = (by_place[key] for each in at if (key := (finding.rule, each)) in by_place)
    if one := next(fitting, None):
        return replace(finding, accepted=f"until {one.until} by {one.owner}")
    waivers = (one for one in waived if any(one.covers(finding.rule, each, today) for each in at))
    if by := next(waivers, None):
        return replace(finding, accepted=f"until {by.until} by {by.owner}, waiver {by.waiver}")
    return finding


def places(path: Path, about: Address | None) -> Iterator[str]:
    """Where something is, and all that it is below: what an entry may name that means it."""
    for text, mark in ((".".join(map(str, path)), "."), (str(about or ""), "/")):
        ends = (position for position, character in enumerate(text) if character == mark)
        yield from (each for each in (text, *(text[:end] for end in ends)) if each)


def remarks(baseline: Baseline, today: date | None) -> Iterator[Finding]:
    """What there is to say about the baseline itself: entries whose day has passed."""
    for name, one in entries(baseline).items():
        if today is not None and date.fromisoformat(one.until) < today:
            yield Finding(
                "PACS-BASE-001",
                "warning",
                f"{one.rule} at {one.at} was accepted until {one.until} only",
                "It counts again as any other fault does.",
                f"Mend what it is about and remove this entry, or agree with {one.owner} on another day.",
                path=("baseline", name, "until"),
            )


def superfluous(
    baseline: Baseline, findings: Collection[Finding], rules: Collection[str]
) -> Iterator[Finding]:
    """Entries that accept nothing any more, as far as `rules` tell, which were all looked at."""
    wrong = {(finding.rule, at) for finding in findings for at in places(finding.path, finding.about)}
    for name, one in entries(baseline).items():
        if one.rule in rules and (one.rule, one.at) not in wrong:
            yield Finding(
                "PACS-BASE-002",
                "info",
                f"{one.rule} at {one.at} is accepted, and nothing is wrong there any more",
                "While it stands, the same fault would come back unseen.",
                "Remove this entry.",
                path=("baseline", name),
            )
