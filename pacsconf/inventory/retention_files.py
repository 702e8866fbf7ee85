"""The top-level key `retention` of all files as one, with the packs that it names read beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from pacsconf.core.finding import Finding
from pacsconf.core.finding import Path as Steps
from pacsconf.inventory import files
from pacsconf.inventory.document import parse
from pacsconf.inventory.files import Text
from pacsconf.inventory.members import member
from pacsconf.inventory.merge import nearest
from pacsconf.inventory.retention import NAMED, ONCE, Pack, Retention, RetentionDeclaration, pack_name
from pacsconf.inventory.tree import Node, plain
from pacsconf.inventory.validation import checked, unknown_key

RETENTION = "retention"
FOLDER = Path("policies", "retention")
"""Where packs are, in the inventory's repository."""

MISSING_PACK = "PACS-RET-014"


class Packs:
    """The packs that an inventory names, read; they stand in its tree then, where their names stood."""

    def __init__(self, root: Path, tree: Node) -> None:
        self.root = root
        self.texts: list[Text] = []
        self.findings: list[Finding] = []
        declared = tree.entries.get(RETENTION)
        listed = declared.entries.get("packs") if declared else None
        if declared is not None and listed is not None:
            assert isinstance(declared.value, dict), "joined as a map"
            declared.value["packs"] = self._of(listed)

    def _of(self, listed: Node) -> Node:
        """The packs by name; the list itself where it is none, so that it is complained about."""
        names = listed.value if isinstance(listed.value, list) else [listed]
        if not all(isinstance(name.value, str) and _is_name(name.value) for name in names):
            return listed
        found = {str(name.value): pack for name in names if (pack := self._read(name))}
        return Node(found, listed.at, listed.key_at)

    def _read(self, name: Node) -> Node | None:
        path = self.root / FOLDER / f"{name.value}.yaml"
        if not path.exists():
            self.findings.append(_missing(name, path.parent))
            return None
        text = files.read_one(path, self.root)
        if isinstance(text, Finding):
            self.findings.append(text)
            return None
        self.texts.append(text)
        tree, findings = parse(text.text, text.file)
        self.findings += findings
        return tree


def _is_name(text: str) -> bool:
    try:
        return bool(pack_name(text))
    except ValueError:
        return False


def _missing(name: Node, folder: Path) -> Finding:
    there = sorted(path.stem for path in folder.glob("*.yaml")) if folder.is_dir() else []
    return Finding(
        MISSING_PACK,
        "warning",
        f'There is no pack "{name.value}" in {FOLDER.as_posix()}{nearest(str(name.value), there)}',
        "Its legal minimums are not looked at, so that nobody sees a rule that is shorter.",
        f"There are: {', '.join(there)}." if there else f"Put {name.value}.yaml there, or remove the name.",
        place=name.place,
        verdict="unknown",
    )


# --- one value of it all -----------------------------------------------------------------------------------------


def retention(node: Node | None) -> tuple[Retention, tuple[Finding, ...]]:
    """What is declared, as far as it stands, and what is wrong with the rest."""
    if node is None:
        return Retention(), ()
    found: dict[str, Any] = {}
    findings: list[Finding] = []
    for key, held in node.entries.items():
        if held.value is None:
            continue
        value, wrong = _part(key, held, (RETENTION, key))
        findings += wrong
        if value is not None:
            found[key] = value
    return Retention.model_construct(**found), tuple(findings)


def _part(key: str, node: Node, path: Steps) -> tuple[Any, tuple[Finding, ...]]:
    named: Mapping[str, type[BaseModel]] = {**NAMED, "packs": Pack}
    if key in named and isinstance(node.value, dict):
        return _members(named[key], node, path)
    if key in ONCE:
        return checked(ONCE[key], plain(node), path)
    if key not in RetentionDeclaration.model_fields:
        return None, (unknown_key(key, RetentionDeclaration.model_fields, path),)
    value, findings = checked(RetentionDeclaration, {key: plain(node)}, path[:-1])
    return getattr(value, key, None), findings


def _members(model: type[BaseModel], node: Node, path: Steps) -> tuple[Any, tuple[Finding, ...]]:
    """The members that fit their model."""
    found: dict[str, BaseModel] = {}
    findings: list[Finding] = []
    for name, one in node.entries.items():
        value, wrong = member(model, one, (*path, name))
        findings += wrong
        if value is not None:
            found[name] = value
    return found, tuple(findings)


# --- joining -----------------------------------------------------------------------------------------------------


def parts(node: Node) -> Iterator[tuple[str, str | None, Node]]:
    """What one file says: a key with its value, or a key of a collection with each of its members by name."""
    for key, held in node.entries.items():
        if key not in NAMED or not isinstance(held.value, dict):
            yield key, None, held
        else:
            yield from ((key, name, one) for name, one in held.value.items())
