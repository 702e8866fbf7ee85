"""One member of a collection: whether anything stands there, whether its name is one, whether it fits its model."""

from __future__ import annotations

from typing import TypeVar

from pydantic import BaseModel

from pacsconf.core.finding import Finding, Path, Place
from pacsconf.inventory import formats
from pacsconf.inventory.tree import Node, plain
from pacsconf.inventory.validation import checked, dotted

M = TypeVar("M", bound=BaseModel)


def member(model: type[M], node: Node, path: Path) -> tuple[M | None, tuple[Finding, ...]]:
    """The model of a member, None when it does not fit or its name is none; and what is wrong with it."""
    if node.value is None:
        return None, emptiness(node, path)
    value, findings = checked(model, plain(node), path)
    misnamed = misnaming(node, path)
    return (None if misnamed else value), (*findings, *misnamed)


def emptiness(node: Node, path: Path) -> tuple[Finding, ...]:
    """The complaint about a member after whose name there is nothing."""
    if node.value is not None:
        return ()
    return (empty(dotted(path), "Nothing stands after its name.", node.key or node.place),)


def misnaming(node: Node, path: Path) -> tuple[Finding, ...]:
    """The complaint about a name that is none; an environment's becomes part of a branch's."""
    check = formats.environment_name if path[0] == "environments" else formats.name
    try:
        check(str(path[-1]))
    except ValueError as exc:
        summary = f'"{path[-1]}" cannot be a name: {exc}'
        return (Finding(MISNAMED, "error", summary, place=node.key or node.place),)
    return ()


MISNAMED = "PACS-NAME-002"


def empty(what: str, why: str, place: Place) -> Finding:
    """Something has a name and no value."""
    fix = "Write {} after it if all its values are the usual ones, else remove it."
    return Finding("PACS-VAL-004", "error", f"{what} is empty", why, fix, place=place)
