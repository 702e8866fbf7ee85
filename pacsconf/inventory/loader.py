"""From the files of a repository to its inventory, with everything that is wrong, all at once.

    read files ─▶ parse each ─▶ join collections ─▶ merge profiles ─▶ check against models ─▶ spell out ─▶ rules

A file or a device that is wrong does not hide the others: what stands is built and checked as well, only
complaints about what is absent wait until everything could be read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from pacsconf.core import garbage
from pacsconf.core.finding import Finding, Place, errors
from pacsconf.inventory import baseline, files, people_times, retention_rules
from pacsconf.inventory.bounded import bounded
from pacsconf.inventory.build import Build
from pacsconf.inventory.checks import RULE_IDS, Further
from pacsconf.inventory.confidential import is_confidential
from pacsconf.inventory.document import lines_of, parse
from pacsconf.inventory.join import join
from pacsconf.inventory.model import Inventory
from pacsconf.inventory.people_files import PeopleFiles
from pacsconf.inventory.retention_files import Packs
from pacsconf.inventory.sources import Sources


@dataclass(frozen=True, slots=True)
class Loaded:
    """What was declared, or why it does not stand.

    `inventory` is None when a finding is an error. `built` is what could be built of it, for looking for more that
    is wrong; None where not all of its systems and environments could be. `files` were read, named as in places;
    `digest` is of their names and bytes.
    """

    inventory: Inventory | None
    built: Inventory | None
    sources: Sources
    findings: tuple[Finding, ...]
    files: tuple[Path, ...]
    digest: str
    texts: Mapping[str, str] = field(repr=False)

    def line(self, file: str, number: int) -> str | None:
        """A line of a file that was read, from 1; None where there is none, or where it may hold a secret."""
        lines = lines_of(self.texts[file]) if file in self.texts and files.is_shown(file) else ()
        if number > len(lines) or is_confidential(lines[number - 1], lines[: number - 1]):
            return None
        return lines[number - 1]


Waiving = Callable[[Inventory], baseline.Baseline]
"""What waivers accept of an inventory, as entries beside its baseline."""


def load(
    root: Path,
    today: date | None = None,
    further: Further | None = None,
    waiving: Waiving = lambda _: {},
) -> Loaded:
    """The inventory below `root/inventory`, and all that is wrong with it, by our rules and by `further` ones.

    What its baseline accepts, and waivers beside it, counts as accepted until its day; without `today`, on any day.
    """
    texts, findings = files.read(root)
    with garbage.waits():
        trees = [parse(text.text, text.file) for text in texts]
        tree, unjoined = join(each for each, _ in trees if each)
        packs = Packs(root, tree)
        people = PeopleFiles(root, tree)
        texts += (*packs.texts, *people.texts)
        unread = [*findings, *(finding for _, bad in trees for finding in bad)]
        build = Build(tree, read=not unread, further=further)
        build.findings += [*unread, *unjoined, *packs.findings, *people.findings]
        inventory = build.inventory()
        if waived := waiving(inventory):
            inventory = inventory.model_copy(update={"baseline": {**inventory.baseline, **waived}})
    sources = build.sources
    judged = _judged(build, inventory, today)
    found = _in_order(
        sources.located(bounded((*build.findings, *judged))), further.ids if further else frozenset()
    )
    return Loaded(
        None if errors(found) else inventory,
        inventory if build.is_deployable(inventory) else None,
        sources,
        found,
        tuple(text.path for text in texts),
        digest((text.file, text.content) for text in texts),
        {text.file: text.text for text in texts},
    )


def _judged(build: Build, inventory: Inventory, today: date | None) -> tuple[Finding, ...]:
    """What rules for the whole found, with what the baseline accepts, and what is to be said about that itself."""
    entries = inventory.baseline
    overdue = tuple(retention_rules.overdue(inventory.retention, today)) if today else ()
    whole = build.read and not errors(build.findings)
    held = people_times.rules(inventory, build.sources, today) if whole else ()
    found = baseline.accepted((*build.of_the_whole, *overdue, *held), entries, today)
    ids = RULE_IDS | (build.further.ids if build.further else frozenset())
    left = baseline.superfluous(entries, found, ids) if whole else ()
    return (*found, *baseline.remarks(entries, today), *left)


def digest(contents: Iterable[tuple[str, bytes]]) -> str:
    """The hash of files by name and content, whatever order they come in."""
    total = hashlib.sha256()
    for name, content in sorted(contents):
        total.update(hashlib.sha256(name.encode()).digest() + hashlib.sha256(content).digest())
    return total.hexdigest()


def _in_order(findings: Iterable[Finding], several: frozenset[str]) -> tuple[Finding, ...]:
    """Each complaint once, by place: what a profile has wrong is not repeated for each of its devices.

    Of `several` rules there may be more than one complaint about what stands at one place.
    """
    once: dict[Any, Finding] = {}
    for finding in findings:
        key: tuple[object, ...] = (finding.rule, finding.place)
        if not finding.place or finding.rule in several:
            key += (finding.path, finding.summary)
        once.setdefault(key, finding)
    return tuple(sorted(once.values(), key=lambda one: (one.place or Place("", 0, 0), one.rule, one.summary)))
