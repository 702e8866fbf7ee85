"""The record as a person reads it: its entries, and one change set in full."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pacsconf.core.approval import PlanApproval
from pacsconf.core.attestation import Attestation
from pacsconf.core.changeset import ChangeSet
from pacsconf.core.moment import iso_in_words
from pacsconf.report.lines import BLANK, Line, Lines, Span, columns, joined, line, padded, width_of, wrapped
from pacsconf.report.plan.apply_text import outcome_text, outcomes_sum, outcomes_text, proofs_text
from pacsconf.report.plan.changes_text import changes_text
from pacsconf.report.plan.in_out import told_of
from pacsconf.report.plan.purges_text import purges_text
from pacsconf.report.plan.rollback_text import lost_text, rollback_of, stays_text
from pacsconf.report.values import text_of
from pacsconf.report.view import DEFAULT_VIEW, View, short
from pacsconf.report.words import counted


@dataclass(frozen=True, slots=True)
class Entry:
    """One commit of the record: `id` is the change set's where there is one, `kind` what it was (apply, hold)."""

    id: str
    when: str
    who: str
    kind: str
    summary: str
    commit: str


def history_text(environment: str, entries: Sequence[Entry], width: int = 80, *, more: bool = False) -> Lines:
    """The record's entries as given, one row each, what is too long below it; `more` if there are others."""
    if not entries:
        return (line(f"Nothing is recorded for {environment} yet."),)
    room = columns(width)
    whens, kinds, whos = (
        max(width_of(line(getattr(entry, name))) for entry in entries) for name in ("when", "kind", "who")
    )
    rows = (
        row for entry in entries for row in _entry(entry, whens, kinds, min(whos, max(12, room // 5)), room)
    )
    number = counted(len(entries), "entry")
    head = f"History of {environment}, {f'the newest {number} (--limit shows more)' if more else number}"
    return (line(Span(head, "strong")), BLANK, *rows)


def _entry(entry: Entry, whens: int, kinds: int, whos: int, width: int) -> Lines:
    first = line(
        Span(f"  {padded(entry.commit[:7], 7)}", "update"),
        f"  {padded(entry.when, whens)}  ",
        Span(padded(entry.kind, kinds), "strong"),
        f"  {padded(entry.who, whos)}  ",
    )
    known = f"{entry.summary} [{entry.id}]" if entry.id else entry.summary
    return wrapped(known, width, first=first, indent=11)


def changeset_text(changeset: ChangeSet, view: View = DEFAULT_VIEW, *, commit: str = "") -> Lines:
    """A change set in full: who and why, what was planned, what became of it."""
    planned = changes_text(changeset.plan.runs, view)
    return joined(
        (
            tuple(_facts(changeset, commit, view.columns)),
            purges_text(changeset.plan.runs, view),
            (line(Span("What was planned", "strong")), *planned) if planned else (),
            stays_text(changeset.plan, view),
            lost_text(changeset.plan, view),
            _outcomes(changeset, view),
            proofs_text(changeset.proofs, view.width),
            wrapped(outcomes_sum(changeset), view.columns, style="strong"),
        )
    )


def attestations_text(
    environment: str, said: Sequence[Attestation], *, commit: str, width: int = 80
) -> Lines:
    """What one commit of the record attests: by whom, when, why, and of each row what stands."""
    room = columns(width)
    return (
        line(Span(f"Attested of {environment}, commit {commit[:7]}", "strong")),
        *(row for one in said[:1] for row in _said_by(one, room)),
        BLANK,
        *(row for one in said for row in _stands(one, room)),
    )


def _said_by(one: Attestation, width: int) -> Iterator[Line]:
    how = "a person's word" if one.how == "attested" else "seen on the wire"
    for name, text in (("by", one.by), ("at", iso_in_words(one.at)), ("how", how), ("reason", one.reason)):
        if text:
            yield from wrapped(text, width, first=line(Span(f"  {padded(name, 11)}  ", "faint")))


def _stands(one: Attestation, width: int) -> Iterator[Line]:
    yield line(f"  {one.address}", "" if one.state else "  is gone")
    for name, value in sorted(one.state.fields.items()) if one.state else ():
        yield from wrapped(text_of(value, DEFAULT_VIEW), width, first=line(f"      {padded(name, 11)}  "))


def _outcomes(changeset: ChangeSet, view: View) -> Lines:
    """What became of every change; those that went well are counted unless all is asked for."""
    shown = [one for one in changeset.outcomes if view.verbose or one.status != "applied"]
    done = sum(one.status == "applied" for one in changeset.done)
    invited = sum(one.status == "applied" for one in changeset.invited)
    told = sum(one.status == "applied" for one in changeset.told)
    if not changeset.outcomes:
        return ()
    whose = told_of(changeset.plan.runs)
    return (
        line(Span("What became of it", "strong")),
        *(_went_well(f"{counted(done, 'change')} done") if done and not view.verbose else ()),
        *(_went_well(f"{counted(told, 'program')} reloaded") if told and not view.verbose else ()),
        *(_went_well(f"{counted(invited, 'user')} invited") if invited and not view.verbose else ()),
        *(
            (row for outcome in shown for row in outcome_text(outcome, view.width, whose))
            if view.verbose
            else outcomes_text(shown, view.width, whose)
        ),
    )


def _went_well(text: str) -> Lines:
    return (line("  ", Span("✓", "good"), f" {text} ", Span("(--verbose)", "faint")),)


def _approved(one: PlanApproval) -> str:
    signed = f"signed with {one.key}" if one.key else "signature not checked"
    return " · ".join(filter(None, (f"{one.by}, {iso_in_words(one.at)}", one.reason, signed)))


def _facts(changeset: ChangeSet, commit: str, width: int) -> Iterator[Line]:
    yield line(Span(f"Change set {changeset.id}", "strong"), f" · {changeset.status}")
    plan = changeset.plan
    facts = (
        ("environment", plan.environment),
        ("takes back", rollback_of(plan)),
        ("takes away", f"what had ended by {plan.options.due[0]}" if plan.options.due else ""),
        ("offboards", "".join(plan.options.leaver)),
        ("operator", changeset.operator),
        ("ran on", changeset.runner),
        ("opened", iso_in_words(changeset.opened)),
        (
            "lease until" if changeset.status == "open" else "closed",
            iso_in_words(changeset.closed or changeset.lease_until),
        ),
        ("reason", changeset.reason),
        ("ticket", changeset.ticket),
        ("let through", ", ".join(changeset.acks)),
        *(("approved by", _approved(one)) for one in changeset.approvals),
        (
            "plan",
            f"{short(plan.digest)}, inventory {plan.basis.commit[:7] or 'not in git'}, as of {plan.basis.as_of}",
        ),
        ("commit", commit),
    )
    for name, text in facts:
        if text:
            yield from wrapped(text, width, first=line(Span(f"  {padded(name, 11)}  ", "faint")))
