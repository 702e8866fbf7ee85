"""What a site changes of rules: how bad it is, their parameters, and whether they are asked at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from pacsconf.core.finding import Finding, Place
from pacsconf.inventory.merge import nearest
from pacsconf.inventory.tree import Node
from pacsconf.policy.reading import Reading
from pacsconf.policy.rule import SEVERITIES, Parameter, Rule, Severity

_KEYS = ("severity", "params", "off")
_NO_REASONS = frozenset({"", "true", "false", "yes", "no", "on", "off"})


@dataclass(frozen=True, slots=True)
class Override:
    """What is changed of one rule."""

    place: Place
    severity: Severity | None = None
    params: Mapping[str, Node] = field(default_factory=dict)
    off: str = ""


@dataclass(frozen=True, slots=True)
class Overrides:
    """All that a site, or a profile that it names, changes; `reading` is the file."""

    gate: Severity | None = None
    rules: Mapping[str, Override] = field(default_factory=dict)
    reading: Reading | None = None
    profile: str = ""
    """The name of the profile; empty for the site's own."""

    @classmethod
    def of(cls, reading: Reading, tree: Node) -> Overrides:
        """What a site's file says."""
        gate = reading.one_of("PACS-POL-008", tree.entries.get("gate"), SEVERITIES, "severity")
        held = reading.map(tree.entries.get("overrides"), "overrides")
        return cls(gate, {name: _override(reading, name, node) for name, node in held.items()}, reading)

    def unknown(self, rules: Mapping[str, Rule]) -> None:
        """Tells of changes to rules that do not exist: no error in a profile, whose packs may not all be here."""
        for name, override in self.rules.items():
            if name not in rules and self.reading:
                self.reading.findings.append(
                    Finding(
                        "PACS-POL-015",
                        "warning" if self.profile else "error",
                        f"There is no rule {name} to change{nearest(name, rules)}",
                        "What stands below it does not count.",
                        "Correct the id, or remove it.",
                        place=override.place,
                    )
                )


def _override(reading: Reading, name: str, node: Node) -> Override:
    held = reading.map(node, name)
    reading.known(node, _KEYS, f"overrides.{name}")
    severity = reading.one_of("PACS-POL-008", held.get("severity"), SEVERITIES, "severity")
    params = reading.map(held.get("params"), "params")
    return Override(node.key or node.place, severity, params, _reason(reading, name, held.get("off")))


def _reason(reading: Reading, name: str, node: Node | None) -> str:
    if node is None:
        return ""
    reason = reading.string(node, "off")
    if reason.casefold() not in _NO_REASONS:
        return reason
    reading.wrong(
        "PACS-POL-017",
        node.key or node.place,
        f"{name} is switched off without a reason",
        "A rule that nobody asks looks like one that holds; a reader must be told why.",
        "Write why: `off: MPPS is not used here`.",
    )
    return ""


def overridden(rule: Rule, override: Override, by: Overrides) -> Rule:
    """The rule as the site, or a profile, has it, with what was changed in words."""
    reading = by.reading
    assert reading is not None, "what is changed was read from a file"
    changed: list[str] = []
    severity = override.severity or rule.severity
    if severity != rule.severity:
        changed.append(f"severity: {rule.severity} → {severity}")
    params = dict(rule.params)
    for name, value in params_of(rule, override.params, reading):
        if value != params[name]:
            changed.append(f"{name}: {in_words(params[name])} → {in_words(value)}")
            params[name] = value
    if override.off:
        changed.append(f"off: {override.off}")
    told = (f"{one} (profile {by.profile})" if by.profile else one for one in changed)
    return replace(
        rule, severity=severity, params=params, off=override.off or rule.off, changed=(*rule.changed, *told)
    )


def params_of(rule: Rule, nodes: Mapping[str, Node], reading: Reading) -> Iterator[tuple[str, Parameter]]:
    """Other values for parameters of a rule, as far as it has them and they are of the same type."""
    for name, node in nodes.items():
        if name not in rule.params:
            known = ", ".join(rule.params)
            reading.wrong(
                "PACS-POL-016",
                node.key or node.place,
                f"{rule.id} has no parameter {name}{nearest(name, rule.params)}",
                "It would change nothing.",
                f"Its parameters are: {known}." if known else "It has none.",
            )
            continue
        value = reading.parameter(node, f"The parameter {name}")
        held = rule.params[name]
        if isinstance(held, tuple) and isinstance(value, str):
            value = (value,)
        if value is None:
            continue
        if type(value) is not type(held):
            summary = f"The parameter {name} of {rule.id} is {_type(held)}, and this is {_type(value)}"
            reading.wrong("PACS-POL-016", node.named_at, summary, "", f"It is {in_words(held)} in the pack.")
            continue
        yield name, value


def in_words(value: Parameter) -> str:
    """The value of a parameter as people are told it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return ", ".join(value) if isinstance(value, tuple) else str(value)


def _type(value: Parameter) -> str:
    if isinstance(value, bool):
        return "true or false"
    return {int: "a whole number", str: "text", tuple: "a list of texts"}[type(value)]
