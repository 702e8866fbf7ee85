"""Change sets as a table, for whoever wants to know who applied and approved what without reading plans."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pacsconf.report.audit.machine import line
from pacsconf.report.sheets.forms import cell

COLUMNS = (
    *("changeset", "opened", "closed", "state", "applied_by", "on", "reason", "ticket"),
    *("approved_by", "let_through", "changes", "applied", "not_applied", "inventory", "plan"),
)


def render(changesets: Iterable[Mapping[str, Any]]) -> str:
    """A head and one row for each change set, as the record keeps it, the oldest first.

    Raises: KeyError, TypeError, AttributeError for what is no change set.
    """
    rows = (_cells(one) for one in sorted(changesets, key=lambda one: str(one["opened"])))
    written = (",".join(str(cell(line(str(each)))) for each in cells) + "\n" for cells in (COLUMNS, *rows))
    return "".join(written)


def _cells(one: Mapping[str, Any]) -> tuple[object, ...]:
    plan, outcomes = one["plan"], one["outcomes"]
    commit = plan.get("basis", {}).get("commit", "")
    applied = sum(each["status"] == "applied" for each in outcomes)
    approved = "; ".join(f"{each['by']} {each['at']}" for each in one.get("approvals", ()))
    return (
        *(one["id"], one["opened"], one["closed"], one["status"], one["operator"], one["runner"]),
        *(one["reason"], one["ticket"], approved, "; ".join(map(str, one["acks"]))),
        *(len(plan["changes"]), applied, len(outcomes) - applied, commit, plan["digest"]),
    )
