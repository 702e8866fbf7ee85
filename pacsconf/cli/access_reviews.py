"""The commands `access review` and `access sign-off`: who has a role is asked, and answered by somebody else."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import typer

from pacsconf.cli import access_gather as gather
from pacsconf.cli import workspace
from pacsconf.cli.days import day_of
from pacsconf.cli.exits import Exit, exit_of
from pacsconf.cli.screen import Screen, sentence
from pacsconf.core.errors import PacsconfError, SystemFaults, UnsafePlan
from pacsconf.report.lines import Span, commanded, line

if TYPE_CHECKING:
    from datetime import date

    from pacsconf.cli.access_answers import Answers
    from pacsconf.cli.workspace import Workspace
    from pacsconf.core.review import Review
    from pacsconf.inventory.people import User
    from pacsconf.record.record import Record
    from pacsconf.report.access.known import Known
    from pacsconf.report.access.review_text import SheetRow

DUE_IN = timedelta(days=14)
"""Until when an answer is asked for where no day is given."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What was typed to open a review, or to print one again."""

    which: str | None = None
    roles: tuple[str, ...] = ()
    system: str | None = None
    due: str | None = None
    live: bool = False
    names: bool = False
    format: Literal["text", "json", "csv", "html"] = "text"
    out: Path | None = None
    reason: str = ""

    @property
    def opens(self) -> bool:
        """Whether one is to be opened."""
        return bool(self.roles) or self.system is not None


def reviewed(context: typer.Context, asked: Asked) -> Exit:
    """Open a review and print its sheet; or print one again; or list all."""
    _require_sense(asked)
    screen: Screen = context.obj.screen
    work = gather.opened_now(context, "json" if asked.format == "json" else "text")
    roles, day = _roles(work, asked.roles, asked.system), _due(asked.due)
    if asked.out is not None and asked.out.exists():
        raise PacsconfError(f"{asked.out} is there already and is not written over", fix="Name another file.")
    if not asked.opens and asked.which is None:
        return _listed(screen, work, asked.format)
    seen = gather.live_of_all(work) if asked.live else gather.Live({})
    if seen.faults:
        fault = SystemFaults(seen.faults)
        screen.error(fault)
        return exit_of(fault)
    if asked.opens:
        one = _opened(work, roles, asked.system or "", day, seen, asked.reason)
        _note_opened(screen, work, one)
    else:
        one = _found(work, screen, asked.which or "")
    _show(screen, work, one, seen, asked)
    return Exit.OK


def _require_sense(asked: Asked) -> None:
    """Nothing, unless what was typed does not go together."""
    if asked.opens and asked.which is not None:
        raise typer.BadParameter("print one again, or open one by --role or --system", param_hint="REVIEW")
    if asked.due is not None and not asked.opens:
        raise typer.BadParameter("it is for a review that is opened: --role or --system", param_hint="--due")


def _roles(work: Workspace, roles: Sequence[str], system: str | None) -> tuple[str, ...]:
    """Raises: BadParameter for a role or a system that is not declared; PacsconfError where no role lands there."""
    from pacsconf.inventory.merge import nearest
    from pacsconf.people.reviewing import roles_in

    known = work.inventory.roles
    for name in roles:
        if name not in known:
            raise typer.BadParameter(f'there is no role "{name}"{nearest(name, known)}', param_hint="--role")
    if system is None:
        return tuple(dict.fromkeys(roles))
    landing = roles_in(work.inventory, system)
    if system not in work.inventory.systems:
        near = nearest(system, work.inventory.systems)
        raise typer.BadParameter(f'there is no system "{system}"{near}', param_hint="--system")
    if not landing:
        raise PacsconfError(
            f"no role lands in {system}", fix="Where a role lands is declared: roles.ID.groups"
        )
    return tuple(dict.fromkeys((*roles, *landing)))


def _due(text: str | None) -> date:
    """The day for answers. Raises: BadParameter for one that is over."""
    today = workspace.now().date()
    day = day_of(text, "--due") or today + DUE_IN
    if day < today:
        raise typer.BadParameter(f"{day} is over: today is {today} (UTC)", param_hint="--due")
    return day


def _opened(
    work: Workspace, roles: Sequence[str], system: str, due: date, seen: gather.Live, reason: str
) -> Review:
    from pacsconf.core.review import Review
    from pacsconf.people.reviewing import lines

    asked = lines(work.inventory, roles, seen.read)
    with workspace.record(work) as store:
        return store.open_review(
            Review("", tuple(roles), due.isoformat(), "", "", asked, system), reason=reason.strip()
        )


def _note_opened(screen: Screen, work: Workspace, one: Review) -> None:
    from pacsconf.people.access import approvers

    screen.note(sentence(f"Review {one.id} is open: {len(one.lines)} lines, due on {one.due}."))
    for name in one.roles:
        role = work.inventory.roles[name]
        if not approvers(work.inventory, role):
            text = (
                f"Nobody can answer for {name}: name who may let somebody have it (roles.{name}.approvers)."
            )
            screen.note((line(Span("warning  ", "warning"), text),))


def _found(work: Workspace, screen: Screen, which: str) -> Review:
    from pacsconf.core.review import found

    return found(gather.reviews_of(work, screen) or (), which)


def _listed(screen: Screen, work: Workspace, form: str) -> Exit:
    from pacsconf.report.access.review_text import reviews_json, reviews_text

    if form in ("csv", "html"):
        raise typer.BadParameter("say which review, or open one by --role or --system", param_hint="REVIEW")
    reviews, today = gather.reviews_of(work, screen) or (), workspace.now().date()
    if form == "json":
        screen.raw(reviews_json(reviews, today))
    else:
        screen.show(reviews_text(reviews, today, work.command, screen.width))
    return Exit.OK


def _show(screen: Screen, work: Workspace, one: Review, seen: gather.Live, asked: Asked) -> None:
    from pacsconf.report.access.review_text import reviews_json, rows_of, sheet_csv, sheet_text
    from pacsconf.report.lines import plain

    rows = rows_of(work.inventory, one, seen.read, _known(work, one, seen, names=asked.names))
    today = workspace.now().date()
    if asked.format == "text":
        lines = sheet_text(one, rows, today, work.command, screen.width)
        if asked.out is None:
            screen.show(lines)
            return
        text = plain(lines)
    elif asked.format == "html":
        text = _page(work, one, rows)
    else:
        text = sheet_csv(one, rows) if asked.format == "csv" else reviews_json((one,), today)
    if asked.out is None:
        screen.raw(text)
    else:
        _write(screen, asked.out, text)
        if asked.format == "csv" and not one.is_signed:
            answer = f"{work.command} access sign-off {one.id} {shlex.quote(str(asked.out))}"
            screen.note(commanded(line("Filled in?  "), answer, screen.width))


def _known(work: Workspace, one: Review, seen: gather.Live, *, names: bool) -> Known:
    from pacsconf.report.access.known import Known

    paths = [path for each in one.lines for path in _grants(work, each.user, each.role)]
    users = [each.user for each in one.lines]
    return Known(gather.origins(work, paths), gather.names_of(work, users, seen.read) if names else {})


def _grants(work: Workspace, user_id: str, role: str) -> list[tuple[str | int, ...]]:
    """Where a role was given to somebody in the inventory."""
    user = work.inventory.users.get(user_id)
    return [(*user.path, *grant.written) for grant in user.grants if grant.role == role] if user else []


def _page(work: Workspace, one: Review, rows: Sequence[SheetRow]) -> str:
    from pacsconf.core.moment import in_words
    from pacsconf.report.access.review_text import sheet_values
    from pacsconf.report.sheets.render import Templates

    values = sheet_values(one, rows, printed=in_words(workspace.now()), environment=work.environment)
    return Templates(work.root / "templates").render("access-review", "html", values)


def _write(screen: Screen, out: Path, text: str) -> None:
    """The sheet in a file of its own. Raises: PacsconfError."""
    # A spreadsheet takes CSV for the machine's old character set unless it begins with a byte order mark.
    encoding = "utf-8-sig" if out.suffix == ".csv" else "utf-8"
    try:
        with out.open("x", encoding=encoding, newline="") as file:
            file.write(text)
    except OSError as exc:
        raise PacsconfError(f"{out} cannot be written: {exc.strerror}", fix="Name another place.") from exc
    screen.note((line(Span("  + ", "create"), str(out)),))


# --- the answer ---------------------------------------------------------------------------------------------------


def signed_off(
    context: typer.Context,
    which: str,
    sheet: Path | None,
    keep: Sequence[str],
    remove: Sequence[str],
    reason: str,
) -> Exit:
    """Answer a review by whoever works here."""
    from pacsconf.cli.access_answers import MOST_REASON, from_sheet, typed

    if (sheet is None) == (not keep and not remove):
        raise typer.BadParameter("give a sheet that is filled in, or --keep and --remove", param_hint="FILE")
    if len(reason) > MOST_REASON:
        raise typer.BadParameter(f"at most {MOST_REASON} characters", param_hint="--reason")
    screen: Screen = context.obj.screen
    work = gather.opened_now(context, "text")
    one = _found(work, screen, which)
    with workspace.record(work) as store:
        store.require_free(store.state())
        who = _who(work, store)
        if sheet is not None:
            answers = from_sheet(one, sheet)
        else:
            able = _able(work, one, who)
            answers = typed(one, keep, remove, " ".join(reason.split()), able)
        news = {key: answer for key, answer in answers.items() if not _is_said(one, key, answer.word)}
        _require_may(work, one, who, news)
        _ask(screen, one, news)
        commit = _record(store, one, who, news)
        branch = store.branch
    _told(screen, work, one, news, f"commit {commit[:7]} on {branch}" if commit else "nothing new", who)
    return Exit.OK


def _who(work: Workspace, store: Record) -> User:
    """The user who works here; where signatures are checked, by a key of their own.

    Raises: UnsafePlan; RecordError.
    """
    from pacsconf.people.reviewing import whose

    signed = gather.require_own_key(work, store)
    return whose(work.inventory, store.identity(), by_mail=signed)


def _able(work: Workspace, one: Review, who: User) -> frozenset[str]:
    from pacsconf.people.access import approvers

    declared = work.inventory.roles
    return frozenset(
        name for name in one.roles if name in declared and who.id in approvers(work.inventory, declared[name])
    )


def _is_said(one: Review, key: tuple[str, str], word: str) -> bool:
    said = one.line(key)
    return said is not None and said.decision is not None and said.decision.word == word


def _require_may(work: Workspace, one: Review, who: User, answers: Answers) -> None:
    from pacsconf.people.reviewing import require_may_answer

    asked = [each for key in answers if (each := one.line(key)) is not None]
    require_may_answer(work.inventory, who, asked)


def _ask(screen: Screen, one: Review, answers: Answers) -> None:
    """A person at a terminal is shown what is said, and asked whether that was meant.

    Raises: UnsafePlan when the answer is another one than yes.
    """
    if not screen.is_interactive or not answers:
        return
    for (user, role), answer in sorted(answers.items()):
        why = f": {answer.reason}" if answer.reason else ""
        screen.show((line(f"  {answer.word:<6}  {user} as {role}{why}"),))
    if screen.ask(f"Sign off {one.id} with these? Only yes is taken as yes: ") != "yes":
        raise UnsafePlan("not signed off: the answer was not yes")


def _record(store: Record, one: Review, who: User, answers: Answers) -> str:
    """Raises: as `Record.sign_off`."""
    from pacsconf.core.review import Decision

    if not answers:
        return ""
    said = {key: Decision(each.word, "", who.id, "", each.reason) for key, each in answers.items()}
    number = {word: sum(each.word == word for each in answers.values()) for word in ("keep", "remove")}
    there = next(each for each in store.state().contents.reviews if each.id == one.id)
    standing = {each.key: each.decision for each in there.lines if each.decision}
    trusted = {each.key for each in one.lines if each.decision}
    forged = {key: decision for key, decision in standing.items() if key not in trusted}
    return store.sign_off(
        one.id, said, forged, reason=f"{one.id}: {number['keep']} keep, {number['remove']} remove"
    )


def _told(screen: Screen, work: Workspace, one: Review, answers: Answers, where: str, who: User) -> None:
    """What was said, what is to be changed in the inventory for it, and what is left to answer."""
    left = sum(1 for each in one.undecided if each.key not in answers)
    screen.show(
        sentence(f"{one.id}: {len(answers)} answered by {who.id} ({where}); {left} without an answer.")
    )
    gone = [key for key, each in answers.items() if each.word == "remove"]
    if gone:
        screen.show(sentence("To be changed in the inventory:"))
        screen.show(tuple(line(f"  - {text}") for text in _changes(work, gone)))
        screen.show(sentence("They are done when no live system shows them any more."))
        screen.show((line("Next: ", Span(f"{work.command} plan", "command")),))


def _changes(work: Workspace, gone: Iterable[tuple[str, str]]) -> list[str]:
    found: list[str] = []
    for user, role in sorted(gone):
        paths = _grants(work, user, role)
        for path in paths:
            place = work.loaded.sources.place(path)
            at = f"{place.file}:{place.line}" if place else "inventory"
            found.append(f"{at}: take {role} away from {'.'.join(map(str, path[:2]))}")
        if not paths:
            found.append(f"{user} as {role}: not declared, only live; a plan shows how to take it out")
    return found
