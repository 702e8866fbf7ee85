"""What `offboard` writes into the inventory: one value of one user, where a person would have written it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING

from pacsconf.core.errors import PacsconfError

if TYPE_CHECKING:
    from pacsconf.cli.workspace import Workspace
    from pacsconf.inventory.people import User

LEFT = "inventory/left.yaml"
"""Where it is written of those who are in no YAML file: lists of others are not ours to write."""

_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Edit:
    """One value to be written: `before` are the bytes of the file, None where there is none yet."""

    path: Path
    file: str
    line: int
    words: str
    """`status: left`."""
    text: str
    before: bytes | None

    @property
    def place(self) -> str:
        """`inventory/people.yaml:12`."""
        return f"{self.file}:{self.line}"

    def write(self) -> None:
        """Put it into the file, whole or not at all.

        Raises: PacsconfError.
        """
        mark = _BOM if self.before is not None and self.before.startswith(_BOM) else b""
        self._put(mark + self.text.encode())

    def take_back(self) -> None:
        """The file as it was.

        Raises: PacsconfError.
        """
        if self.before is None:
            self.path.unlink(missing_ok=True)
        else:
            self._put(self.before)

    def _put(self, content: bytes) -> None:
        part = self.path.with_name(f".{self.path.name}.part")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            part.write_bytes(content)
            if self.before is not None:
                os.chmod(part, self.path.stat().st_mode)
            part.replace(self.path)
        except OSError as exc:
            raise PacsconfError(
                f"{self.file} cannot be written: {exc.strerror}", fix=f"Write there: {self.words}"
            ) from exc


def edit_of(work: Workspace, user: User, key: str, value: str) -> Edit | None:
    """What to write so that a user has this value; None where they have it already.

    Raises: PacsconfError with what to write by hand where that is not done by machine.
    """
    from pacsconf.inventory.editing import holds, with_member, with_value
    from pacsconf.inventory.files import is_shown

    if getattr(user, key) == value:
        return None
    path = (user.collection, user.id, key)
    texts = {file: text for file, text in work.loaded.texts.items() if is_shown(file)}
    file = next((file for file, text in texts.items() if holds(text, file, user.collection, user.id)), "")
    if file:
        before = texts[file]
        after = with_value(before, file, path, value)
    else:
        file, before = LEFT, texts.get(LEFT, "")
        after = with_member(before, file, path, value)
        after = (
            after if before else f"# Who has left although a list that others keep names them still.\n{after}"
        )
    place = (work.root / file).resolve()
    words = f"{key}: {value}"
    return Edit(place, file, _line(before, after, words), words, after, _bytes(place, before))


def _line(before: str, after: str, words: str) -> int:
    """The first line with these words in which two texts differ."""
    lines = zip_longest(before.splitlines(), after.splitlines(), fillvalue="")
    found = (number for number, (was, now) in enumerate(lines, 1) if was != now and words in now)
    return next(found, 1)


def _bytes(path: Path, text: str) -> bytes | None:
    """What a file holds, which is what was read of it.

    Raises: PacsconfError when somebody changed it meanwhile.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as exc:
        raise PacsconfError(f"{path} cannot be read: {exc.strerror}") from exc
    if content.removeprefix(_BOM).decode(errors="replace") != text:
        raise PacsconfError(f"{path} was changed meanwhile", fix="Give the same command again.")
    return content
