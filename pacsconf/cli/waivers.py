"""The file of waivers of a repository: read, and found fit for the inventory beside it."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pacsconf.core.finding import Finding
    from pacsconf.inventory.baseline import Baseline
    from pacsconf.inventory.model import Inventory
    from pacsconf.policy.waiver import Waiver


def load_waivers(root: Path) -> tuple[tuple[Waiver, ...], tuple[Finding, ...]]:
    """The waivers of a repository that stand, and what is wrong with the others; none without the file."""
    path = root.joinpath(*_FILE)
    if not path.exists() and not path.is_symlink():
        return (), ()
    from pacsconf.core.finding import Finding
    from pacsconf.inventory.files import MAX_BYTES, read_bytes
    from pacsconf.policy.waivers import FILE, read

    content = read_bytes(path, root, MAX_BYTES)
    return ((), (content,)) if isinstance(content, Finding) else read(FILE, content)


_FILE = ("policies", "waivers.yaml")


def waived(root: Path, inventory: Inventory, today: date) -> Baseline:
    """What the waivers of a repository accept of the findings of built-in checks."""
    found, _ = load_waivers(root)
    if not found:
        return {}
    from pacsconf.policy.waiver_remarks import standing
    from pacsconf.policy.waivers import as_accepted

    return as_accepted(standing(found, {one.rule for one in found}, inventory, today), inventory)
