"""Templates by name: those that come with pacsconf, and a site's own, which win.

A template is a file NAME.FORM.j2 (`modality-sheet.html.j2`). A site overrides one, or adds its own, by one file in
the folder `templates` of its repository. A file whose name begins with `_` is a part, for `include` and `extends`.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from pacsconf.core.errors import PacsconfError, TemplateFault
from pacsconf.inventory.merge import nearest
from pacsconf.report.sheets.sandbox import Source, fill, names_in

MOST_BYTES = 256 * 1024
"""Of a template's file."""

_NAME = re.compile(r"(?P<name>_?[A-Za-z0-9][A-Za-z0-9_-]{0,63})\.(?P<form>[A-Za-z0-9]{1,16})\.j2")
_OURS = files("pacsconf.report") / "templates"
_RENDERED_BY_OTHERS = frozenset({"acceptance-run", "access-review", "plan"})
"""What a command of its own fills in, with other values than `render` has."""


@dataclass(frozen=True, order=True, slots=True)
class Template:
    """One that can be rendered: its name, its form, and the site's file where it has one."""

    name: str
    form: str
    own: str = ""

    @property
    def file(self) -> str:
        return f"{self.name}.{self.form}.j2"


class Templates:
    """The templates of a repository: pacsconf's, and those in `folder`; None for pacsconf's alone."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder

    def all(self) -> tuple[Template, ...]:
        """Every template that `render` can fill in, by name and form."""
        ours = {entry.name for entry in _OURS.iterdir()}
        own = {path.name: str(path) for path in self._own_files()}
        parsed = [(_NAME.fullmatch(file), own.get(file, "")) for file in sorted(ours | own.keys())]
        found = [Template(match["name"], match["form"], path) for match, path in parsed if match]
        return tuple(
            sorted(one for one in found if one.name[0] != "_" and one.name not in _RENDERED_BY_OTHERS)
        )

    def misnamed(self) -> tuple[str, ...]:
        """The site's files that end in .j2 and are no template by their name."""
        return tuple(str(path) for path in self._own_files() if not _NAME.fullmatch(path.name))

    def of_name(self, name: str) -> tuple[Template, ...]:
        """The forms that there are of a template.

        Raises: PacsconfError when there is none, saying which there are.
        """
        known = self.all()
        found = tuple(one for one in known if one.name == name)
        if not found:
            names = list(dict.fromkeys(one.name for one in known))
            raise PacsconfError(
                f'there is no template "{name}"{nearest(name, names)}',
                fix=f"There are: {', '.join(names)}. One of your own is a file templates/NAME.FORM.j2.",
            )
        return found

    def takes(self, template: Template) -> frozenset[str]:
        """The names that it takes from outside, its parts' included.

        Raises: TemplateFault when a file is no template.
        """
        names: set[str] = set()
        seen: set[str] = set()
        ahead = [template.file]
        while ahead:
            file = ahead.pop()
            source = self._source(file)
            if source is not None and file not in seen:
                seen.add(file)
                own, parts = names_in(file, source)
                names |= own
                ahead += parts
        return frozenset(names)

    def render(self, name: str, form: str, values: Mapping[str, Any]) -> str:
        """The template of this name and form with the values in it.

        Raises: TemplateFault naming file and line.
        """
        file = f"{name}.{form}.j2"
        if self._folder is None or not self._own_files():
            return self.filled(file, values)
        from pacsconf.report.sheets import bounded

        return bounded.rendered(self._folder, file, values)

    def filled(self, file: str, values: Mapping[str, Any]) -> str:
        """The same in this process, with no bound on time and memory.

        Raises: TemplateFault naming file and line.
        """
        return fill(self._source, file, values)

    def _own_files(self) -> list[Path]:
        if self._folder is None or not self._folder.is_dir():
            return []
        return sorted(self._folder.glob("*.j2"))

    def _source(self, file: str) -> Source | None:
        """The site's own, else pacsconf's, if there is one. Never anything outside these two folders.

        Raises: TemplateFault when it cannot be read.
        """
        if not _NAME.fullmatch(file):
            return None
        own = self._folder / file if self._folder else None
        if own is not None and (own.exists() or own.is_symlink()):
            return Source(_read(own, self._folder), str(own))
        if (_OURS / file).is_file():
            return Source((_OURS / file).read_text(encoding="utf-8"), f"pacsconf's {file}")
        return None


def _read(path: Path, folder: Path | None) -> str:
    """The text of a site's template.

    Raises: TemplateFault when it is no file of the repository, too large, or no text.
    """
    assert folder is not None, "what is a site's stands in its folder"
    real, repository = path.resolve(), folder.absolute().parent.resolve()
    if not real.is_relative_to(repository):
        raise TemplateFault(
            f"{path} leads out of the repository", fix="Put the template itself there, not a link to it."
        )
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise TemplateFault(f"{path} is no file", fix="A template is a text file.")
        if status.st_size > MOST_BYTES:
            raise TemplateFault(
                f"{path} has {status.st_size:,} bytes; a template has at most {MOST_BYTES:,}",
                fix="Divide it into parts, and join them by include.",
            )
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as exc:
        line = exc.object[: exc.start].count(b"\n") + 1
        raise TemplateFault(
            f"{path}:{line}: this is not UTF-8", fix="Save it as UTF-8, which every editor can."
        ) from exc
    except OSError as exc:
        raise TemplateFault(f"{path} cannot be read: {exc.strerror}", fix="Let it be read.") from exc
