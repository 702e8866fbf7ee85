"""Saved plans as files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from pacsconf.core.errors import PacsconfError, PlanError

if TYPE_CHECKING:
    from pacsconf.core.plan import Plan
    from pacsconf.core.saved import SavedPlan

T = TypeVar("T")

_MAX_PLAN = 256 * 1024 * 1024
"""Bytes; a plan of 100,000 changes stays below."""


def save_plan(made: Plan, path: Path) -> None:
    """Write the plan, readable by its owner alone, whole or not at all."""
    from pacsconf.report.as_json import plan_json

    part = path.with_name(path.name + ".part")
    try:
        part.touch(mode=0o600)
        part.write_text(plan_json(made), encoding="ascii")
        part.replace(path)
    except OSError as exc:
        raise PacsconfError(
            f"the plan cannot be saved as {path}: {exc.strerror}", fix="Name another file."
        ) from exc


def load_plan(path: Path) -> Plan:
    """The plan in a file.

    Raises: PlanError when it cannot be read, is no plan, or was edited.
    """
    from pacsconf.core.plan import plan_from_json

    return _read(path, lambda text: plan_from_json(json.loads(text)))


def load_saved(path: Path) -> SavedPlan:
    """What applying needs of the plan in a file.

    Raises: PlanError when it cannot be read, is no plan, or was edited.
    """
    from pacsconf.core.saved import saved_plan

    return _read(path, saved_plan)


def _read(path: Path, parse: Callable[[str], T]) -> T:
    try:
        if path.stat().st_size > _MAX_PLAN:
            raise PlanError(f"{path} is too large to be a plan")
        return parse(path.read_text(encoding="utf-8"))
    except OSError as exc:
        raise PlanError(
            f"the plan {path} cannot be read: {exc.strerror}", fix="Make it: pacsconf plan --out FILE"
        ) from exc
    except (ValueError, RecursionError) as exc:
        raise PlanError(
            f"{path} is no plan: it does not hold JSON", fix="Make it: pacsconf plan --out FILE"
        ) from exc
