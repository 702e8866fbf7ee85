"""What controls are called: `policies/controls.yaml`, by framework, in words of the repository's own."""

from __future__ import annotations

from collections.abc import Mapping

from pacsconf.inventory.merge import nearest
from pacsconf.inventory.tree import Node
from pacsconf.policy.reading import Reading
from pacsconf.policy.rule import FRAMEWORKS, Framework

Titles = Mapping[Framework, Mapping[str, str]]
"""By framework and control, its title."""

FILE = "policies/controls.yaml"


def read(data: bytes) -> Titles:
    """The titles that a file gives, as far as it can be read."""
    reading = Reading(FILE)
    return titled(reading, reading.tree(data))


def titled(reading: Reading, tree: Node | None) -> Titles:
    """The titles in a tree, and on the way what is wrong with them."""
    if tree is None:
        return {}
    reading.known(tree, ("frameworks", "controls"), "The file of controls")
    found: dict[Framework, dict[str, str]] = {}
    for name, controls in reading.map(tree.entries.get("controls"), "controls").items():
        framework = next((one for one in FRAMEWORKS if one == name), None)
        if framework is None:
            place = controls.key or controls.place
            summary = f'There is no framework "{name}"{nearest(name, FRAMEWORKS)}'
            reading.wrong(
                "PACS-POL-009", place, summary, "", "Frameworks are: " + ", ".join(FRAMEWORKS) + "."
            )
            continue
        found[framework] = {
            which: title
            for which, node in reading.map(controls, name).items()
            if (title := reading.string(reading.map(node, which).get("title"), "title"))
        }
    return found
