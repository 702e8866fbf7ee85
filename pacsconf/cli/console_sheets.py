"""After an apply: a sheet for every console at which somebody has something to key in, and the short of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pacsconf.cli import workspace
from pacsconf.cli.screen import Screen
from pacsconf.core.errors import PacsconfError
from pacsconf.core.moment import in_words

if TYPE_CHECKING:
    from pacsconf.core.change import Change
    from pacsconf.core.changeset import ChangeSet
    from pacsconf.record.state import RecordState

Sheets = Annotated[
    str | None,
    typer.Option(
        "--sheets", help="Folder for sheets of what people are to do; none: no file.", metavar="DIR"
    ),
]
NONE = "none"
"""What `--sheets` says where no file is wanted."""


def hand_out(
    screen: Screen, work: workspace.Workspace, changeset: ChangeSet, record: RecordState, sheets: str | None
) -> None:
    """Write a sheet for each console that this change set asks something of, and say what it is about.

    The sheet holds all that waits there, so that the newest is whole. `sheets` None: the folder `sheets` of the
    repository. What hinders the writing is said and fails nothing, since the changes are made and recorded.
    """
    from pacsconf.inventory.systems import ConsoleConfig
    from pacsconf.report.plan.keyed_text import to_key_in_text
    from pacsconf.report.view import View

    for system in _asked(work, changeset):
        config = work.inventory.systems[system]
        assert isinstance(config, ConsoleConfig), "only consoles are asked"
        changes = [one.change for address, one in sorted(record.waiting.items()) if address.system == system]
        files = [] if sheets == NONE else _written(screen, work, system, changes, changeset, sheets)
        view = View(width=screen.width, command=work.command)
        screen.show(to_key_in_text(system, config.contact, changes, files, view, work.command))


def _asked(work: workspace.Workspace, changeset: ChangeSet) -> list[str]:
    """The consoles at which something began to wait."""
    from pacsconf.inventory.systems import ConsoleConfig

    waits = {outcome.address.system for outcome in changeset.outcomes if outcome.status == "waiting"}
    return sorted(name for name in waits if isinstance(work.inventory.systems.get(name), ConsoleConfig))


def _written(
    screen: Screen,
    work: workspace.Workspace,
    system: str,
    changes: Sequence[Change],
    changeset: ChangeSet,
    sheets: str | None,
) -> list[str]:
    from pacsconf.report.sheets.sheet import NAME, console_sheet

    now = workspace.now()
    try:
        texts = console_sheet(
            work.inventory,
            system,
            changes,
            environment=work.environment,
            changeset=changeset.id,
            printed=in_words(now),
            command=work.command,
            templates=work.root / "templates",
            day=now.date(),
            operator=changeset.operator,
            ticket=changeset.ticket,
            told=work.loaded.sources.told,
        )
        folder = Path(sheets) if sheets else work.root / "sheets"
        return [str(path) for path in stored(folder, f"{system}-{changeset.id}", texts, NAME)]
    except PacsconfError as exc:
        screen.error(exc)
        return []


def stored(folder: Path, name: str, texts: Mapping[str, str], template: str) -> list[Path]:
    """The texts as files of this name, or of a new one where some are there already; `template` makes them again.

    Raises: PacsconfError when they cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        paths = next(
            paths for paths in _names(folder, name, texts) if not any(p.exists() for p in paths.values())
        )
        for form, path in paths.items():
            draft = path.with_name(f".{path.name}.draft")
            draft.write_text(texts[form], encoding="utf-8")
            draft.replace(path)  # half a sheet would be keyed in as if it were whole
    except OSError as exc:
        raise PacsconfError(
            f"no sheet can be written in {folder}: {exc.strerror}",
            fix=f"The changes are made and recorded. Print what waits again: pacsconf render {template}",
        ) from exc
    return list(paths.values())


def _names(folder: Path, name: str, forms: Iterable[str]) -> Iterator[dict[str, Path]]:
    """The names to try: as asked, then with a number."""
    for number in count(1):
        stem = name if number == 1 else f"{name}-{number}"
        yield {form: folder / f"{stem}.{form}" for form in forms}
