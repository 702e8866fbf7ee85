"""Writing sheets, registers and a site's own documents from templates: render."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pacsconf.cli import workspace
from pacsconf.cli.exits import Exit
from pacsconf.cli.render_orthanc import (
    USERS,
    Sealed,
    orthancs,
    require_private_place,
    tell_next,
    write_private,
)
from pacsconf.cli.screen import Screen
from pacsconf.cli.team_sheets import requests
from pacsconf.core.errors import PacsconfError, RecordError
from pacsconf.report.lines import Span, line, padded, wrapped

if TYPE_CHECKING:
    from datetime import date

    from pacsconf.core.changeset import ChangeSet
    from pacsconf.record.contents import Waiting
    from pacsconf.record.state import RecordState
    from pacsconf.report.sheets.context import Hospital, Sheet
    from pacsconf.report.sheets.render import Template, Templates

_PREFERRED = ("md", "csv", "html")
"""The form that is written where none is asked for: what can be read on a terminal comes first."""


def render(
    context: typer.Context,
    name: Annotated[
        str | None,
        typer.Argument(help="A template: modality-sheet, ae-titles, or a site's own.", metavar="NAME"),
    ] = None,
    about: Annotated[
        list[str] | None,
        typer.Argument(help="The devices, consoles, Orthancs or systems of accounts.", metavar="DEVICE..."),
    ] = None,
    format: Annotated[  # noqa: A002 - the option's name
        str | None,
        typer.Option("--format", help="One of the template's forms: md, html, csv.", metavar="FORM"),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Write to this file, or into this folder.", metavar="PATH")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
    names: Annotated[
        bool, typer.Option("--names", help="Say who people are, on a sheet of accounts.")
    ] = False,
    list_all: Annotated[bool, typer.Option("--list", help="List the templates there are.")] = False,
) -> Exit:
    """Fill in a template: a sheet, a register, one of your own. From the inventory; asks no live system."""
    from pacsconf.report.sheets.render import Templates

    templates = Templates(context.obj.root / "templates")
    screen: Screen = context.obj.screen
    if list_all:
        _list(screen, templates, format)
        return Exit.OK
    if name is None:
        raise typer.BadParameter("name a template; pacsconf render --list shows which there are")
    template = _chosen(templates, name, format or _ending(out))
    documents = list(_documents(context, templates, template, about or [], names=names))
    if out is None and len(documents) == 1:
        screen.raw(documents[0].shown)
    else:
        _write(screen, _places(out, documents, name), force=force)
        if name == USERS:
            tell_next(screen, [document.about for document in documents])
    return Exit.OK


@dataclass(frozen=True, slots=True)
class Document:
    """A text to write, and the name of its file; `sealed` are passwords that stand in it as marks."""

    file: str
    text: str
    about: str = ""
    sealed: Sealed | None = None

    @property
    def shown(self) -> str:
        """The text as anybody may see it."""
        return self.sealed.masked(self.text) if self.sealed else self.text

    @property
    def is_private(self) -> bool:
        """Whether passwords will stand in its file."""
        return self.sealed is not None and self.sealed.in_it(self.text)


# --- which template -----------------------------------------------------------------------------------------------


def _list(screen: Screen, templates: Templates, form: str | None) -> None:
    known = templates.all()
    if form == "json":
        body = [{"name": one.name, "form": one.form, "own": one.own} for one in known]
        screen.raw(json.dumps({"format_version": 1, "templates": body}, indent=2))
        return
    width = max(len(one.name) for one in known)
    for name in dict.fromkeys(one.name for one in known):
        forms = [one for one in known if one.name == name]
        own = ", ".join(one.own for one in forms if one.own)
        told = f"{', '.join(one.form for one in forms):<14}{own}"
        screen.show((line("  ", padded(name, width), "  ", told),))
    for file in templates.misnamed():
        screen.show((line(Span("  ! ", "warning"), f"{file} is no template by its name: NAME.FORM.j2"),))
    screen.show((line(f"Next: {screen.command} render NAME"),))


def _ending(out: Path | None) -> str | None:
    """The form that a file's name asks for."""
    return out.suffix.removeprefix(".").lower() or None if out is not None and not out.is_dir() else None


def _chosen(templates: Templates, name: str, form: str | None) -> Template:
    from pacsconf.inventory.merge import nearest

    found = {template.form: template for template in templates.of_name(name)}
    if form is None:
        form = next((each for each in _PREFERRED if each in found), min(found))
    if form not in found:
        raise PacsconfError(
            f'template {name} has no form "{form}"{nearest(form, found)}',
            fix=f"It has: {', '.join(sorted(found))}.",
        )
    return found[form]


# --- what it is about ---------------------------------------------------------------------------------------------


def _documents(
    context: typer.Context, templates: Templates, template: Template, about: list[str], *, names: bool
) -> Iterator[Document]:
    takes = templates.takes(template)
    _require_nobody(template, takes, names=names)
    work = _workspace(context, needs_environment=bool(takes & {"sheet", "orthanc", "request"}))
    record = _record(context.obj.screen, work)
    seen = _hospital(work, record)
    if "sheet" in takes:
        for sheet in _sheets(work, seen, record, about):
            yield _filled(templates, template, sheet.system, seen.values(sheet=sheet))
    elif "request" in takes:
        for asked in requests(work, record.state, about, names=names):
            yield _filled(templates, template, asked.system, seen.values(request=asked))
    elif "orthanc" in takes:
        for one, sealed in orthancs(context.obj.screen, work, template, about):
            filled = _filled(templates, template, one.system, seen.values(orthanc=one))
            yield replace(filled, sealed=sealed)
    elif "device" in takes:
        for name in _devices(seen, template, about):
            yield _filled(templates, template, name, seen.values(device=seen.device(name)))
    elif about:
        raise typer.BadParameter(
            f"{template.name} is about the whole hospital, so no device is named with it"
        )
    else:
        yield _filled(templates, template, "", seen.values())


def _require_nobody(template: Template, takes: Set[str], *, names: bool) -> None:
    if names and "request" not in takes:
        raise typer.BadParameter(
            f"{template.name} is about no accounts, so it names nobody", param_hint="--names"
        )


def _filled(templates: Templates, template: Template, about: str, values: dict[str, Any]) -> Document:
    text = templates.render(template.name, template.form, values)
    return Document(f"{template.name}{f'-{_safe(about)}' if about else ''}.{template.form}", text, about)


def _safe(name: str) -> str:
    """A device's name as part of a file's name."""
    return "".join(char if char.isalnum() or char in "-_." else "_" for char in name)


def _workspace(context: typer.Context, *, needs_environment: bool) -> workspace.Workspace:
    """The inventory; where several environments are declared and none is named, without one if that will do."""
    root, environment = context.obj.root, context.obj.environment
    try:
        return workspace.opened(root, environment)
    except workspace.InvalidInventory as invalid:
        from pacsconf.core.finding import errors

        rules = {finding.rule for finding in errors(invalid.findings)}
        loaded = invalid.loaded
        if needs_environment or environment is not None or rules != {"PACS-ENV-001"} or not loaded.inventory:
            raise
        return workspace.Workspace(root, loaded, "", loaded.inventory, loaded.findings, invalid.seconds)


def _hospital(work: workspace.Workspace, record: Recorded) -> Hospital:
    from pacsconf.report.sheets.hospital import hospital

    return hospital(
        work.inventory,
        day=workspace.now().date(),
        environment=work.environment if work.environment != "default" else "",
        commit=record.commit,
        reserved=record.reserved,
    )


def _devices(seen: Hospital, template: Template, about: list[str]) -> list[str]:
    from pacsconf.inventory.merge import nearest

    names = [device.name for device in seen.devices]
    if not about:
        raise typer.BadParameter(f"{template.name} is about a device: pacsconf render {template.name} DEVICE")
    if unknown := [name for name in about if name not in names]:
        raise PacsconfError(
            "; ".join(f'there is no device "{name}"{nearest(name, names)}' for name in unknown),
            fix="Its name is the key under devices in the inventory; pacsconf render ae-titles lists them.",
        )
    return list(dict.fromkeys(about))


# --- what the record says -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Recorded:
    """What git knows: the inventory's commit, and the record of the environment, where there is one."""

    commit: str = ""
    state: RecordState | None = None

    @property
    def reserved(self) -> dict[str, date]:
        """AE titles that nobody uses, until when they stay so: the only kind of name that lingers."""
        held = self.state.reserved.items() if self.state else ()
        return {address.parts[-1]: day for address, day in held}

    def waiting(self, system: str) -> list[Waiting]:
        """What waits for a person at a system."""
        held = self.state.waiting.values() if self.state else ()
        own = (one for one in held if one.change.address.system == system)
        return sorted(own, key=lambda one: one.change.address)


def _record(screen: Screen, work: workspace.Workspace) -> Recorded:
    """What git knows here, without asking a remote; nothing in a folder that is no repository."""
    named = work if work.environment else dataclasses.replace(work, environment="default")
    try:
        with workspace.record(named) as store:
            commit = str(store.inventory_commit("inventory", "templates"))
            state = store.state(fetch=False) if work.environment else None
    except RecordError:
        return Recorded()
    if state is not None and not state.known and state.exists:
        text = f"{state.why_unknown}; so reserved titles, and what waits, are left out"
        screen.note(wrapped(text, screen.width, first=line(Span("note", "warning"), "  "), indent=3))
    return Recorded(commit, state)


def _sheets(work: workspace.Workspace, seen: Hospital, record: Recorded, about: list[str]) -> Iterator[Sheet]:
    """The sheets of these consoles; of none in particular: of all at which something waits."""
    from pacsconf.core.moment import in_words
    from pacsconf.report.sheets.sheet import sheet

    if record.state is not None and record.state.exists:
        record.state.require_known()
    for name in _consoles(work, record, about):
        waiting = record.waiting(name)
        by = _asked_by(work, waiting)
        yield sheet(
            work.inventory,
            name,
            [one.change for one in waiting],
            seen=seen,
            changeset=", ".join(dict.fromkeys(one.changeset for one in waiting)),
            printed=in_words(workspace.now()),
            command=work.command,
            operator=by.operator if by else "",
            ticket=by.ticket if by else "",
            told=work.loaded.sources.told,
        )


def _consoles(work: workspace.Workspace, record: Recorded, about: list[str]) -> tuple[str, ...]:
    """The consoles meant, at each of which something waits.

    Raises: PacsconfError where one is none, or nothing waits there.
    """
    from pacsconf.inventory.merge import nearest
    from pacsconf.inventory.systems import ConsoleConfig

    systems = sorted(work.inventory.systems.items())
    known = [name for name, config in systems if isinstance(config, ConsoleConfig)]
    for name in about:
        if name not in known:
            raise PacsconfError(
                f'there is no console "{name}"{nearest(name, known)}',
                fix=f"Systems of type console: {', '.join(known) or 'none is declared'}.",
            )
    meant = tuple(dict.fromkeys(about or known))
    idle = [name for name in meant if not record.waiting(name)]
    if (about and idle) or len(idle) == len(meant):
        raise PacsconfError(
            f"nothing waits for a person at {', '.join(idle) or 'a console: none is declared'}",
            fix=f"What an apply would hand over is in the plan: {work.command} plan",
        )
    return tuple(name for name in meant if name not in idle)


def _asked_by(work: workspace.Workspace, waiting: list[Waiting]) -> ChangeSet | None:
    """The change set that all of this comes from, if it is one and still to be had."""
    ids = {one.changeset for one in waiting}
    if len(ids) != 1:
        return None
    try:
        with workspace.record(work) as store:
            return store.load(ids.pop())
    except RecordError:
        return None


# --- writing ------------------------------------------------------------------------------------------------------


def _places(out: Path | None, documents: list[Document], name: str) -> dict[Path, Document]:
    """Where each document goes."""
    if out is None:
        raise typer.BadParameter(f"{len(documents)} documents need a folder: render {name} ... --out FOLDER")
    if len(documents) == 1 and not out.is_dir():
        return {out: documents[0]}
    places = {out / document.file: document for document in documents}
    if len(places) < len(documents):
        raise PacsconfError(
            "two of these would be the same file, since their names differ only in characters that no file has",
            fix="Write them one by one: --out FILE",
        )
    return places


def _write(screen: Screen, places: Mapping[Path, Document], *, force: bool) -> None:
    """Write all, or none where one of them is there already, or a password of one cannot be had."""
    there = [path for path in places if path.exists()]
    if there and not force:
        raise PacsconfError(
            f"{there[0]} is there already and is not written over", fix="Name another place, or add --force."
        )
    opened = {path: _opened(path, document) for path, document in places.items() if document.is_private}
    for path, document in places.items():
        # A spreadsheet takes CSV for the machine's old character set unless it begins with a byte order mark.
        encoding = "utf-8-sig" if path.suffix == ".csv" else "utf-8"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if path in opened:
                write_private(path, opened[path])
            else:
                with path.open("w" if force else "x", encoding=encoding, newline="") as file:
                    file.write(document.shown)
        except OSError as exc:
            why = exc.strerror if path.parent.is_dir() else "a file is where its folder should be"
            raise PacsconfError(f"{path} cannot be written: {why}", fix="Name another place.") from exc
        readable = "  (with passwords: yours alone to read)" if path in opened else ""
        screen.note((line(Span("  + ", "create"), f"{path}{readable}"),))


def _opened(path: Path, document: Document) -> str:
    """The text with its passwords, for a place where they may stand."""
    assert document.sealed is not None, "only then is it private"
    require_private_place(path)
    return document.sealed.opened(document.text)
