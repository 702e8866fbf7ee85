"""The loop that makes an adopted inventory stand: load it, accept what is wrong, leave alone what differs, repeat.

    draft ─▶ standing ─▶ profiled ─▶ files ─▶ load ─▶ new faults? accept ─▶ compare ─▶ differences? ignore ─▶ done
                                       ▲                    │                              │
                                       └────────────────────┴──────────────────────────────┘

Each round takes away at least one cause for another, so it ends; it does so in three rounds at most, unless this
module has a defect.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path as FilePath

from pacsconf.adopt.draft import Draft, Plain, Remark
from pacsconf.adopt.files import Accepting, Terms, beside, laid_out
from pacsconf.adopt.guess import RESERVED
from pacsconf.adopt.leave_alone import Ignored, left_alone, unmanaged
from pacsconf.adopt.profiles import BASE, Profiled, profiled
from pacsconf.adopt.standing import standing
from pacsconf.adopt.vendors import without
from pacsconf.core.compare import Difference
from pacsconf.core.errors import PacsconfError
from pacsconf.core.finding import Finding, errors
from pacsconf.inventory.capability_sets import SETS
from pacsconf.inventory.checks import RULE_IDS
from pacsconf.inventory.loader import Loaded, load
from pacsconf.inventory.model import Inventory

ROUNDS = 6


@dataclass(frozen=True, slots=True)
class Live:
    """What comparing an inventory with the source showed, `ignore` applied, and what the system finds wrong."""

    differences: tuple[Difference, ...] = ()
    findings: tuple[Finding, ...] = ()


Remaining = Callable[[Inventory], Live]


@dataclass(frozen=True, slots=True)
class Adoption:
    """Inventory files that load without errors and plan to no change, and what a person should know.

    `files` are texts by path below `inventory/`. `counts` are of devices, AE titles, capabilities, profiles,
    reserved titles, accepted faults and patterns under `ignore`.
    """

    files: Mapping[str, str]
    remarks: tuple[Remark, ...]
    counts: Mapping[str, int]
    baseline: Mapping[str, Plain] = field(default_factory=dict)
    ignored: tuple[Ignored, ...] = ()
    accepting: tuple[Accepting, ...] = ()
    """The entries of `baseline`, each with the fault that it accepts in a few words."""
    sets: Mapping[str, int] = field(default_factory=dict)
    """By capability set: how many AE titles name it."""


def settle(
    draft: Draft, terms: Terms, remaining: Remaining, existing: Mapping[str, str] | None = None
) -> Adoption:
    """The draft as files that stand, beside the inventory files that exist (texts by path below `inventory/`).

    Names that the draft declares may not be declared there. Faults that those have by themselves are left to them.

    Raises: PacsconfError when nothing is left to be written; whatever `remaining` raises.
    """
    rounds = _Rounds(standing(draft), terms, existing or {})
    for _ in range(ROUNDS):
        loaded = rounds.load()
        if rounds.leave_out(loaded) or rounds.accept(loaded.findings):
            continue
        rounds.require_something()
        assert loaded.inventory is not None, [finding.summary for finding in errors(loaded.findings)]
        live = remaining(loaded.inventory)
        news = rounds.accept(live.findings)
        if not (rounds.leave_alone(live.differences) or news):
            return rounds.adoption(loaded.inventory, live.differences)
    raise AssertionError("what was adopted does not come to rest")


class _Rounds:
    """What was settled so far."""

    def __init__(self, draft: Draft, terms: Terms, existing: Mapping[str, str]) -> None:
        self.draft = draft
        self.terms = terms
        self.existing = existing
        self.accepting: dict[tuple[str, str], Accepting] = {}
        self.ignored: dict[str, Ignored] = {}
        self.before, self.taken, self.sets_taken, self.names = _of(existing, terms)
        self.profiled = self.profile()
        self.written: tuple[Profiled, tuple[int, int], dict[str, str]] | None = None

    def profile(self) -> Profiled:
        base = f"{BASE}-{self.draft.system}" if BASE in self.taken else BASE
        return profiled(self.draft.devices, self.taken, base, self.sets_taken)

    def files(self) -> dict[str, str]:
        """The files' texts as things stand; they are written anew only after something was settled."""
        settled = len(self.accepting), len(self.ignored)
        if self.written is None or self.written[0] is not self.profiled or self.written[1] != settled:
            ignored = _together(self.ignored.values())
            files = laid_out(self.draft, self.profiled, self.terms, tuple(self.accepting.values()), ignored)
            self.written = self.profiled, settled, beside(files, self.existing, self.draft.system)
        return self.written[2]

    def load(self) -> Loaded:
        return _loaded({**self.existing, **self.files()}, self.terms)

    def leave_out(self, loaded: Loaded) -> bool:
        """Leave out devices and flows that cannot be declared although each value can; whether there were any."""
        acceptable = RULE_IDS | self.terms.rules.ids
        wrong = [one for one in errors(loaded.findings) if one.rule not in acceptable]
        devices, remarks = without(self.draft.devices, [one for one in wrong if "vendor" in one.path])
        flows = dict(self.draft.flows)
        left = [one for one in wrong if "vendor" not in one.path or not remarks]
        people = {collection: dict(members) for collection, members in self.draft.people.items()}
        names = {(str(one.path[0]), str(one.path[1])): one for one in left if len(one.path) > 1}
        for (collection, name), finding in names.items():
            held = {"devices": devices, "flows": flows, **people}.get(collection, {})
            if held.pop(name, None) is not None:
                remarks.append(Remark(f"{finding.summary}; {name} is left unmanaged", finding.fix))
        if remarks:
            told = (*self.draft.remarks, *remarks)
            self.draft = replace(self.draft, devices=devices, flows=flows, people=people, remarks=told)
            self.profiled = self.profile()
        return bool(remarks)

    def require_something(self) -> None:
        """Nothing, unless there is no inventory and nothing to begin one with.

        Raises: PacsconfError with the reasons why each find was left out.
        """
        if not self.existing and not self.files():
            why = "".join(f". {remark.summary}" for remark in self.draft.remarks)
            raise PacsconfError(
                f"nothing of what was found can be declared, so nothing was written{why}",
                fix="See what there is: pacsconf look",
            )

    def accept(self, findings: Iterable[Finding]) -> bool:
        """Put new faults into the baseline; whether there were any."""
        known = len(self.accepting)
        for finding in findings:
            key = (finding.rule, _at(finding))
            acceptable = finding.severity != "info" and not finding.accepted and key[1]
            if acceptable and key not in self.before and not finding.rule.startswith(_OF_THE_BASELINE):
                self.accepting.setdefault(key, self.entry(finding, key[1]))
        return len(self.accepting) > known

    def entry(self, finding: Finding, at: str) -> Accepting:
        until = self.terms.today + timedelta(days=self.terms.days)
        plain = {
            "rule": finding.rule,
            "at": at,
            "owner": self.terms.owner,
            "until": until.isoformat(),
            "reason": f"found live when adopted on {self.terms.today}",
        }
        name = _free(_WORDS.get(finding.rule, finding.rule.lower()), finding, self.names)
        return Accepting(name, plain, finding.summary)

    def leave_alone(self, differences: Iterable[Difference]) -> bool:
        """Put what differs under `ignore`; whether anything did."""
        new = self.draft.system in self.draft.systems
        found = left_alone(differences if new else filter(self.is_mine, differences))
        self.ignored |= {one.pattern: one for one in found}
        return bool(found) and new

    def is_mine(self, difference: Difference) -> bool:
        """Whether it is about what is adopted, and not about a change that somebody is planning already."""
        declared = difference.declared
        return declared is not None and declared.root.parts[0] in self.devices

    @property
    def devices(self) -> frozenset[str]:
        """Names of the adopted devices as they stand in addresses."""
        return frozenset(name.lower() for name in self.draft.devices)

    def adoption(self, inventory: Inventory, differences: Iterable[Difference] = ()) -> Adoption:
        remarks = self.draft.remarks
        if self.draft.system in self.draft.systems:
            remarks += tuple(unmanaged(differences, remarks))
        if self.ignored and self.draft.system not in self.draft.systems:
            remarks += tuple(map(self.by_hand, self.ignored.values()))
        return Adoption(
            self.files(),
            remarks,
            self.counts(inventory),
            {one.name: one.plain for one in self.accepting.values()},
            _together(self.ignored.values()),
            tuple(self.accepting.values()),
            self.profiled.set_users,
        )

    def by_hand(self, ignored: Ignored) -> Remark:
        """What to do about a difference in a system that is declared already: its file is not written over."""
        where = f"systems.{self.draft.system}.ignore"
        summary = f"{ignored.pattern} differs from what is adopted: {ignored.why.splitlines()[0]}"
        return Remark(summary, f'To leave it as it is, add "{ignored.pattern}" under {where}.')

    def counts(self, inventory: Inventory) -> dict[str, int]:
        mine = [inventory.devices[name] for name in self.draft.devices]
        entities = [ae for device in mine if device.type != RESERVED for ae in device.ae_titles.values()]
        return {
            "devices": sum(device.type != RESERVED for device in mine),
            "ae_titles": len(entities),
            "capabilities": sum(len(ae.capabilities) for ae in entities),
            "profiles": len(self.profiled.profiles),
            "capability_sets": len(self.profiled.sets),
            "reserved": sum(device.type == RESERVED for device in mine),
            "accepted": len(self.accepting),
            "ignored": len(self.ignored),
        }


_OF_THE_BASELINE = "PACS-BASE-"
"""Rules about the baseline itself."""

_WORDS: Mapping[str, str] = {
    "PACS-AE-003": "duplicate-title",
    "PACS-AE-013": "title-alike",
    "PACS-AE-014": "odd-title",
    "PACS-AE-015": "title-spaces",
    "PACS-DEV-004": "no-port",
    "PACS-DEV-005": "name-alike",
    "PACS-HOST-005": "outside-network",
    "PACS-AE-005": "same-address",
    "PACS-USR-005": "shared",
    "PACS-USR-006": "no-end",
    "PACS-USR-010": "no-second-factor",
    "PACS-USR-011": "no-owner",
    "PACS-REACH-002": "unasked",
    "PACS-REACH-003": "unoffered",
    "PACS-REACH-004": "left-behind",
    "PACS-REACH-005": "no-transfer-syntax",
    "PACS-REACH-006": "lossy-only",
    "PACS-REACH-007": "tls-one-sided",
    "PACS-REACH-008": "not-let-in",
    "PACS-REACH-009": "no-way",
    "PACS-REACH-010": "no-way-back",
    "PACS-REACH-011": "no-move-destination",
    "PACS-REACH-012": "worklist-apart",
    "PACS-REACH-013": "character-sets-apart",
}
"""What entries of the baseline are called, by rule."""


def _at(finding: Finding) -> str:
    """Where a fault is, as the baseline names it; empty for what is nowhere.

    Of a flow it is the whole: the number of a service in its list is not to be relied on.
    """
    path = finding.path[:2] if finding.path[:1] == ("flows",) else finding.path
    return ".".join(map(str, path)) if path else str(finding.about or "")


def _free(word: str, finding: Finding, taken: set[str]) -> str:
    """A name for an entry of the baseline: what is wrong, and with which device."""
    about = finding.path[1] if len(finding.path) > 1 else ""
    base = " ".join(f"{word}-{about}".strip("-").split())[:55]
    name, number = base, 2
    while name in taken:
        name, number = f"{base}-{number}", number + 1
    taken.add(name)
    return name


def _together(ignored: Iterable[Ignored]) -> tuple[Ignored, ...]:
    """Those of one reason beside each other."""
    return tuple(sorted(ignored, key=lambda one: (one.why, one.pattern)))


def _of(
    existing: Mapping[str, str], terms: Terms
) -> tuple[frozenset[tuple[str, str]], set[str], set[str], set[str]]:
    """Of an inventory that exists: its faults, and the names of its profiles, sets and baseline entries."""
    if not existing:
        return frozenset(), set(), set(), set()
    loaded = _loaded(existing, terms)
    entries = loaded.sources.root.entries
    faults = frozenset((one.rule, _at(one)) for one in loaded.findings)
    profiles, sets, baseline = (set(entries[name].entries) for name in ("profiles", SETS, "baseline"))
    return faults, profiles, sets, baseline


def _loaded(files: Mapping[str, str], terms: Terms) -> Loaded:
    """The inventory of these files, read as any is: from a folder."""
    with tempfile.TemporaryDirectory(prefix="pacsconf-adopt-") as folder:
        for path, text in files.items():
            file = FilePath(folder, "inventory", path)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8", newline="\n")
        return load(FilePath(folder), terms.today, terms.rules)
