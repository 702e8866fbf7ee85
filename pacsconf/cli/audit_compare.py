"""The commands `audit list` and `audit diff`: audits that were made, and what became different between two."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING

import typer

from pacsconf.cli import workspace
from pacsconf.cli.compare_commands import opened
from pacsconf.cli.exits import Exit
from pacsconf.cli.screen import Screen, sentence

if TYPE_CHECKING:
    from pacsconf.cli.workspace import Workspace
    from pacsconf.policy.audit import Audit
    from pacsconf.policy.drift import Drift, Key
    from pacsconf.policy.drift_causes import Cause
    from pacsconf.record.audits import RecordedAudit
    from pacsconf.record.record import Record

MOST = 60
"""Audits between two that are read to find since when; each may have as many lines as there are results."""


def listed(context: typer.Context, limit: int, format: str) -> Exit:  # noqa: A002
    """The newest audits, up to a limit."""
    screen: Screen = context.obj.screen
    work = opened(context, format)
    with workspace.record(work) as store:
        store.state().require_known()
        found = store.audits()
    from pacsconf.report.audit.list_text import audits_json, audits_text

    if format == "json":
        screen.raw(audits_json(work.environment, found[:limit]))
    else:
        more = len(found) > limit
        screen.show(audits_text(work.environment, found[:limit], screen.width, more=more))
    return Exit.OK


def told(context: typer.Context, a: str, b: str, format: str) -> Exit:  # noqa: A002
    """What drifted between two audits, however they are named, the older one first."""
    from pacsconf.report.audit import drift_text

    screen: Screen = context.obj.screen
    work = opened(context, format)
    with workspace.record(work) as store:
        state = store.state()
        state.require_known()
        older, newer = store.audit(a), store.audit(b)
        if _is_newer(store, older, newer):
            screen.note(sentence(f"{a} is newer than {b}: they are compared the other way round."))
            older, newer = newer, older
        found, causes = compared(work, store, older, newer)
        notes = list(_notes(store, older.audit, newer.audit))
    if format == "json":
        screen.raw(drift_text.drift_json(found, causes, notes))
    elif format == "markdown":
        screen.raw(drift_text.drift_markdown(found, causes, notes))
    else:
        screen.show(drift_text.drift_text(found, causes, screen.width, notes))
    return Exit.CHANGES if found.is_worse else Exit.OK


def _is_newer(store: Record, one: RecordedAudit, other: RecordedAudit) -> bool:
    """Whether an audit was recorded after another, whatever clocks said."""
    return one.entry.commit != other.entry.commit and any(
        each.commit == other.entry.commit for each in store.audits_before(one.entry)
    )


def _notes(store: Record, older: Audit, newer: Audit) -> Iterator[str]:
    if older.frameworks != newer.frameworks:
        yield "they were made for different frameworks: only what both asked for is compared"
    for flaw in store.chain_flaws(older.chain, newer.chain):
        yield f"the record was rewritten: {flaw}"


def compared(
    work: Workspace, store: Record, older: RecordedAudit, newer: RecordedAudit
) -> tuple[Drift, dict[Key, tuple[Cause, ...]]]:
    """What drifted between two audits of the record, and why.

    Raises: RecordError when the record cannot be read.
    """
    from pacsconf.policy.drift import compare, since

    known = {one.audit.id: one.audit for one in (older, newer)}
    between = (one.audit for one in store.audits_between(older.entry, newer.entry))
    alike = (one for one in between if one.frameworks == newer.audit.frameworks)
    read = _remembered(islice(alike, MOST), known)
    drift = since(compare(older.audit, newer.audit), older.audit, read, newer.audit)
    return drift, _causes(work, store, drift, known)


def before(store: Record, this: RecordedAudit) -> RecordedAudit | None:
    """The audit that was recorded before this one, for the same frameworks; None where there is none.

    Raises: RecordError when the record cannot be read.
    """
    earlier = (store.audit(entry.commit) for entry in islice(store.audits_before(this.entry), MOST))
    return next((one for one in earlier if one.audit.frameworks == this.audit.frameworks), None)


def _remembered(audits: Iterable[Audit], known: dict[str, Audit]) -> Iterator[Audit]:
    for one in audits:
        known[one.id] = one
        yield one


def _causes(
    work: Workspace, store: Record, drift: Drift, known: dict[str, Audit]
) -> dict[Key, tuple[Cause, ...]]:
    """Why each result drifted, by what happened between the two audits in which it did."""
    from dataclasses import replace

    from pacsconf.policy.drift_causes import Between, causes, places
    from pacsconf.record.touched import touched

    found: dict[Key, tuple[Cause, ...]] = {}
    for ends in dict.fromkeys((one.earlier.id, one.later.id) for one in drift.results):
        earlier, later = (known[each] for each in ends)
        these = [one for one in drift.results if (one.earlier.id, one.later.id) == ends]
        applied = store.applied_between(earlier.chain.head, later.chain.head)
        between = Between(earlier, later, applied)
        told = touched(work.root, earlier.commit, later.commit, places(these, between))
        between = replace(between, edited=told.edited, commits=told.commits)
        found |= {one.key: causes(one, between) for one in these}
    return found
