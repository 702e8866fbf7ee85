"""A commented starter inventory, for `pacsconf init`."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from pacsconf.core.errors import PacsconfError

_FILES = ("pacsconf.yaml", "hospital.yaml")


def write_starter(root: Path) -> tuple[Path, ...]:
    """Write the starter below `root/inventory`; the files' paths, relative to `root`.

    Raises: PacsconfError when an inventory is there already, or the folder cannot be written.
    """
    folder = root / "inventory"
    present = list(folder.rglob("*.y*ml")) if folder.is_dir() else []
    if present:
        raise PacsconfError(
            f"there is an inventory already: {present[0].relative_to(root)}",
            fix="init begins a new one and writes over nothing; use another folder (--chdir DIR).",
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in _FILES:
            text = files(__package__).joinpath(name).read_text(encoding="utf-8")
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as exc:
        raise PacsconfError(f"{folder} cannot be written: {exc.strerror}") from exc
    return tuple(Path("inventory") / name for name in _FILES)
