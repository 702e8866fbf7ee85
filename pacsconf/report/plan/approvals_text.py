"""Approvals as a person reads them: what a plan needs, who gave it, and what to type."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pacsconf.core.approval import Applier, PlanApproval, Standing, standings
from pacsconf.core.moment import iso_in_words
from pacsconf.core.plan import Plan
from pacsconf.report.lines import Line, Lines, Span, columns, commanded, line, padded, wrapped
from pacsconf.report.view import View, approving

_ANYBODY = Applier("")
"""Who applies is not known while a plan is looked at."""


def approvals_of(plan: Plan, view: View) -> tuple[Standing, ...]:
    """How each asked risk class stands, whoever applies."""
    return standings(plan.asked, view.approvals, _ANYBODY)


def approvals_text(plan: Plan, view: View) -> Lines:
    """What a plan needs of others, and what of it was given; and other rules that would go into the record."""
    return (*_asked(plan, view), *_first(plan, view))


def _asked(plan: Plan, view: View) -> Iterator[Line]:
    found = approvals_of(plan, view)
    if not found:
        return
    yield line(Span("Approvals, by somebody else than who applies", "strong"))
    for one in found:
        yield from wrapped(sentence_of(one), view.columns, first=line("  ", _sign(one), " "), indent=4)
        for row in given_words(one):
            yield from wrapped(row, view.columns, first=line("      "))
    if not all(one.is_met for one in found) and not plan.options.at:
        yield from commanded(
            line("    ", Span("to approve", "faint"), "  "), approving(plan, view), view.columns
        )


def _sign(one: Standing) -> Span:
    return Span("✓", "good") if one.is_met else Span("!", "warning")


def sentence_of(one: Standing) -> str:
    """`data-loss: 0 of 1, by Anna Berg or ben@example.org`."""
    return f"{one.risk}: {len(one.counted)} of {one.rule.count}, by {' or '.join(one.rule.approvers)}"


def given_words(one: Standing) -> tuple[str, ...]:
    """Who approved when and why, and whose approval does not count."""
    counted = (
        " · ".join(
            filter(
                None, (f"{given.by}, {iso_in_words(given.at)}", given.reason, "signed" if given.key else "")
            )
        )
        for given in one.counted
    )
    return (*counted, *(f"does not count: {given.by} {why}" for given, why in one.others))


def _first(plan: Plan, view: View) -> Iterator[Line]:
    """Rules of classes that had none."""
    new = {
        risk: rule for risk, rule in plan.approvals.declared.items() if risk not in plan.approvals.recorded
    }
    if new:
        yield line(Span("Into the record: who must approve what from now on", "strong"))
    for risk, rule in new.items():
        yield from wrapped(f"{risk}: {rule}", view.columns, first=line("    "))


def approved_text(environment: str, given: Sequence[PlanApproval], *, commit: str, width: int = 80) -> Lines:
    """What one commit of the record approves: which plan, by whom, when, why, and who signed."""
    rows = (row for one in given for row in _facts(one, columns(width)))
    return (line(Span(f"Approved for {environment}, commit {commit[:7]}", "strong")), *rows)


def _facts(one: PlanApproval, width: int) -> Iterator[Line]:
    facts = (
        ("plan", one.digest),
        ("by", one.by),
        ("at", iso_in_words(one.at)),
        ("reason", one.reason),
        ("signature", one.flaw or one.key or "not checked"),
    )
    for name, text in facts:
        if text:
            yield from wrapped(text, width, first=line(Span(f"  {padded(name, 11)}  ", "faint")))
