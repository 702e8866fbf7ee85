"""The commands `access`: who can do what and by which way, reviews of it, and live against declared."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from pacsconf.cli import access_gather as gather
from pacsconf.cli.exits import Exit, exit_of, worst
from pacsconf.cli.inventory_commands import TextOrJson
from pacsconf.cli.screen import Screen
from pacsconf.core.errors import PacsconfError, SystemFaults

if TYPE_CHECKING:
    from pacsconf.cli.workspace import Workspace
    from pacsconf.inventory.model import Inventory
    from pacsconf.people.access import RoleAccess
    from pacsconf.report.access.access_text import RoleShown

_KINDS = ("user", "role", "device")


def show(
    context: typer.Context,
    name: Annotated[
        str | None, typer.Argument(help="A user, a role or a device, by its id.", metavar="USER|ROLE|DEVICE")
    ] = None,
    user: Annotated[str | None, typer.Option("--user", help="This user.", metavar="ID")] = None,
    role: Annotated[str | None, typer.Option("--role", help="This role.", metavar="ID")] = None,
    device: Annotated[str | None, typer.Option("--device", help="This device.", metavar="NAME")] = None,
    live: Annotated[
        bool, typer.Option("--live", help="Read the systems of accounts, too, and mark what is live.")
    ] = False,
    names: Annotated[bool, typer.Option("--names", help="Show who they are, not only ids.")] = False,
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="Name everybody.")] = False,
    format: TextOrJson = "text",  # noqa: A002 - the option's name
) -> Exit:
    """Show who can do what, and by which way.

    From files alone; with --live, exit 2 when it is not so live.
    """
    typed = {kind: one for kind, one in zip(_KINDS, (user, role, device), strict=True) if one is not None}
    if len(typed) + (name is not None) != 1:
        raise typer.BadParameter("name one: a user, a role or a device", param_hint="USER|ROLE|DEVICE")
    work = gather.opened_now(context, format) if live else gather.now_in(context, format)
    kind, which = next(iter(typed.items())) if typed else _meant(work.inventory, name or "")
    if which not in _known(work.inventory)[kind]:
        raise _unknown(work.inventory, (kind,), which)
    asking = _Asking(context.obj.screen, work, format, live=live, names=names, verbose=verbose)
    if kind == "user":
        return asking.user(which)
    return asking.role(which) if kind == "role" else asking.device(which)


def _known(inventory: Inventory) -> Mapping[str, Mapping[str, object]]:
    return {"user": inventory.users, "role": inventory.roles, "device": inventory.devices}


def _meant(inventory: Inventory, name: str) -> tuple[str, str]:
    """What a name is of, and the name.

    Raises: BadParameter where it is of several; PacsconfError where it is of none, with what comes nearest.
    """
    found = [kind for kind, those in _known(inventory).items() if name in those]
    if len(found) > 1:
        ways = ", ".join(f"--{kind} {name}" for kind in found)
        raise typer.BadParameter(
            f'"{name}" is the name of a {" and of a ".join(found)}; say which: {ways}',
            param_hint="USER|ROLE|DEVICE",
        )
    if not found:
        raise _unknown(inventory, _KINDS, name)
    return found[0], name


def _unknown(inventory: Inventory, kinds: tuple[str, ...], name: str) -> PacsconfError:
    from pacsconf.inventory.merge import nearest_begun

    those = {one for kind in kinds for one in _known(inventory)[kind]}
    if kinds == _KINDS:
        those |= {"show", "review", "sign-off", "report"}
    return PacsconfError(
        f'there is no {" and no ".join(kinds)} "{name}"{nearest_begun(name, those)}',
        fix="Users, service accounts, roles and devices go by their keys in the inventory.",
    )


class _Asking:
    """What one call shows, of which inventory, and how."""

    def __init__(
        self,
        screen: Screen,
        work: Workspace,
        format: str,  # noqa: A002
        *,
        live: bool,
        names: bool,
        verbose: bool,
    ) -> None:
        self.screen = screen
        self.work = work
        self.inventory = work.inventory
        self.format = format
        self.live = live
        self.names = names
        self.verbose = verbose

    def user(self, name: str) -> Exit:
        from pacsconf.people.access import of_user
        from pacsconf.report.access.access_text import user_text
        from pacsconf.report.access.known import Known

        user = self.inventory.users[name]
        live = gather.live_of(self.work, name) if self.live else gather.Live({})
        found = of_user(self.inventory, user, live.read)
        paths = (user.path, *((*user.path, *grant.written) for grant in user.grants))
        there = [(one.system, one.group) for one in found.groups if one.live and len(one.live) == 1]
        known = Known(
            gather.origins(self.work, paths),
            gather.names_of(self.work, (name,), live.read) if self.names else {},
            gather.applied(self.work, name, there) if there else {},
        )
        if self.format == "json":
            from pacsconf.report.access.access_json import user_json

            self.screen.raw(user_json(found, known))
        else:
            self.screen.show(user_text(found, known, self.screen.width))
        return self.ended(live, found.is_as_declared)

    def role(self, name: str) -> Exit:
        from pacsconf.people.access import of_role
        from pacsconf.report.access.access_text import role_text
        from pacsconf.report.access.known import Known

        role = self.inventory.roles[name]
        live = gather.live_of_all(self.work) if self.live else gather.Live({})
        found = of_role(self.inventory, role, live.read)
        people = (one.user for one in found.holders)
        grants = ((*one.user.path, *one.grant.written) for one in found.holders)
        known = Known(
            gather.origins(self.work, (role.path, *grants)),
            gather.names_of(self.work, (one.id for one in people), live.read) if self.names else {},
        )
        shown = self.with_reviews(found)
        if self.format == "json":
            from pacsconf.report.access.access_json import role_json

            self.screen.raw(role_json(shown, known))
        else:
            self.screen.show(role_text(shown, known, self.screen.width))
        return self.ended(live, not (found.outsiders or found.missing))

    def with_reviews(self, found: RoleAccess) -> RoleShown:
        from pacsconf.cli import workspace
        from pacsconf.people.reviewing import due
        from pacsconf.report.access.access_text import RoleShown

        name = found.role.id
        reviews = gather.reviews_of(self.work)
        if reviews is None and not found.role.review_every:
            return RoleShown(found)
        first = gather.first_days(self.work, (name,)) if found.role.review_every else {}
        days = due(self.inventory, reviews or (), workspace.now().date(), first)
        return RoleShown(found, next((one for one in days if one.role == name), None))

    def device(self, name: str) -> Exit:
        from pacsconf.people.access import of_device
        from pacsconf.report.access.access_text import device_text
        from pacsconf.report.access.known import Known

        if self.live:
            raise typer.BadParameter(
                "what may be done on a device is declared only; who is in which group live, a role tells",
                param_hint="--live",
            )
        found = of_device(self.inventory, self.inventory.devices[name])
        people = {user for one in found.permissions for user in one.users} | {
            one.id for one in found.accounts
        }
        known = Known(names=gather.names_of(self.work, sorted(people), {}) if self.names else {})
        if self.format == "json":
            from pacsconf.report.access.access_json import device_json

            self.screen.raw(device_json(found, known))
        else:
            self.screen.show(device_text(found, known, self.screen.width, verbose=self.verbose))
        return Exit.OK

    def ended(self, live: gather.Live, is_as_declared: bool) -> Exit:
        """The exit code; why a system could not be read is shown."""
        code = Exit.OK if is_as_declared else Exit.CHANGES
        if not live.faults:
            return code
        fault = SystemFaults(live.faults)
        self.screen.error(fault)
        return worst(code, exit_of(fault))


def review(
    context: typer.Context,
    which: Annotated[
        str | None, typer.Argument(help="One that is open: its sheet again.", metavar="REVIEW")
    ] = None,
    roles: Annotated[
        list[str] | None, typer.Option("--role", help="Open one on who has this role.", metavar="ROLE")
    ] = None,
    system: Annotated[
        str | None, typer.Option("--system", help="Open one on every role that lands in it.", metavar="NAME")
    ] = None,
    due: Annotated[
        str | None, typer.Option("--due", help="Answers are wanted by this day.", metavar="YYYY-MM-DD")
    ] = None,
    live: Annotated[
        bool, typer.Option("--live", help="Read the systems, too: who is really in, and was last seen when.")
    ] = False,
    names: Annotated[
        bool, typer.Option("--names", help="Put names on the sheet; the record has none.")
    ] = False,
    format: Annotated[  # noqa: A002 - the option's name
        Literal["text", "json", "csv", "html"], typer.Option("--format", help="Form of the sheet.")
    ] = "text",
    out: Annotated[
        Path | None, typer.Option("--out", help="Write the sheet to this file.", metavar="FILE")
    ] = None,
    reason: Annotated[str, typer.Option("--reason", help="Why, for the record.", metavar="TEXT")] = "",
) -> Exit:
    """Open a review of who has a role, and print its sheet. Writes the record only.

    Without a role, reviews are listed.
    """
    from pacsconf.cli.access_reviews import Asked, reviewed

    asked = Asked(which, tuple(roles or ()), system, due, live, names, format, out, reason)
    return reviewed(context, asked)


def sign_off(
    context: typer.Context,
    which: Annotated[str, typer.Argument(help="The review.", metavar="REVIEW")],
    sheet: Annotated[
        Path | None, typer.Argument(help="Its sheet, filled in, as CSV.", metavar="FILE")
    ] = None,
    keep: Annotated[
        list[str] | None,
        typer.Option("--keep", help="They keep it: a user, or USER/ROLE.", metavar="ID"),
    ] = None,
    remove: Annotated[
        list[str] | None,
        typer.Option("--remove", help="It is to be taken away: a user, or USER/ROLE.", metavar="ID"),
    ] = None,
    reason: Annotated[str, typer.Option("--reason", help="Why it is to be taken away.", metavar="TEXT")] = "",
) -> Exit:
    """Answer a review: keep or remove. Writes the record only.

    Who may, the roles say (approvers); nobody answers for themselves.
    """
    from pacsconf.cli.access_reviews import signed_off

    return signed_off(context, which, sheet, keep or (), remove or (), reason)


def report(
    context: typer.Context,
    systems: Annotated[
        list[str] | None,
        typer.Option("--system", help="This system; else all that hold accounts.", metavar="NAME"),
    ] = None,
    names: Annotated[bool, typer.Option("--names", help="Show who they are, not only ids.")] = False,
    verbose: Annotated[
        bool, typer.Option("-v", "--verbose", help="Every remark, and not the first 20.")
    ] = False,
    format: Annotated[  # noqa: A002 - the option's name
        Literal["text", "json", "csv"], typer.Option("--format", help="Form of the result.")
    ] = "text",
) -> Exit:
    """Hold what is live against what is declared.

    Exit 2 when not as declared. What a review wanted gone and is gone is recorded.
    """
    from pacsconf.cli.access_report import reported

    return reported(context, systems, format, names=names, verbose=verbose)


access = (show, review, sign_off, report)
