"""The sheet of a review: one line for each holder, to be read, filled in as a table, or printed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from pacsconf.core.moment import day_in_words, iso_in_words
from pacsconf.core.review import Review, ReviewLine
from pacsconf.inventory.model import Inventory
from pacsconf.people.live import LiveAccounts
from pacsconf.people.standing import day_of, held, stage
from pacsconf.people.ways import Ways
from pacsconf.report.access.known import Known, Row, heading, table
from pacsconf.report.as_json import FORMAT_VERSION, as_text
from pacsconf.report.lines import Lines, Span, columns, commanded, joined, line, wrapped
from pacsconf.report.sheets.forms import row
from pacsconf.report.words import counted, listed


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One holder, as the one who answers sees it."""

    line: ReviewLine
    name: str
    stage: str
    roles: tuple[str, ...]
    """All that they have now."""
    since: str
    last_seen: str
    live: str
    path: str

    @property
    def decision(self) -> str:
        return self.line.decision.word if self.line.decision else ""

    @property
    def reason(self) -> str:
        return self.line.decision.reason if self.line.decision else ""


def rows_of(
    inventory: Inventory, review: Review, live: Mapping[str, LiveAccounts], known: Known
) -> tuple[SheetRow, ...]:
    """A review's lines with what is known of each now."""
    ways = {system: Ways(inventory, system) for one in review.lines for system in one.groups}
    return tuple(_row_of(inventory, one, ways, live, known) for one in review.lines)


def _row_of(
    inventory: Inventory,
    one: ReviewLine,
    ways: Mapping[str, Ways],
    live: Mapping[str, LiveAccounts],
    known: Known,
) -> SheetRow:
    user = inventory.users.get(one.user)
    origin = next(
        (known.origins[path] for path in _grant_paths(inventory, one) if path in known.origins), None
    )
    day = day_of(inventory, user) if user else None
    return SheetRow(
        one,
        known.names.get(one.user, ""),
        stage(user, day) if user else "not declared",
        tuple(dict.fromkeys(each.role for each in held(user, day))) if user else (),
        one.since or (origin.day.isoformat() if origin and origin.day else ""),
        _last_seen(one, live),
        _is_live(one, live),
        "; ".join(_paths(one, ways, live)),
    )


def _grant_paths(inventory: Inventory, one: ReviewLine) -> Iterator[tuple[str | int, ...]]:
    user = inventory.users.get(one.user)
    for grant in user.grants if user else ():
        if user is not None and grant.role == one.role:
            yield (*user.path, *grant.written)


def _last_seen(one: ReviewLine, live: Mapping[str, LiveAccounts]) -> str:
    """The last day on which they signed in anywhere, as far as any server tells."""
    accounts = [there.accounts[one.user] for there in live.values() if one.user in there.accounts]
    seen = [account.last_seen.date().isoformat() for account in accounts if account.last_seen]
    if seen:
        return max(seen)
    return "never" if accounts and all(account.last_seen_known for account in accounts) else "unknown"


def _is_live(one: ReviewLine, live: Mapping[str, LiveAccounts]) -> str:
    read = [system for system in one.groups if system in live]
    if not read:
        return "not read"
    inside = any(group in live[system].paths(one.user) for system in read for group in one.groups[system])
    return "yes" if inside else "no"


def _paths(one: ReviewLine, ways: Mapping[str, Ways], live: Mapping[str, LiveAccounts]) -> Iterator[str]:
    """The ways into the role's groups: live where that was read, else as declared."""
    for system, groups in sorted(one.groups.items()):
        there = live[system].paths(one.user) if system in live else {}
        declared = ways[system].of_role(one.role)
        for group in groups:
            path = there.get(group) or (declared[group].path if group in declared else (group,))
            yield f"{system}: {' > '.join(path)}"


# --- forms --------------------------------------------------------------------------------------------------------

COLUMNS = (
    "review", "due", "user", "name", "kind", "stage", "role", "roles", "since", "until", "last_seen", "live",
    "declared", "path", "decision", "reason",
)  # fmt: skip


def sheet_csv(review: Review, rows: Sequence[SheetRow]) -> str:
    """The sheet as a table, `decision` and `reason` to be filled in."""
    cells = [
        (
            review.id, review.due, one.line.user, one.name, one.line.kind, one.stage, one.line.role,
            ", ".join(one.roles), one.since, one.line.until, one.last_seen, one.live, one.line.declared, one.path,
            one.decision, one.reason,
        )
        for one in rows
    ]  # fmt: skip
    return "".join(f"{row(each)}\n" for each in (COLUMNS, *cells))


def sheet_values(
    review: Review, rows: Sequence[SheetRow], *, printed: str, environment: str
) -> dict[str, Any]:
    """What the template of the printed sheet takes."""
    return {
        "review": review,
        "rows": [{"at": number, "one": one} for number, one in enumerate(rows, start=1)],
        "with_names": any(one.name for one in rows),
        "printed": printed,
        "opened": iso_in_words(review.at),
        "due": day_in_words(review.due),
        "environment": environment,
    }


def sheet_text(review: Review, rows: Sequence[SheetRow], today: date, command: str, width: int) -> Lines:
    """The sheet on a screen, and what to type next."""
    room = columns(width)
    what = f" in {review.system}" if review.system else ""
    facts = (
        f"due {day_in_words(review.due)}",
        f"opened {iso_in_words(review.at)} by {review.by}",
        state_of(review, today),
    )
    head = (
        line(Span(review.id, "strong"), f"  review of {', '.join(review.roles)}{what}"),
        *wrapped(listed(facts, " · "), room, first=line("  ")),
    )
    body = table([_text_row(one) for one in rows], room) or (line("  Nobody has it."),)
    return joined((head, body, _next(review, command, room)))


def _text_row(one: SheetRow) -> Row:
    each = one.line
    sign = {"": Span("?", "warning"), "keep": Span("✓", "good"), "remove": Span("-", "delete")}[one.decision]
    said = (
        one.decision and f"{one.decision}{f': {one.reason}' if one.reason else ''}",
        each.decision and f"by {each.decision.as_user}",
        f"gone since {each.gone}" if each.gone else ("not gone yet" if each.is_to_go else ""),
        "" if each.declared else "not declared: only live",
        each.kind if each.kind != "person" else "",
        "" if one.stage in ("active", "not declared") else one.stage,
        f"since {one.since}" if one.since else "",
        f"until {each.until}" if each.until else "",
        {"yes": "live", "no": "not live"}.get(one.live, ""),
        f"last seen {one.last_seen}" if one.last_seen not in ("", "unknown") else "",
    )
    who = f"{each.user} ({one.name})" if one.name else each.user
    return (sign, who, each.role, listed([text or "" for text in said], " · "))


def _next(review: Review, command: str, room: int) -> Lines:
    if review.is_closed:
        return ()
    if review.is_signed:
        told = line("What is to go is gone once the live systems show it no more: ")
        return commanded(told, f"{command} access report", room)
    sheet = f"{command} access review {review.id} --format csv --out {review.id}.csv"
    answer = f"{command} access sign-off {review.id} {review.id}.csv"
    return (
        *commanded(line("Fill in:  "), sheet, room),
        *commanded(line("Answer:   "), answer, room),
    )


def state_of(review: Review, today: date) -> str:
    """How a review stands, in words."""
    if review.is_closed:
        return "closed"
    if review.is_signed:
        return f"signed off, {counted(len(review.to_go), 'removal')} not seen live yet"
    late = ", overdue" if review.is_overdue(today) else ""
    return f"{len(review.undecided)} of {counted(len(review.lines), 'line')} without an answer{late}"


def reviews_text(reviews: Sequence[Review], today: date, command: str, width: int) -> Lines:
    """All reviews that the record has, one a row."""
    if not reviews:
        first = Span(f"{command} access review --role ROLE --due DATE", "command")
        return (line("No review is recorded. To open one: ", first),)
    rows: list[Row] = [
        (one.id, f"due {day_in_words(one.due)}", f"{', '.join(one.roles)} · {state_of(one, today)}")
        for one in reviews
    ]
    return (heading("Reviews of access"), *table(rows, columns(width)))


def reviews_json(reviews: Sequence[Review], today: date) -> str:
    """The same for scripts, with every line."""
    from pacsconf.core.review import reviews_to_json

    states = {
        one.id: {"closed": one.is_closed, "signed": one.is_signed, "overdue": one.is_overdue(today)}
        for one in reviews
    }
    body = [plain | states[plain["id"]] for plain in reviews_to_json(tuple(reviews))]
    return as_text({"format_version": FORMAT_VERSION, "reviews": body})
