"""Faults that were found when an existing hospital was adopted, and are accepted until a day: the baseline.

What is accepted is still found, counted and told on request, but it stops nothing, so that only new faults do. An
entry without an end would be forgotten, so every one has a day and somebody who owns it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date

from pydantic import BaseModel, ConfigDict

from pacsconf.core.finding import Finding
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


Baseline = Mapping[str, Accepted]


def accepted(findings: Iterable[Finding], baseline: Baseline, today: date | None) -> tuple[Finding, ...]:
    """The findings, those that the baseline accepts `today` marked as such; None: whatever the day."""
    by_place: dict[tuple[str, str], Accepted] = {}
    for one in baseline.values():
        if today is None or date.fromisoformat(one.until) >= today:
            by_place.setdefault((one.rule, one.at), one)
    return tuple(_marked(finding, by_place) for finding in findings)


def _marked(finding: Finding, by_place: Mapping[tuple[str, str], Accepted]) -> Finding:
    fitting = (by_place[key] for at in _places(finding) if (key := (finding.rule, at)) in by_place)
    one = next(fitting, None)
    return replace(finding, accepted=f"until {one.until} by {one.owner}") if one else finding


def _places(finding: Finding) -> Iterator[str]:
    """Where a finding is, and all that it is below: what an entry may name that means it."""
    path, about = ".".join(map(str, finding.path)), str(finding.about or "")
    for text, mark in ((path, "."), (about, "/")):
        ends = (position for position, character in enumerate(text) if character == mark)
        yield from (text, *(text[:end] for end in ends))


def remarks(baseline: Baseline, today: date | None) -> Iterator[Finding]:
    """What there is to say about the baseline itself: entries whose day has passed."""
    for name, one in baseline.items():
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
    wrong = {(finding.rule, at) for finding in findings for at in _places(finding)}
    for name, one in baseline.items():
        if one.rule in rules and (one.rule, one.at) not in wrong:
            yield Finding(
                "PACS-BASE-002",
                "info",
                f"{one.rule} at {one.at} is accepted, and nothing is wrong there any more",
                "While it stands, the same fault would come back unseen.",
                "Remove this entry.",
                path=("baseline", name),
            )
