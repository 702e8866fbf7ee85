"""What the record holds of storages: samples of each, and how they are shown again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pacsconf.cli.screen import Screen
from pacsconf.core.errors import PacsconfError, RecordError

if TYPE_CHECKING:
    from pacsconf.retention.capacity import Stock

_FOLDER = "storage/"
"""Where the history of each storage is kept, below `evidence/`."""


def path_of(name: str) -> str:
    from urllib.parse import quote

    return f"{_FOLDER}{quote(name, safe='')}.jsonl"


def samples_of(name: str, history: Mapping[str, bytes]) -> tuple[Stock, ...]:
    """Raises: RecordError when they cannot be read, since a forecast without them would mislead."""
    from pacsconf.retention.capacity import Unreadable, from_lines

    path = path_of(name)
    if path not in history:
        return ()
    try:
        return from_lines(history[path])
    except Unreadable as exc:
        raise RecordError(
            f"the record's {path} cannot be read: {exc}", fix="Use the version of pacsconf that wrote it."
        ) from exc


def show_kept(screen: Screen, files: Mapping[str, bytes], format: str) -> None:  # noqa: A002
    """The newest sample of each storage in these files of the record.

    Raises: PacsconfError when one cannot be read.
    """
    from urllib.parse import unquote

    from pacsconf.report.storage_text import Shown, storage_json, storage_text
    from pacsconf.retention.capacity import forecast

    shown = []
    for path in sorted(path for path in files if path.startswith(_FOLDER)):
        name = unquote(path.removeprefix(_FOLDER).removesuffix(".jsonl"))
        samples = samples_of(name, files)
        if not samples:
            raise PacsconfError(f"the record's {path} holds nothing")
        shown.append(Shown(name, samples[-1], forecast(samples), 100))
    if format == "json":
        screen.raw(storage_json(shown, 0))
    else:
        screen.show(storage_text(shown, screen.width, 0))
