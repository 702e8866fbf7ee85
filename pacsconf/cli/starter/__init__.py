"""A commented starter inventory, for `pacsconf init`."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from pacsconf.core.errors import PacsconfError

_FILES = ("pacsconf.yaml", "hospital.yaml")
_NOT_FOR_GIT = """\
# Sheets of what is to be keyed in at consoles: printed again from the record whenever they are wanted.
sheets/
# Lists of test objects that acceptance runs left behind; the runs themselves are in the record.
commissioning/
# Saved plans.
plan.json
"""


def write_starter(root: Path) -> tuple[Path, ...]:
    """Write the starter below `root/inventory`, and a `.gitignore` where there is none; their paths from `root`.

    Raises: PacsconfError when an inventory is there already, or the folder cannot be written.
    """
    folder = root / "inventory"
    present = list(folder.rglob("*.y*ml")) if folder.is_dir() else []
    if present:
        raise PacsconfError(
            f"there is an inventory already: {present[0].relative_to(root)}",
            fix="init begins a new one and writes over nothing; use another folder (--chdir DIR).",
        )
    texts = {folder / name: files(__package__).joinpath(name).read_text(encoding="utf-8") for name in _FILES}
    if not (root / ".gitignore").exists():
        texts[root / ".gitignore"] = _NOT_FOR_GIT
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, text in texts.items():
            path.write_text(text, encoding="utf-8")
    except OSError as exc:
        raise PacsconfError(f"{folder} cannot be written: {exc.strerror}") from exc
    return tuple(path.relative_to(root) for path in texts)
