"""Reading the files of policies: YAML trees to plain values, with every mistake at its place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from pacsconf.core.finding import Finding, Place
from pacsconf.inventory.document import lines_of, parse
from pacsconf.inventory.merge import nearest
from pacsconf.inventory.tree import Node, core_scalar
from pacsconf.inventory.values import Quoted
from pacsconf.policy.rule import Parameter

MAX_BYTES = 1_000_000
"""Of one file of policies: hundreds of rules have a tenth of it."""
MOST_BYTES = 5_000_000
"""Of all files of a folder together."""

T = TypeVar("T", bound=str)


@dataclass(slots=True)
class Reading:
    """One file that is read, and what is wrong with it."""

    file: str
    text: str = ""
    findings: list[Finding] = field(default_factory=list)

    def wrong(
        self,
        rule: str,
        place: Place,
        summary: str,
        detail: str = "",
        fix: str = "",
        *,
        also: tuple[tuple[Place, str], ...] = (),
    ) -> None:
        """One more mistake: an error."""
        self.findings.append(Finding(rule, "error", summary, detail, fix, place=place, also=also))

    def tree(self, data: bytes) -> Node | None:
        """The map that the file holds; None where it holds nothing, or cannot be read."""
        text = self._decoded(data)
        if text is None:
            return None
        self.text = text
        tree, findings = parse(text, self.file)
        self.findings += findings
        if tree is not None and not isinstance(tree.value, dict):
            self._kind(tree, "the file", "a map (lines of `key: value`)")
            return None
        return tree

    def _decoded(self, data: bytes) -> str | None:
        if len(data) > MAX_BYTES:
            self._unread(f"it has {len(data) / 1e6:.1f} MB, and {MAX_BYTES / 1e6:.0f} MB are the most")
            return None
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError as exc:
            self._unread(f"it is not UTF-8 text (byte {exc.start + 1})", "Save it as UTF-8 in the editor.")
            return None

    def _unread(self, why: str, fix: str = "Split it, or move it away if it does not belong here.") -> None:
        summary = f"The file was not read: {why}"
        self.wrong("PACS-POL-001", Place(self.file, 1, 1), summary, "Its rules would be missing.", fix)

    def line(self, number: int) -> str | None:
        """A line of the file, from 1."""
        lines = lines_of(self.text)
        return lines[number - 1] if 0 < number <= len(lines) else None

    # --- values ---------------------------------------------------------------------------------------------

    def known(self, node: Node, keys: Iterable[str], what: str) -> None:
        """Tells of keys that nothing reads."""
        names = tuple(keys)
        for key, held in node.entries.items():
            if key not in names:
                self.wrong(
                    "PACS-POL-002",
                    held.key or held.place,
                    f'{what} has no key "{key}"{nearest(key, names)}',
                    "What stands below it would not count.",
                    "Keys are: " + ", ".join(names) + ".",
                )

    def map(self, node: Node | None, what: str) -> Mapping[str, Node]:
        """The members of a map."""
        if node is None or node.value is None:
            return {}
        if not isinstance(node.value, dict):
            self._kind(node, what, "a map (lines of `key: value`)")
        return node.entries

    def list(self, node: Node | None, what: str) -> list[Node]:
        """The members of a list."""
        if node is None or node.value is None:
            return []
        if not isinstance(node.value, list):
            self._kind(node, what, "a list (lines of `- ...`)")
            return []
        return node.value

    def string(self, node: Node | None, what: str) -> str:
        """A text without the blanks around it; empty where there is none."""
        if node is None or node.value is None:
            return ""
        if not isinstance(node.value, str):
            self._kind(node, what, "text")
            return ""
        return str(node.value).strip()

    def texts(self, node: Node | None, what: str) -> tuple[str, ...]:
        """One text or a list of texts."""
        if node is not None and isinstance(node.value, str):
            return (self.string(node, what),)
        return tuple(filter(None, (self.string(one, f"A member of {what}") for one in self.list(node, what))))

    def one_of(self, rule: str, node: Node | None, known: Iterable[T], what: str) -> T | None:
        """One of the words that are known; None where it is none or something else."""
        text = self.string(node, what)
        words = tuple(known)
        found = next((word for word in words if word == text), None)
        if found is None and text and node is not None:
            near = nearest(text, words)
            self.wrong(
                rule, node.place, f'"{text}" is no {what}{near}', "", "One of: " + ", ".join(words) + "."
            )
        return found

    def parameter(self, node: Node, what: str) -> Parameter | None:
        """The value of a parameter: a number, a switch, a text or a list of texts."""
        if isinstance(node.value, list):
            return self.texts(node, what)
        value = scalar(node)
        if isinstance(value, int) and abs(value) > _LARGEST:
            self._kind(node, what, "a whole number of 18 digits at most")
            return None
        if isinstance(value, (bool, int, str)):
            return value
        self._kind(node, what, "a whole number, true or false, text, or a list of texts")
        return None

    def _kind(self, node: Node, what: str, needed: str) -> None:
        found = (
            "a map" if isinstance(node.value, dict) else "a list" if isinstance(node.value, list) else "text"
        )
        summary = f"{what[:1].upper()}{what[1:]} must be {needed}, and this is {found}"
        self.wrong("PACS-POL-003", node.named_at, summary)


def is_empty(node: Node | None) -> bool:
    """Whether nothing is said there: no value, or blanks."""
    return node is None or node.value is None or (isinstance(node.value, str) and not node.value.strip())


def scalar(node: Node) -> bool | int | float | str | None:
    """A scalar as YAML types it: in quotes it is text."""
    if isinstance(node.value, Quoted):
        return str(node.value)
    return core_scalar(node.value) if isinstance(node.value, str) else None


_LARGEST = 10**18
"""CEL's whole numbers have 64 bits."""
RULE_ID = re.compile(r"[A-Z][A-Z0-9]*(-[A-Z0-9]+)+")
NAME = re.compile(r"[a-z][a-z0-9_]*")
