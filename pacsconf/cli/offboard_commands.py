"""The command for somebody who leaves: offboard."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from pacsconf.cli import workspace
from pacsconf.cli.access_gather import require_own_key
from pacsconf.cli.applying import approval_of, concluded, ended, require_applicable, require_writable, said
from pacsconf.cli.change_commands import Acks, Reason, Ticket
from pacsconf.cli.compare_commands import opened
from pacsconf.cli.console_sheets import Sheets
from pacsconf.cli.days import day_of
from pacsconf.cli.exits import Exit, exit_of, worst
from pacsconf.cli.inventory_commands import TextOrJson, show_findings
from pacsconf.cli.offboard_edit import Edit, edit_of
from pacsconf.cli.plan_screen import show_plan, view_of
from pacsconf.cli.progress import Reporter
from pacsconf.cli.screen import Screen, sentence
from pacsconf.cli.stopping import stoppable
from pacsconf.cli.world import world_of
from pacsconf.core.errors import PacsconfError, SystemFaults, UnsafePlan

if TYPE_CHECKING:
    from pacsconf.cli.workspace import Workspace
    from pacsconf.core.permission import Approval
    from pacsconf.core.plan import Options
    from pacsconf.engine import Planned
    from pacsconf.inventory.people import User
    from pacsconf.people.leaving import Leaving
    from pacsconf.world import World


def offboard(
    context: typer.Context,
    user: Annotated[
        str, typer.Argument(help="Who leaves: a user or a service account, by id.", metavar="USER")
    ],
    last_day: Annotated[
        str | None,
        typer.Option("--last-day", help="They are here until the end of this day.", metavar="YYYY-MM-DD"),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show it; writes nothing.")] = False,
    now: Annotated[bool, typer.Option("--now", help="Take their access away at once.")] = False,
    looked_at: Annotated[
        bool, typer.Option("--looked-at", help="Say that you looked at what somebody else took away at once.")
    ] = False,
    reason: Reason = "",
    ticket: Ticket = "",
    ack: Acks = None,
    sheets: Sheets = None,
    format: TextOrJson = "text",  # noqa: A002 - the option's name
) -> Exit:
    """Declare that somebody leaves, and show what that takes away.

    What is disabled and removed everywhere, secrets to renew, what needs another owner.
    """
    screen: Screen = context.obj.screen
    last = _last_day(last_day)
    _check_choice(now=now, other=dry_run or last is not None, looked_at=looked_at, format=format)
    work = opened(context, format)
    who = _user(work, user)
    if looked_at:
        return _look_at(screen, work, user, reason)
    if now:
        workspace.operator(work).require_offboard(work.environment, work.inventory.systems.values())
        require_writable(work)
    leaver = _Leaver(screen, work, who, last, format)
    leaver.declare(write=not dry_run)
    if now:
        return leaver.shut_out(said(reason, ticket, ack), sheets)
    return leaver.show(written=not dry_run)


# --- what was typed ---------------------------------------------------------------------------------------------


def _check_choice(*, now: bool, other: bool, looked_at: bool, format: str) -> None:  # noqa: A002
    """Raises: BadParameter for what does not go together."""
    if looked_at and (now or other):
        raise typer.BadParameter(
            "nothing is taken away by it: leave the others out", param_hint="--looked-at"
        )
    if now and other:
        raise typer.BadParameter("at once is neither a day to come nor a rehearsal", param_hint="--now")
    if now and format != "text":
        raise typer.BadParameter("what is done at once is told as text", param_hint="--format")


def _last_day(text: str | None) -> date | None:
    """Raises: BadParameter for a day that is over."""
    day = day_of(text, "--last-day")
    today = workspace.now().date()
    if day is not None and day < today:
        raise typer.BadParameter(
            f"{day} is over: today is {today} (UTC). Leave it out, and they have left",
            param_hint="--last-day",
        )
    if day == date.max:
        raise typer.BadParameter("no day comes after it", param_hint="--last-day")
    return day


def _user(work: Workspace, name: str) -> User:
    """Raises: PacsconfError with the one that was probably meant."""
    from pacsconf.inventory.merge import nearest_begun

    found = work.inventory.users.get(name)
    if found is None:
        raise PacsconfError(
            f'there is no user "{name}" in the inventory{nearest_begun(name, work.inventory.users)}',
            fix="Users and service accounts go by their keys there. Who is live and nobody's here is told by:"
            f" {work.command} access report",
        )
    return found


def _look_at(screen: Screen, work: Workspace, user: str, reason: str) -> Exit:
    if not reason.strip():
        raise typer.BadParameter("say what you found", param_hint="--reason")
    with workspace.record(work) as store:
        require_own_key(work, store)
        commit = store.looked_at(user, reason=reason.strip())
        by, branch = store.identity(), store.branch
    screen.show(sentence(f"{by} has looked at the offboarding of {user} (commit {commit[:7]} on {branch})."))
    return Exit.OK


# --- what is done -----------------------------------------------------------------------------------------------


@dataclass
class _Leaver:
    """One who leaves, and how far that is."""

    screen: Screen
    work: Workspace
    user: User
    last: date | None
    format: str
    edit: Edit | None = None
    code: Exit = Exit.OK

    def __post_init__(self) -> None:
        self.left: Leaving = _left_behind(self.work, self.user)
        here = {**self.work.inventory.users, self.user.id: self.user.model_copy(update={"status": "active"})}
        self.before = self.work.inventory.model_copy(update={"users": here})
        key, value = ("ends", self.last.isoformat()) if self.last else ("status", "left")
        self.edit = edit_of(self.work, self.user, key, value)

    @property
    def day(self) -> date | None:
        """The day to come on which they have left; None: today."""
        return self.last + timedelta(days=1) if self.last else None

    def declare(self, *, write: bool) -> None:
        """Have the inventory say it: in its file, or in memory alone.

        Raises: Exit, with the file as it was, when the inventory does not stand then, which is shown; PacsconfError
        when a list that counts more says something else.
        """
        changed = {"ends": self.last.isoformat()} if self.last else {"status": "left"}
        if self.edit is not None and write:
            self.edit.write()
        if write:
            self.work = self._reopened()
        found = self.work.inventory.users.get(self.user.id)
        if write and (found is None or any(getattr(found, key) != value for key, value in changed.items())):
            self._take_back()
            raise PacsconfError(
                f"a list of people counts more than what was written of {self.user.id}, and says something else",
                fix="Have it say so there, or let the YAML files count: precedence: yaml",
            )
        if not write:
            users = {**self.work.inventory.users, self.user.id: self.user.model_copy(update=changed)}
            seen = {"users": users, "as_of": workspace.as_of(self.day)}
            self.work = replace(self.work, inventory=self.work.inventory.model_copy(update=seen), at=self.day)

    def _reopened(self) -> Workspace:
        try:
            today = workspace.now().date()
            return workspace.opened(self.work.root, self.work.environment, self.day, judged=today)
        except workspace.InvalidInventory as invalid:
            self._take_back()
            show_findings(self.screen, invalid, self.format)
            self.screen.note(sentence("Nothing was written: the inventory would not stand with it."))
            raise typer.Exit(Exit.INVALID) from None

    def _take_back(self) -> None:
        if self.edit is not None:
            self.edit.take_back()

    def show(self, *, written: bool) -> Exit:
        """What will be taken away once this is merged and applied."""
        reporter = Reporter(self.screen)
        with world_of(self.work, reporter) as world:
            planned = self._planned(world, reporter)
            self._tell(world, planned, reporter, written=written)
        return self.code

    def shut_out(self, said: Approval, sheets: str | None) -> Exit:
        """Take all away at once.

        Raises: UnsafePlan; LockHeld.
        """
        from pacsconf import engine

        reporter = Reporter(self.screen)
        with world_of(self.work, reporter) as opened:
            world = replace(opened, before=self.before)
            state = world.record.state()
            if not state.exists:
                raise UnsafePlan(
                    f"{self.work.environment} has no record yet: nothing could say later who did it",
                    fix=f"{self.work.command} record init",
                )
            world.record.require_free(state)
            planned = self._planned(world, reporter)
            self._tell(world, planned, reporter, written=True)
            if not planned.plan.changes and not planned.plan.blocked:
                self.screen.show(sentence(f"Nothing of {self.user.id} is live any more."))
                return self.code
            reason = said.reason or f"{self.user.id} has left (offboard --now)"
            approval = approval_of(self.work, world, planned, replace(said, reason=reason))
            require_applicable(self.work, planned, approval, None)
            with stoppable() as stopping:
                changeset = engine.apply(replace(world, stopping=stopping), planned, approval)
            end = ended(world, changeset)
        code = worst(self.code, concluded(self.screen, self.work, end, sheets))
        due = next(one.due for one in end.record.contents.offboardings if one.changeset == changeset.id)
        self.screen.show(
            sentence(
                f"Somebody else looks at this until {due}: {self.work.command} offboard"
                f' {shlex.quote(self.user.id)} --looked-at --reason "..."'
            )
        )
        return code

    def _options(self) -> Options:
        from pacsconf.core.plan import Options

        return Options(leaver=(self.user.id,), at=(self.day.isoformat(),) if self.day else ())

    def _planned(self, world: World, reporter: Reporter) -> Planned:
        """What is taken away where it can be looked at; a system that does not answer keeps nobody else from it."""
        from pacsconf import engine
        from pacsconf.systems.abilities import Peopled

        systems = {name: one for name, one in world.systems.items() if isinstance(one, Peopled)}
        while True:
            try:
                return engine.plan(replace(world, systems=systems), self._options())
            except SystemFaults as exc:
                for fault in exc.faults:
                    self.code = worst(self.code, exit_of(fault))
                    self.screen.note(sentence(f"{fault.system} is left out: {fault.message}"))
                    del systems[fault.system]
            finally:
                reporter.stop()

    def _tell(self, world: World, planned: Planned, reporter: Reporter, *, written: bool) -> None:
        from pacsconf.report.offboard_text import Told, offboard_json, offboard_text

        told = Told(
            self.left,
            self.edit.place if self.edit else "",
            self.edit.words if self.edit else "",
            written,
            self._git(world) if written and self.edit else (),
            self.work.loaded.sources.place,
        )
        if self.format == "json":
            self.screen.raw(offboard_json(told, planned.plan))
            return
        self.screen.show(offboard_text(told, self.screen.width))
        view = view_of(self.work, world, planned, reporter, self.screen.width)
        show_plan(self.screen, self.work, planned, replace(view, next_step=""), "text")

    def _git(self, world: World) -> tuple[str, ...]:
        """The commands that bring what was written to others."""
        assert self.edit is not None, "there is something to commit"
        words = f"people: {self.user.id} leaves"
        branch = shlex.quote(f"offboard-{self.user.id}")
        push = (f"git push -u {world.record.remote} {branch}",) if world.record.remote else ()
        at = f"git{f' -C {shlex.quote(str(self.work.root))}' if str(self.work.root) != '.' else ''}"
        return (
            f"{at} switch -c {branch}",
            f"{at} add {shlex.quote(self.edit.file)}",
            f"{at} commit -m {shlex.quote(words)}",
            *push,
        )


def _left_behind(work: Workspace, user: User) -> Leaving:
    from pacsconf.operator.needs import needs
    from pacsconf.people.leaving import SystemSecret, leaving

    named = (SystemSecret(one.system, str(one.ref)) for one in needs(work.inventory.systems.values()))
    return leaving(work.inventory, user, named)
