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
    by_rule: dict[str, list[Accepted]] = {}
    for one in baseline.values():
        if today is None or date.fromisoformat(one.until) >= today:
            by_rule.setdefault(one.rule, []).append(one)
    return tuple(_marked(finding, by_rule.get(finding.rule, ())) for finding in findings)


def _marked(finding: Finding, candidates: Iterable[Accepted]) -> Finding:
    fitting = (one for one in candidates if _means(one.at, finding))
    one = next(fitting, None)
    return replace(finding, accepted=f"until {one.until} by {one.owner}") if one else finding


def _means(at: str, finding: Finding) -> bool:
    path = ".".join(map(str, finding.path))
    about = str(finding.about) if finding.about else ""
    return at in (path, about) or path.startswith(f"{at}.") or about.startswith(f"{at}/")


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
    for name, one in baseline.items():
        mine = any(finding.rule == one.rule and _means(one.at, finding) for finding in findings)
        if one.rule in rules and not mine:
            yield Finding(
                "PACS-BASE-002",
                "info",
                f"{one.rule} at {one.at} is accepted, and nothing is wrong there any more",
                "While it stands, the same fault would come back unseen.",
                "Remove this entry.",
                path=("baseline", name),
            )
