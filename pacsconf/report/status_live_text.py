"""Of the morning screen, what live systems are and were last seen to be: a row for each thing to know."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from pacsconf.core.changeset import ProofVerdict
from pacsconf.core.moment import in_words
from pacsconf.report.audit.list_text import summary
from pacsconf.report.lines import Line, Lines, Span, line, padded, wrapped
from pacsconf.report.status import Seen, Status
from pacsconf.report.status_rows import BELOW, LABEL, item_of, listing, row_of
from pacsconf.report.words import ago, counted, listed

_ILL: tuple[ProofVerdict, ...] = ("failing", "asleep", "unknown")


def troubles(status: Status, width: int) -> Lines:
    rows: list[Line] = []
    for one in status.troubles:
        first = line("  ", Span("! ", "error"), Span(padded(f"{one.about} ", LABEL - 2), "strong"))
        rows += wrapped(one.message, width, first=first, indent=len(BELOW))
    return tuple(rows)


def drift(status: Status, width: int) -> Lines:
    found = status.drift
    if found is None or (status.record != "known" and not found.count):
        return ()
    if not found.count:
        return row_of("drift", f"none{_as_far(status)}", width)
    if found.oldest is None:
        when = "since when is not told"
    else:
        beginning = "the oldest" if found.count > 1 else "changed"
        when = f"{beginning} {ago(found.oldest, status.now)}, {in_words(found.oldest)}"
        when += f"; of {found.untold} it is not told" if found.untold else ""
    text = f"{counted(found.count, 'resource')}, {when}"
    return row_of("drift", text, width, command=f"{status.command} drift", style="warning")


def _as_far(status: Status) -> str:
    return ", as far as the systems could be read" if status.troubles else ""


def pending(status: Status, width: int) -> Lines:
    found = status.pending
    if found is None:
        return ()
    rows: list[Line] = []
    if found.summary:
        shown = f"{found.read_only} read-only, never executed" if found.read_only else ""
        text = listed((found.summary, shown), " · ")
        rows += row_of("pending", text, width, command=f"{status.command} plan")
    elif status.record == "known":
        rows += row_of("pending", f"nothing to apply{_as_far(status)}", width)
    reasons = [reason for reason in found.refused if reason not in status.why and not _told(status, reason)]
    if status.record == "known" and reasons:
        items = [item_of("✗", "error", reason, width) for reason in reasons]
        rows += listing("refused", "apply would refuse this plan", items, width)
    return tuple(rows)


def _told(status: Status, reason: str) -> bool:
    """Whether a row of its own says so already."""
    return any(reason.startswith(one) for one in status.logins)


def logins(status: Status, width: int) -> Lines:
    if not status.logins:
        return ()
    items = [item_of("✗", "error", text, width) for text in status.logins]
    return listing("logins", "who should not can sign in", items, width, command=f"{status.command} plan")


def storage(status: Status, width: int) -> Lines:
    if not status.storage:
        return ()
    items = [item_of("!", "warning", text, width) for text in status.storage]
    return listing(
        "storage", f"{len(status.storage)} to look at", items, width, command=f"{status.command} storage"
    )


def audited(status: Status, width: int) -> Lines:
    last = status.audited
    if last is None:
        return ()
    text = f"{ago(datetime.fromisoformat(last.at), status.now)}: {summary(last)}"
    return row_of("audit", text, width, command=f"{status.command} show {last.id}")


def wire(status: Status, width: int) -> Lines:
    seen = status.wire
    command = f"{status.command} probe"
    never = f"{status.unprobed} never probed" if status.unprobed else ""
    if not seen:
        return row_of("wire", never, width, command=command) if never else ()
    verdicts = Counter(one.verdict for one in seen)
    counts = listed(f"{verdicts[verdict]} {verdict}" for verdict in _ILL if verdicts[verdict])
    newest = max(one.at for one in seen)
    text = listed((f"{verdicts['healthy']} of {len(seen)} healthy", counts, never))
    items = [item_of("✗", "error", _failing(one, status), width) for one in seen if one.verdict == "failing"]
    head = f"{text}, last tried {ago(newest, status.now)}"
    return listing("wire", head, items, width, command=command if never or items else "")


def _failing(one: Seen, status: Status) -> str:
    return f"{one.subject}  {one.text} ({ago(one.at, status.now)})"
