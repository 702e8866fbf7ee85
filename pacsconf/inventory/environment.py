"""One environment chosen: the systems with their own keys checked, its guard settings and approvals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from pacsconf.core.finding import Finding, Path
from pacsconf.inventory.accounts_rules import accounts_findings
from pacsconf.inventory.approvals import ApprovalsDeclaration
from pacsconf.inventory.merge import nearest
from pacsconf.inventory.model import Guards, Inventory
from pacsconf.inventory.orthanc_logins import login_findings
from pacsconf.inventory.system_types import CONFIGS
from pacsconf.inventory.systems import Environment, ProbeTLS, SystemConfig
from pacsconf.inventory.transport import weaknesses
from pacsconf.inventory.validation import checked

DEFAULT = "default"
"""The name of the environment where none is declared."""
LAB = "lab"
"""The environment for practice: what would weaken a hospital's is all right there."""
OVERLAY = "overlay"
"""Where paths lead that are about what completes an environment from outside."""

Plain = Mapping[str, Any]


def choose(inventory: Inventory, name: str | None) -> tuple[str | None, tuple[Finding, ...]]:
    """The environment's name: the one asked for, the only one, or `default` where none is declared."""
    declared = sorted(inventory.environments)
    if name is None and len(declared) <= 1:
        return (declared[0] if declared else DEFAULT), ()
    if name is None:
        return None, (_which(declared),)
    if name in declared or (name == DEFAULT and not declared):
        return name, ()
    return None, (_unknown(name, declared),)


def for_environment(
    inventory: Inventory, name: str | None = None, overlay: Plain | None = None
) -> tuple[Inventory, tuple[Finding, ...]]:
    """The inventory as it is deployed in one environment, holding that environment alone.

    `overlay` completes it from outside the repository, in the shape of an environment (`systems`, `guards`,
    `dial`): the practice lab's addresses. Where there are errors, the systems that stand are still given.
    """
    chosen, findings = choose(inventory, name)
    if chosen is None:
        return inventory, findings
    declared = inventory.environments.get(chosen, Environment())
    completed, more = checked(Environment, overlay or {}, (OVERLAY,))
    extra = completed or Environment()
    layers = _Layers(inventory, chosen, declared, extra)
    systems, wrong = layers.systems()
    guards, unfit = layers.guards()
    approvals, unsound = layers.approvals()
    spoken = [inventory.settings.probe_tls, declared.probe_tls, extra.probe_tls]
    tls = {key: value for layer in spoken for key, value in layer.model_dump(exclude_unset=True).items()}
    environment = declared.model_copy(
        update={"dial": {**declared.dial, **extra.dial}, "probe_tls": ProbeTLS(**tls)}
    )
    return (
        inventory.model_copy(
            update={
                "systems": systems,
                "environments": {chosen: environment},
                "settings": inventory.settings.model_copy(update={"guards": guards, "approvals": approvals}),
            }
        ),
        (*findings, *map(_outside, more), *wrong, *unfit, *unsound),
    )


def overlaid(base: Any, over: Any) -> Any:
    """`over` written over `base`: maps merge, null removes, everything else replaces."""
    if not isinstance(base, Mapping) or not isinstance(over, Mapping):
        return over
    merged = {**base, **{key: overlaid(base.get(key), value) for key, value in over.items()}}
    return {key: value for key, value in merged.items() if value is not None}


class _Layers:
    """What the inventory, its environment and the overlay say, in this order."""

    def __init__(self, inventory: Inventory, name: str, declared: Environment, extra: Environment) -> None:
        self.inventory = inventory
        self.base = {key: _plain(config) for key, config in inventory.systems.items()}
        self.name = name
        self.declared = declared
        self.extra = extra

    def systems(self) -> tuple[dict[str, SystemConfig], tuple[Finding, ...]]:
        """Every system of this environment that stands, checked by the model of its type."""
        merged = overlaid(overlaid(self.base, self.declared.systems), self.extra.systems)
        systems: dict[str, SystemConfig] = {}
        findings: list[Finding] = []
        for name, values in merged.items():
            if name not in self.base and "type" not in values:
                findings.append(self.changes_nothing(name))
                continue
            model = CONFIGS.get(str(values.get("type")), SystemConfig)
            config, wrong = checked(model, {**values, "name": name}, ("systems", name))
            weak = weaknesses(config) if config and self.name != LAB else ()
            findings += [self.placed(finding) for finding in (*wrong, *weak)]
            if config:
                systems[name] = config
                findings += self.of_people(config)
        return systems, tuple(findings)

    def of_people(self, config: SystemConfig) -> Iterator[Finding]:
        """What is wrong with who may sign in there, and with the groups that roles land in."""
        logins = login_findings(config, self.inventory, practice=self.name == LAB)
        for finding in (*logins, *accounts_findings(config, self.inventory)):
            yield self.placed(finding) if finding.path[0] == "systems" else finding

    def changes_nothing(self, name: str) -> Finding:
        """Keys for a system that is not declared."""
        return self.placed(
            Finding(
                "PACS-ENV-003",
                "error",
                f'Environment {self.name} has keys for system "{name}", which is not declared'
                f"{nearest(name, self.base)}",
                "There is nothing that they would complete.",
                "Declare it under systems, or give it a type here.",
                path=("systems", name),
            )
        )

    def placed(self, finding: Finding) -> Finding:
        """A finding about a merged system, its path that of the layer which said so."""
        if _says(self.extra.model_dump(), finding.path):
            return _outside(replace(finding, path=(OVERLAY, *finding.path)))
        if _says(self.declared.model_dump(), finding.path) or finding.path[1] not in self.base:
            return replace(finding, path=("environments", self.name, *finding.path))
        return finding

    def guards(self) -> tuple[Guards, tuple[Finding, ...]]:
        """The limits, the environment's over the inventory's."""
        own = self.inventory.settings.guards.model_dump(exclude_unset=True)
        merged = overlaid(overlaid(own, self.declared.guards), self.extra.guards)
        guards, findings = checked(Guards, merged, ("environments", self.name, "guards"))
        return (self.inventory.settings.guards if guards is None else guards), findings

    def approvals(self) -> tuple[ApprovalsDeclaration, tuple[Finding, ...]]:
        """Who must approve what, the environment's over the inventory's; an overlay has no say in that."""
        whole = self.inventory.settings.approvals
        own = whole.model_dump(exclude_unset=True, by_alias=True)
        merged = overlaid(own, self.declared.approvals)
        approvals, findings = checked(ApprovalsDeclaration, merged, ("environments", self.name, "approvals"))
        return (whole if approvals is None else approvals), findings


def said_at(inventory: Inventory, path: Path) -> Path:
    """Where that stands which an inventory, deployed in one environment, has at a path of a system."""
    if len(inventory.environments) == 1:
        ((name, environment),) = inventory.environments.items()
        if _says(environment.model_dump(), path):
            return ("environments", name, *path)
    return path


def _says(layer: Any, path: Path) -> bool:
    """Whether a path leads to something in what a layer says."""
    for step in path:
        if not isinstance(layer, Mapping) or step not in layer:
            return False
        layer = layer[step]
    return True


def _outside(finding: Finding) -> Finding:
    """A finding about the overlay, which no file of the inventory can put right."""
    fix = (
        "It comes from outside the inventory. The practice lab's is made anew by: pacsconf lab down, lab up."
    )
    return replace(finding, fix=fix)


def _plain(config: SystemConfig) -> dict[str, Any]:
    """What was written for a system, its further keys included."""
    return config.model_dump(exclude_unset=True, by_alias=True, exclude={"name"})


def _which(declared: list[str]) -> Finding:
    return Finding(
        "PACS-ENV-001",
        "error",
        f"Which environment is meant? There are {', '.join(declared)}",
        "They differ in the systems they write to.",
        f"Say which, for example: pacsconf -e {declared[0]} ...",
        path=("environments", declared[0]),
    )


def _unknown(name: str, declared: list[str]) -> Finding:
    known = (
        f"Declared: {', '.join(declared)}"
        if declared
        else f'None is declared, so its name is "{DEFAULT}". To have this one as well, write '
        f"environments: {{{DEFAULT}: {{}}, {name}: {{}}}}"
    )
    return Finding(
        "PACS-ENV-002",
        "error",
        f'There is no environment "{name}"{nearest(name, declared)}',
        detail="Each has its own systems and its own record.",
        fix=f"{known}.",
        path=("environments", declared[0]) if declared else (),
    )
