"""Failures that are accepted until a day: agree on one, or on another day; list them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from pacsconf.cli import workspace
from pacsconf.cli.days import day_of
from pacsconf.cli.exits import Exit
from pacsconf.cli.inventory_commands import show_findings
from pacsconf.cli.offboard_edit import Edit
from pacsconf.cli.screen import Screen, sentence

if TYPE_CHECKING:
    from pacsconf.cli.policy_declared import Declared
    from pacsconf.cli.workspace import Workspace
    from pacsconf.inventory.appending import Entry
    from pacsconf.policy.waiver import Waiver

SUGGESTED = 90
"""Days until a waiver ends where nobody says otherwise."""

Forms = Annotated[Literal["text", "json", "markdown"], typer.Option("--format", help="Form of the result.")]


def add(
    context: typer.Context,
    name: Annotated[
        str | None, typer.Argument(help="What it is called; not given: after rule and scope.", metavar="[ID]")
    ] = None,
    rule: Annotated[
        str, typer.Option("--rule", help="The rule whose failure is accepted.", metavar="ID")
    ] = "",
    scope: Annotated[
        list[str] | None,
        typer.Option("--scope", help="What it is about: KIND:NAME (ae:us-1/*, device:us-1), or an address."),
    ] = None,
    owner: Annotated[str, typer.Option("--owner", help="Who answers for it.", metavar="WHO")] = "",
    approver: Annotated[
        str, typer.Option("--approver", help="Who agreed: somebody else than the owner.", metavar="WHO")
    ] = "",
    reason: Annotated[
        str, typer.Option("--reason", help="Why it must be so for a time.", metavar="TEXT")
    ] = "",
    control: Annotated[
        str, typer.Option("--control", help="What makes up for it meanwhile.", metavar="TEXT")
    ] = "",
    until: Annotated[
        str | None,
        typer.Option("--until", help="Its last day, 180 days from now at most.", metavar="YYYY-MM-DD"),
    ] = None,
    renew: Annotated[
        str | None,
        typer.Option("--renew", help="Another last day for this waiver, by its id.", metavar="ID"),
    ] = None,
) -> Exit:
    """Accept a failure until a day, or renew that.

    Asks for what is not given. Writes policies/waivers.yaml, nothing else of it changes, and says how to commit it.
    """
    screen: Screen = context.obj.screen
    last = day_of(until, "--until")
    try:
        adding = _Adding(screen, workspace.checked(context.obj.root, context.obj.environment))
        if renew is not None:
            if name or rule or scope or owner or reason or control:
                raise typer.BadParameter(
                    "only --until and --approver go with it: another rule or scope is another waiver",
                    param_hint="--renew",
                )
            return adding.renewed(renew, last, approver)
        said = {"rule": rule, "owner": owner, "approver": approver, "reason": reason, "control": control}
        return adding.added(name, said, tuple(scope or ()), last)
    except workspace.InvalidInventory as invalid:
        show_findings(screen, invalid, "text")
        return Exit.INVALID


def list_(context: typer.Context, format: Forms = "text") -> Exit:  # noqa: A002 - the option's name
    """List waivers by the day on which they end: state, renewals, and what they accept."""
    from pacsconf.cli.policy_declared import declared

    screen: Screen = context.obj.screen
    try:
        work = workspace.checked(context.obj.root, context.obj.environment)
        judged = declared(work)
        _require_right(work, judged)
    except workspace.InvalidInventory as invalid:
        show_findings(screen, invalid, "json" if format == "json" else "text")
        return Exit.INVALID
    from pacsconf.report.waivers_text import waivers_json, waivers_markdown, waivers_text

    held = judged.assemble().waivers if judged else ()
    today = workspace.now().date()
    if format == "json":
        screen.raw(waivers_json(held))
    elif format == "markdown":
        screen.raw(waivers_markdown(held, today))
    else:
        screen.show(waivers_text(held, today, screen.width))
    return Exit.OK


waiver = (add, list_)


def _require_right(work: Workspace, judged: Declared | None) -> None:
    """Raises: InvalidInventory when files of policies have mistakes."""
    from pacsconf.cli.policy_book import invalid
    from pacsconf.core.finding import errors

    if judged and errors(judged.wrong):
        raise invalid(work, judged.wrong)


# --- what is written --------------------------------------------------------------------------------------------


class _Adding:
    """One waiver that is agreed on, or renewed.

    Raises: InvalidInventory when the files of policies have mistakes already.
    """

    def __init__(self, screen: Screen, work: Workspace) -> None:
        from pacsconf.cli.policy_book import invalid, read
        from pacsconf.core.finding import errors

        self.screen = screen
        self.work = work
        self.today = workspace.now().date()
        self.book, findings = read(work)
        if errors(findings):
            raise invalid(work, findings)

    def added(
        self, name: str | None, said: dict[str, str], scope: tuple[str, ...], last: date | None
    ) -> Exit:
        """A new waiver."""
        from pacsconf.inventory.appending import with_entry
        from pacsconf.policy.waivers import FILE, WAIVERS

        said, scope, last = self._asked(said, scope, last)
        self._check_rule(said["rule"])
        self._check_scope(scope)
        name = name or _named(said["rule"], scope[0], {one.id for one in self.book.waivers})
        if any(one.id == name for one in self.book.waivers):
            raise typer.BadParameter(
                f'there is a waiver "{name}" already; another day for it: --renew {name}', param_hint="ID"
            )
        entry: Entry = {
            "rule": said["rule"],
            "scope": scope,
            **{key: said[key] for key in ("owner", "approver", "reason", "control")},
            "since": self.today.isoformat(),
            "until": last.isoformat(),
        }
        self._check(name, entry)
        text = self._text()
        made = with_entry(text or _HEAD, FILE, WAIVERS, name, entry)
        self._write(made, name, f"waiver: {said['rule']} for {', '.join(scope)} until {last}")
        return self._told(name)

    def renewed(self, name: str, last: date | None, approver: str) -> Exit:
        """Another last day for a waiver that is there; its former one stays written."""
        from pacsconf.inventory.appending import with_appended
        from pacsconf.inventory.editing import with_value
        from pacsconf.policy.waiver import LONGEST
        from pacsconf.policy.waivers import FILE, WAIVERS

        former = self._waiver(name)
        last = last or min(self._day_from(max(former.until, self.today)), former.until + timedelta(LONGEST))
        entry = self._entry_of(former) | {"until": last.isoformat()}
        entry["renewals"] = [*map(str, former.renewals), str(former.until)]
        entry |= {"approver": approver} if approver else {}
        self._check(name, entry)
        made = with_appended(self._text(), FILE, (WAIVERS, name, "renewals"), former.until.isoformat())
        made = with_value(made, FILE, (WAIVERS, name, "until"), last.isoformat())
        if approver and approver != former.approver:
            made = with_value(made, FILE, (WAIVERS, name, "approver"), approver)
        self._write(made, name, f"waiver: {name} renewed until {last}")
        return self._told(name)

    # --- what is asked for

    def _asked(
        self, said: dict[str, str], scope: tuple[str, ...], last: date | None
    ) -> tuple[dict[str, str], tuple[str, ...], date]:
        """All that a waiver says; a person at a terminal is asked for what was not given."""
        found = {key: text.strip() for key, text in said.items()}
        missing = [key for key, text in found.items() if not text] + ([] if scope else ["scope"])
        if missing and not self.screen.is_interactive:
            names = ", ".join(f"--{key}" for key in sorted(missing, key=list(_QUESTIONS).index))
            raise typer.BadParameter("it is not said, and nobody is here to be asked", param_hint=names)
        for key, question in _QUESTIONS.items():
            if key == "scope" and not scope:
                scope = tuple(self.screen.ask(f"{question}: ").replace(",", " ").split())
            elif key in found and not found[key]:
                found[key] = self.screen.ask(f"{question}: ").strip()
        if last is None:
            last = self._day_from(self.today)
            if missing and (typed := self.screen.ask(f"Last day [{last}]: ").strip()):
                last = day_of(typed, "--until") or last
        return found, scope, last

    def _day_from(self, day: date) -> date:
        return day + timedelta(SUGGESTED)

    # --- what is checked

    def _check_rule(self, rule: str) -> None:
        from pacsconf.inventory.merge import nearest

        if rule and rule not in self.book.known:
            raise typer.BadParameter(
                f'there is no rule "{rule}"{nearest(rule, self.book.known)}', param_hint="--rule"
            )
        off = next((one.off for one in self.book.rules if one.id == rule and one.off), "")
        if off:
            raise typer.BadParameter(f"{rule} is switched off here: {off}", param_hint="--rule")

    def _check_scope(self, scope: Sequence[str]) -> None:
        """Raises: BadParameter for what names nothing; whether an address is live is for an audit to tell."""
        from pacsconf.inventory.merge import nearest
        from pacsconf.policy.evidence import Evidence
        from pacsconf.policy.facts import subjects
        from pacsconf.policy.scopes import fits, is_address, names_of, why_no_scope

        named = [pattern for pattern in scope if not why_no_scope(pattern) and not is_address(pattern)]
        if not named:
            return
        every = [
            one
            for several in subjects(Evidence(self.work.inventory, workspace.now())).values()
            for one in several
        ]
        for pattern in named:
            if not any(fits((pattern,), one) for one in every):
                known = {name for one in every for name in names_of(one)}
                raise typer.BadParameter(
                    f'"{pattern}" names nothing that is declared{nearest(pattern, known)}',
                    param_hint="--scope",
                )

    def _check(self, name: str, entry: Entry) -> None:
        """Raises: BadParameter with everything that is wrong with a waiver."""
        from pacsconf.policy.waivers import mistakes_of

        wrong = [f"{one.summary}. {one.detail} {one.fix}".strip() for one in mistakes_of(name, entry)]
        for role in ("owner", "approver"):
            user = self.work.inventory.users.get(str(entry[role]))
            if user is not None and user.status == "left":
                wrong.append(f"{user.id} has left, and cannot be its {role}")
        until = date.fromisoformat(str(entry["until"]))
        if until < self.today:
            wrong.append(f"its last day is over: today is {self.today} (UTC)")
        if wrong:
            raise typer.BadParameter("\n".join(wrong), param_hint=f"waiver {name}")

    # --- the file

    def _waiver(self, name: str) -> Waiver:
        from pacsconf.inventory.merge import nearest

        for one in self.book.waivers:
            if one.id == name:
                return one
        known = [one.id for one in self.book.waivers]
        raise typer.BadParameter(f'there is no waiver "{name}"{nearest(name, known)}', param_hint="--renew")

    @staticmethod
    def _entry_of(one: Waiver) -> dict[str, str | Sequence[str]]:
        texts = {key: getattr(one, key) for key in ("rule", "owner", "approver", "reason", "control")}
        return {**texts, "scope": list(one.scope), "since": str(one.since), "until": str(one.until)}

    def _bytes(self) -> bytes | None:
        from pacsconf.policy.waivers import FILE

        path = self.work.root / FILE
        return path.read_bytes() if path.is_file() else None

    def _text(self) -> str:
        return (self._bytes() or b"").decode("utf-8-sig")

    def _write(self, text: str, name: str, words: str) -> None:
        """Put it into the file, if all that stands in the folder stands then as well.

        Raises: PacsconfError; InvalidInventory when it does not, and the file is as it was.
        """
        from pacsconf.cli.policy_book import invalid, read
        from pacsconf.core.finding import errors
        from pacsconf.policy.waivers import FILE

        edit = Edit((self.work.root / FILE).resolve(), FILE, 0, f"waiver {name}", text, self._bytes())
        edit.write()
        self.book, findings = read(self.work)
        if errors(findings):
            wrong = invalid(self.work, findings)
            edit.take_back()
            raise wrong
        self.words = words

    def _told(self, name: str) -> Exit:
        from pacsconf.report.waivers_text import waiver_text

        one = self._waiver(name)
        accepts = _accepted_by(self.work, name)
        self.screen.show(waiver_text(one, accepts, self.today, self.screen.width))
        at = f"git{f' -C {shlex.quote(str(self.work.root))}' if str(self.work.root) != '.' else ''}"
        self.screen.show(sentence("To be looked at and merged as any change:"))
        self.screen.show(sentence(f"  {at} add policies/waivers.yaml"))
        self.screen.show(sentence(f"  {at} commit -m {shlex.quote(self.words)}"))
        return Exit.OK


_HEAD = "# Failures that are accepted until a day, by one who answers for it and another who agreed.\n"
_QUESTIONS = {
    "rule": "Rule whose failure is accepted (PACS-TLS-001)",
    "scope": "What it is about (ae:us-1/*, device:us-1, site:north)",
    "owner": "Who answers for it",
    "approver": "Who agreed (somebody else)",
    "reason": "Why it must be so for a time",
    "control": "What makes up for it meanwhile",
}


def _named(rule: str, scope: str, taken: set[str]) -> str:
    """What a waiver is called after its rule and scope: `pacs-tls-001-us-1`."""
    words = re.findall(r"[a-z0-9]+", f"{rule} {scope.partition(':')[2] or scope}".lower())
    name = "-".join(words)[:60].rstrip("-")
    numbers = (f"{name}-{number}" for number in range(2, len(taken) + 3))
    return name if name not in taken else next(each for each in numbers if each not in taken)


def _accepted_by(work: Workspace, name: str) -> int | None:
    """How many failures a waiver accepts as things are declared; None where that needs live systems to tell."""
    from pacsconf.cli.policy_declared import declared

    judged = declared(workspace.checked(work.root, None))
    held = judged.assemble().waivers if judged else ()
    found = (one.used for one in held if one.id == name and (one.used or one.state == "unused"))
    return next(found, None)
