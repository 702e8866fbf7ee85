"""Profiles: changes of rules under a name, which a site takes over as a whole (`profile: strict` in its file).

A profile is a file `policies/profiles/NAME.yaml` with `title`, `gate` and `overrides`, as a site's own. Of several
the later one wins, and what the site itself says wins over all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from pacsconf.inventory.merge import nearest
from pacsconf.inventory.tree import Node
from pacsconf.policy.overrides import Overrides
from pacsconf.policy.reading import Reading

FOLDER = "policies/profiles"
KEYS = ("title", "gate", "overrides")


def is_profile(file: str) -> bool:
    """Whether a file, by its path in the repository, is a profile and no pack."""
    return file.startswith(f"{FOLDER}/")


def named(site: Reading, tree: Node, files: Mapping[str, bytes]) -> Iterator[Overrides]:
    """The profiles that a site's file names, in its order; one that is not there is told there."""
    node = tree.entries.get("profile")
    known = sorted(
        file.removeprefix(f"{FOLDER}/").removesuffix(".yaml") for file in files if is_profile(file)
    )
    for name in site.texts(node, "profile"):
        file = f"{FOLDER}/{name}.yaml"
        if file in files:
            yield _read(name, file, files[file])
        elif node is not None:
            site.wrong(
                "PACS-POL-021",
                node.place,
                f"There is no profile {name}{nearest(name, known)}",
                "What it would change of rules is not changed.",
                f"Profiles are: {', '.join(known)}." if known else f"It would be the file {file}.",
            )


def _read(name: str, file: str, data: bytes) -> Overrides:
    reading = Reading(file)
    tree = reading.tree(data)
    if tree is None:
        return Overrides(reading=reading, profile=name)
    reading.known(tree, KEYS, "A profile")
    reading.string(tree.entries.get("title"), "title")
    return replace(Overrides.of(reading, tree), profile=name)
