"""From files of policies to rules: packs, and what a site changes of them, with every mistake at its place.

A pack is a file `policies/NAME.yaml` with `pack` (what it calls itself) and `rules`. `policies/site.yaml` may have
`overrides`, `gate` and `profile` as well. `policies/waivers.yaml`, `policies/controls.yaml` and what is in
`policies/profiles` are no packs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from pacsconf.core.finding import Finding, Place
from pacsconf.inventory.document import lines_of
from pacsconf.inventory.merge import nearest
from pacsconf.inventory.tree import Node
from pacsconf.policy import controls, profiles, scalars
from pacsconf.policy.memory import Memory
from pacsconf.policy.overrides import Overrides, overridden
from pacsconf.policy.reading import NAME, RULE_ID, Reading, is_empty
from pacsconf.policy.rule import FRAMEWORKS, SEVERITIES, Framework, Pack, Parameter, Rule, Severity
from pacsconf.policy.scan import looks
from pacsconf.policy.vocabulary import KINDS

FOLDER = "policies"
SITE = f"{FOLDER}/site.yaml"
"""The file in which a site changes what rules ask."""
NO_PACKS = frozenset({f"{FOLDER}/waivers.yaml", controls.FILE})
"""Files of the folder that hold no rules."""

DEFAULT_GATE: Severity = "high"

_RULE_KEYS = (
    *("id", "title", "severity", "kind", "when", "condition", "message"),
    *("why", "fix", "params", "controls", "since"),
)
_NEEDED = ("id", "title", "severity", "kind", "condition")
_PACK_KEYS = ("name", "title", "version")


@dataclass(frozen=True, slots=True)
class Policies:
    """All policies of an inventory's repository."""

    packs: tuple[Pack, ...] = ()
    rules: tuple[Rule, ...] = ()
    """Those that stand, after what the site changes; those that are switched off too, which say why in `off`."""
    gate: Severity = DEFAULT_GATE
    """The severity from which on a failure stops what was asked for."""
    findings: tuple[Finding, ...] = ()
    titles: controls.Titles = field(default_factory=dict)
    """What controls are called."""
    texts: Mapping[str, str] = field(default_factory=dict)
    """By file, what stands in it: for excerpts."""

    @property
    def active(self) -> tuple[Rule, ...]:
        """The rules that are not switched off."""
        return tuple(rule for rule in self.rules if not rule.off)

    def rule(self, which: str) -> Rule | None:
        """The rule of an id; None where there is none."""
        return next((rule for rule in self.rules if rule.id == which), None)

    def line(self, file: str, number: int) -> str | None:
        """A line of one of the files; None where it cannot be had."""
        lines = lines_of(self.texts[file]) if file in self.texts else ()
        return lines[number - 1] if 0 < number <= len(lines) else None


@dataclass(frozen=True, slots=True)
class _Stated:
    """A rule as its pack states it, and where its parts stand."""

    rule: Rule
    node: Node
    reading: Reading


def parse(files: Mapping[str, bytes], memory: Memory | None = None) -> Policies:
    """The policies in these files, by their paths in the repository.

    Every mistake is a finding with its place; a rule that has one does not stand. CEL is loaded if there is a rule
    that was not found right before, as `memory` has it; it learns of those that are.
    """
    stated: list[_Stated] = []
    packs: list[Pack] = []
    readings: list[Reading] = []
    layers: list[Overrides] = []
    for file in sorted(file for file in set(files) - NO_PACKS if not profiles.is_profile(file)):
        reading = Reading(file)
        readings.append(reading)
        tree = reading.tree(files[file])
        if tree is None:
            continue
        is_site = file == SITE
        reading.known(
            tree, ("pack", "rules", *(("overrides", "gate", "profile") if is_site else ())), "A pack"
        )
        pack = _pack(reading, tree)
        listed = reading.list(tree.entries.get("rules"), "rules")
        found = [one for node in listed for one in _rule(reading, node, pack)]
        stated += found
        if found or not is_site:
            packs.append(replace(pack, rules=tuple(one.rule for one in found)))
        if is_site:
            layers = [*profiles.named(reading, tree, files), Overrides.of(reading, tree)]
            readings += [one.reading for one in layers[:-1] if one.reading]
    titles: controls.Titles = {}
    if controls.FILE in files:
        readings.append(Reading(controls.FILE))
        titles = controls.titled(readings[-1], readings[-1].tree(files[controls.FILE]))
    _told_apart(stated)
    _packs_apart(packs, readings)
    rules = tuple(_standing(stated, layers, memory))
    findings = tuple(finding for reading in readings for finding in reading.findings)
    if titles:
        findings += tuple(controls.untitled(rules, titles))
    return Policies(
        tuple(packs),
        rules,
        next((one.gate for one in reversed(layers) if one.gate), DEFAULT_GATE),
        findings,
        titles,
        {reading.file: reading.text for reading in readings},
    )


def _standing(
    stated: Sequence[_Stated], layers: Sequence[Overrides], memory: Memory | None
) -> Iterator[Rule]:
    """The rules as profiles and the site have them whose expressions CEL takes."""
    known = {one.rule.id: one.rule for one in stated}
    for layer in layers:
        layer.unknown(known)
    seen: set[str] = set()
    for one in stated:
        if one.rule.id in seen:
            continue
        seen.add(one.rule.id)
        rule = one.rule
        params: dict[str, tuple[Node, Reading]] = {}
        for layer in layers:
            override = layer.rules.get(rule.id)
            if override and layer.reading:
                rule = overridden(rule, override, layer)
                params |= {name: (node, layer.reading) for name, node in override.params.items()}
        if rule.kind in KINDS and rule.condition and _expressions_stand(one, rule, params, memory):
            yield rule


# --- one file ----------------------------------------------------------------------------------------------------


def _pack(reading: Reading, tree: Node) -> Pack:
    """What a file calls itself: a text, or a map of name, title and version; else it is called as the file."""
    node = tree.entries.get("pack")
    stem = reading.file.rpartition("/")[2].rpartition(".")[0]
    place = Place(reading.file, 1, 1)
    if node is None or isinstance(node.value, str):
        return Pack(reading.string(node, "pack") or stem, place=node.place if node else place)
    held = reading.map(node, "pack")
    reading.known(node, _PACK_KEYS, "pack")
    said = {key: reading.string(held.get(key), key) for key in _PACK_KEYS}
    return Pack(said["name"] or stem, said["title"], said["version"], place=node.named_at)


def _rule(reading: Reading, node: Node, pack: Pack) -> Iterator[_Stated]:
    """The rule that a map states; none where too little of it is there."""
    held = reading.map(node, "A rule")
    if not held:
        return
    which = reading.string(held.get("id"), "id")
    what = which or "A rule"
    reading.known(node, _RULE_KEYS, what)
    missing = [key for key in _NEEDED if is_empty(held.get(key))]
    if missing:
        summary = f"{what} has no {', no '.join(missing)}"
        reading.wrong("PACS-POL-004", node.place, summary, "A rule without it cannot be judged or shown.")
    if which and not RULE_ID.fullmatch(which):
        fix = "Write capital letters, digits and hyphens: SITE-NET-001."
        reading.wrong("PACS-POL-005", held["id"].place, f'"{which}" cannot be the id of a rule', "", fix)
    severity = reading.one_of("PACS-POL-008", held.get("severity"), SEVERITIES, "severity")
    kind = reading.one_of("PACS-POL-007", held.get("kind"), KINDS, "kind of resource")
    said = {
        key: reading.string(held.get(key), key)
        for key in ("title", "when", "condition", "message", "why", "fix")
    }
    rule = Rule(
        which,
        said["title"],
        condition=said["condition"],
        when=said["when"],
        message=said["message"],
        why=said["why"],
        fix=said["fix"],
        severity=severity or "info",
        kind=kind or "",
        params=dict(_params(reading, held.get("params"))),
        controls=dict(_controls(reading, held.get("controls"))),
        since=reading.string(held.get("since"), "since"),
        pack=pack.name,
        place=held.get("id", node).place,
    )
    if which:
        tiers = looks(rule.when, rule.condition, rule.message).tiers
        yield _Stated(replace(rule, tiers=tiers), node, reading)


MOST_PARAMETERS = 100
"""Of one rule."""


def _params(reading: Reading, node: Node | None) -> Iterator[tuple[str, Parameter]]:
    there = reading.map(node, "params")
    if node is not None and len(there) > MOST_PARAMETERS:
        summary = f"A rule has {len(there):,} parameters; {MOST_PARAMETERS} are the most"
        reading.wrong("PACS-POL-012", node.named_at, summary)
        return
    for name, held in there.items():
        if not NAME.fullmatch(name):
            fix = "Write small letters, digits and _: stale_days."
            reading.wrong(
                "PACS-POL-012", held.named_at, f'"{name}" cannot be the name of a parameter', "", fix
            )
            continue
        value = reading.parameter(held, f"The parameter {name}")
        if value is not None:
            yield name, value


def _controls(reading: Reading, node: Node | None) -> Iterator[tuple[Framework, tuple[str, ...]]]:
    for name, held in reading.map(node, "controls").items():
        if name in FRAMEWORKS:
            yield name, reading.texts(held, f"controls.{name}")
        else:
            fix = "Frameworks are: " + ", ".join(FRAMEWORKS) + "."
            summary = f'There is no framework "{name}"{nearest(name, FRAMEWORKS)}'
            reading.wrong("PACS-POL-009", held.key or held.place, summary, "", fix)


def _told_apart(stated: Sequence[_Stated]) -> None:
    """Tells of rules that have one id."""
    first: dict[str, _Stated] = {}
    for one in stated:
        held = first.setdefault(one.rule.id, one)
        if held is not one and one.rule.place and held.rule.place:
            one.reading.wrong(
                "PACS-POL-006",
                one.rule.place,
                f"There is another rule {one.rule.id}",
                "Waivers, results and what a site changes name a rule by its id.",
                "Give one of them another id, or remove it.",
                also=((held.rule.place, f"the first one: {held.rule.title}"),),
            )


def _packs_apart(packs: Sequence[Pack], readings: Sequence[Reading]) -> None:
    """Tells of packs that have one name."""
    first: dict[str, Pack] = {}
    of_file = {reading.file: reading for reading in readings}
    for pack in packs:
        held = first.setdefault(pack.name, pack)
        if held is not pack and pack.place and held.place:
            of_file[pack.place.file].wrong(
                "PACS-POL-022",
                pack.place,
                f'There is another pack "{pack.name}"',
                "Whose rules were meant where one of them is named could not be told.",
                "Give one of them another name.",
                also=((held.place, "the first one"),),
            )


# --- what CEL says -----------------------------------------------------------------------------------------------

_IDS = {
    "syntax": "PACS-POL-010",
    "size": "PACS-POL-010",
    "name": "PACS-POL-011",
    "hidden": "PACS-POL-011",
    "loop": "PACS-POL-010",
    "type": "PACS-POL-013",
    "pattern": "PACS-POL-014",
}


def _expressions_stand(
    one: _Stated, rule: Rule, changed: Mapping[str, tuple[Node, Reading]], memory: Memory | None
) -> bool:
    """Whether CEL takes the expressions of a rule; else it is told why not. `changed`: parameters, and where."""
    stands = bool(memory and memory.holds(rule)) or not _faulty(one, rule, changed)
    if stands and memory:
        memory.keep(rule)
    if stands:
        _unused(one, rule)
    return stands


def _faulty(one: _Stated, rule: Rule, changed: Mapping[str, tuple[Node, Reading]]) -> bool:
    """Tells what CEL does not take; whether there is anything."""
    from pacsconf.policy.engine import check

    found = check(rule)
    for fault in found:
        node, reading = one.node.entries.get(fault.which), one.reading
        assert node is not None, "an expression that is wrong stands somewhere"
        place = scalars.place(node, reading.text, fault.at, fault.length)
        if fault.param:
            inner = changed.get(fault.param)
            node, reading = inner or (one.node.entries["params"].entries[fault.param], reading)
            place = node.named_at
        reading.wrong(_IDS[fault.what], place, f"{rule.id}, {fault.which}: {fault.summary}", "", fault.fix)
    return bool(found)


def _unused(one: _Stated, rule: Rule) -> None:
    """Warns of parameters that change nothing."""
    asked = looks(rule.when, rule.condition, rule.message)
    if "params" in asked.whole:
        return
    for name in set(rule.params) - asked.of("params"):
        held = one.node.entries["params"].entries[name]
        one.reading.findings.append(
            Finding(
                "PACS-POL-020",
                "warning",
                f"{rule.id} does not look at its parameter {name}",
                "Who changes it changes nothing.",
                f"Write params.{name} in the rule, or remove it.",
                place=held.key or held.place,
            )
        )
