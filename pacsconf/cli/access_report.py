"""The command `access report`: live accounts and groups held against what is declared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import typer

from pacsconf.cli import access_gather as gather
from pacsconf.cli import workspace
from pacsconf.cli.exits import Exit, exit_of, worst
from pacsconf.cli.screen import Screen, sentence
from pacsconf.core.errors import PacsconfError, RecordUnknown, SystemFaults

if TYPE_CHECKING:
    from datetime import date

    from pacsconf.cli.workspace import Workspace
    from pacsconf.core.review import LineKey, Review, ReviewLine, Reviews
    from pacsconf.people.reviewing import RoleDue
    from pacsconf.report.access.known import Known
    from pacsconf.report.access.remarks_text import Report


def reported(
    context: typer.Context,
    systems: list[str] | None,
    format: Literal["text", "json", "csv"],  # noqa: A002 - the option's name
    *,
    names: bool,
    verbose: bool,
) -> Exit:
    """Read the systems of accounts and tell what is not as declared."""
    from pacsconf.people.remarks import looked_at
    from pacsconf.report.access.known import Known
    from pacsconf.report.access.remarks_text import Report, report_csv, report_json, report_text

    screen: Screen = context.obj.screen
    work = gather.opened_now(context, "text" if format == "csv" else format)
    only = _chosen(work, systems)
    live = gather.live_of_all(work, only)
    now = workspace.now()
    looked = tuple(looked_at(work.inventory, one, now) for one in live.read.values())
    reviews, unknown = _reviews(work, screen)
    late, gone = _late(work, reviews, now.date()), _gone(screen, work, reviews, live)
    found = Report(
        now.date(), looked, tuple(fault.system for fault in live.faults), late, _to_go(reviews, gone), gone
    )
    known = Known()
    if format != "csv" or names:
        known = _known(work, found, live, names=names)
    if format == "text":
        screen.show(report_text(found, known, screen.width, verbose=verbose))
    else:
        screen.raw(report_json(found, known) if format == "json" else report_csv(found, known))
    code = worst(Exit.OK if found.is_as_declared else Exit.CHANGES, unknown)
    if live.faults:
        fault = SystemFaults(live.faults)
        screen.error(fault)
        return worst(code, exit_of(fault))
    return code


def _chosen(work: Workspace, systems: list[str] | None) -> list[str] | None:
    """Raises: BadParameter for a name that is no system of accounts."""
    from pacsconf.inventory.merge import nearest

    known = gather.people_systems(work)
    for name in systems or ():
        if name not in known:
            raise typer.BadParameter(
                f'there is no system of accounts "{name}"{nearest(name, known)}', param_hint="--system"
            )
    return systems or None


def _known(work: Workspace, found: Report, live: gather.Live, *, names: bool) -> Known:
    from pacsconf.report.access.known import Known, Origin

    users = sorted({remark.user for one in found.looked for remark in one.remarks if remark.user})
    paths = [work.inventory.users[user].path for user in users if user in work.inventory.users]
    places = {path: place for path in paths if (place := work.loaded.sources.place(path))}
    origins = {path: Origin(f"{place.file}:{place.line}") for path, place in places.items()}
    return Known(origins, gather.names_of(work, users, live.read) if names else {})


def _reviews(work: Workspace, screen: Screen) -> tuple[Reviews, Exit]:
    """What was reviewed; a record that cannot be read is told, and keeps nobody from seeing what is live."""
    try:
        return gather.reviews_of(work, screen) or (), Exit.OK
    except RecordUnknown as exc:
        screen.error(exc)
        return (), exit_of(exc)


def _late(work: Workspace, reviews: Reviews, today: date) -> tuple[RoleDue, ...]:
    from pacsconf.people.reviewing import overdue

    asked = [name for name, role in work.inventory.roles.items() if role.review_every]
    return overdue(work.inventory, reviews, today, gather.first_days(work, asked))


def _gone(
    screen: Screen, work: Workspace, reviews: Reviews, live: gather.Live
) -> tuple[tuple[str, LineKey], ...]:
    """What is to be gone and is, put into the record; why it could not be is noted: then it is next time."""
    from pacsconf.people.reviewing import seen_gone

    gone = seen_gone(work.inventory, reviews, live.read)
    if not gone:
        return ()
    try:
        with workspace.record(work) as store:
            store.removals_seen(gone)
    except PacsconfError as error:
        screen.note(sentence(f"Not recorded that {len(gone)} of the removals are done: {error.in_full}"))
    return gone


def _to_go(reviews: Reviews, gone: tuple[tuple[str, LineKey], ...]) -> tuple[tuple[Review, ReviewLine], ...]:
    from pacsconf.core.review import removals

    return tuple((one, line) for one, line in removals(reviews) if (one.id, line.key) not in gone)
