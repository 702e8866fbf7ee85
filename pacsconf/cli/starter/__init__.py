"""A commented starter inventory and a pack of rules, for `pacsconf init`."""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from pacsconf.core.errors import PacsconfError

_FILES = ("pacsconf.yaml", "hospital.yaml")
PACKS = ("administration", "aes", "lifecycle", "network", "people", "retention", "services", "storage", "tls")
"""Packs of rules; the wheel takes the same files (pyproject.toml)."""
PROFILES = ("baseline", "eu-gdpr", "strict", "us-hipaa")
_POLICIES = (
    *(f"{name}.yaml" for name in PACKS),
    "controls.yaml",
    *(f"profiles/{name}.yaml" for name in PROFILES),
)
_NOT_FOR_GIT = """\
# Sheets of what is to be keyed in at consoles: printed again from the record whenever they are wanted.
sheets/
# Lists of test objects that acceptance runs left behind; the runs themselves are in the record.
commissioning/
# Saved plans.
plan.json
# Reports and evidence packs of audits; the audits themselves are in the record.
report/
*.bundle
"""


def policies() -> Traversable:
    """The folder of the starter's rules: in the package as it is installed, in a checkout beside it."""
    packed = files(__package__).joinpath("policies")
    return packed if packed.is_dir() else Path(__file__).parents[3] / "policies"


def write_starter(root: Path) -> tuple[Path, ...]:
    """Write the starter below `root/inventory` and `root/policies`, and a `.gitignore`; their paths from `root`.

    Rules are written where there are none, and a `.gitignore` where there is none.

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
    if not list((root / "policies").glob("*.y*ml")):
        texts |= {root / "policies" / name: _rules(name) for name in (*_POLICIES, "site.yaml")}
    if not (root / ".gitignore").exists():
        texts[root / ".gitignore"] = _NOT_FOR_GIT
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, text in texts.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    except OSError as exc:
        raise PacsconfError(f"{folder} cannot be written: {exc.strerror}") from exc
    return tuple(path.relative_to(root) for path in texts)


def _rules(name: str) -> str:
    """A file of the rules; what the site itself says of them is none of the starter's packs."""
    holder = files(__package__) if name == "site.yaml" else policies()
    return holder.joinpath(name).read_text(encoding="utf-8")
