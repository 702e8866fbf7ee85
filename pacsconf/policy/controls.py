"""What controls are called: `policies/controls.yaml`, by framework, in words of the repository's own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from pacsconf.core.finding import Finding
from pacsconf.inventory.merge import nearest
from pacsconf.inventory.tree import Node
from pacsconf.policy.reading import Reading
from pacsconf.policy.rule import FRAMEWORKS, Framework, Rule

Titles = Mapping[Framework, Mapping[str, str]]
"""By framework and control, its title."""

FILE = "policies/controls.yaml"

_KEYS = ("title", "checked", "csf2")
_CHECKED = ("verified", "unverified")


@dataclass(frozen=True, slots=True)
class Control:
    """A control: its title is no quotation."""

    title: str
    checked: Literal["verified", "unverified", ""] = ""
    """Whether number and meaning were held against the source; empty where nobody said."""
    csf2: tuple[str, ...] = ()
    """Of a subcategory of CSF 1.1, where it went in 2.0."""

    def __str__(self) -> str:
        """Its title as reports say it."""
        return f"{self.title} (CSF 2.0: {', '.join(self.csf2)})" if self.csf2 else self.title


def read(data: bytes) -> Titles:
    """The titles that a file gives, as far as it can be read."""
    reading = Reading(FILE)
    return titled(reading, reading.tree(data))


def titled(reading: Reading, tree: Node | None) -> Titles:
    """The titles in a tree, and on the way what is wrong with them."""
    return {
        framework: {which: str(one) for which, one in controls.items()}
        for framework, controls in catalogue(reading, tree).items()
    }


def catalogue(reading: Reading, tree: Node | None) -> Mapping[Framework, Mapping[str, Control]]:
    """The controls in a tree, and on the way what is wrong with them."""
    if tree is None:
        return {}
    reading.known(tree, ("frameworks", "controls"), "The file of controls")
    found: dict[Framework, Mapping[str, Control]] = {}
    for name, controls in reading.map(tree.entries.get("controls"), "controls").items():
        framework = next((one for one in FRAMEWORKS if one == name), None)
        if framework is None:
            place = controls.key or controls.place
            summary = f'There is no framework "{name}"{nearest(name, FRAMEWORKS)}'
            reading.wrong(
                "PACS-POL-009", place, summary, "", "Frameworks are: " + ", ".join(FRAMEWORKS) + "."
            )
            continue
        found[framework] = dict(_controls(reading, name, controls))
    return found


def _controls(reading: Reading, framework: str, node: Node) -> Iterator[tuple[str, Control]]:
    for which, one in reading.map(node, framework).items():
        held = reading.map(one, which)
        reading.known(one, _KEYS, f"{framework} {which}")
        title = reading.string(held.get("title"), "title")
        checked = reading.one_of("PACS-POL-008", held.get("checked"), _CHECKED, "word for what was checked")
        if title:
            known: Literal["verified", "unverified", ""] = (
                "verified" if checked == "verified" else "unverified" if checked else ""
            )
            yield which, Control(title, known, reading.texts(held.get("csf2"), "csf2"))


def untitled(rules: Iterable[Rule], titles: Titles) -> Iterator[Finding]:
    """Controls that rules support and the file says nothing of: reports show their numbers alone."""
    told: set[tuple[Framework, str]] = set()
    for rule in rules:
        for framework, controls in rule.controls.items():
            for control in controls:
                if control in titles.get(framework, {}) or (framework, control) in told:
                    continue
                told.add((framework, control))
                yield Finding(
                    "PACS-POL-023",
                    "info",
                    f"{rule.id} supports {framework} {control}, which has no title",
                    "Reports show its number alone.",
                    f"Write controls.{framework}.{control} with a title in {FILE}, or correct the number.",
                    place=rule.place,
                )
