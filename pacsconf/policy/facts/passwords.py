"""Password policies as rules see them: those of the inventory, and those that a system alone has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from pacsconf.core.address import Address
from pacsconf.inventory.accounts import AccountsConfig
from pacsconf.inventory.model import Inventory
from pacsconf.inventory.people import PasswordPolicy
from pacsconf.people.entries import POLICY
from pacsconf.people.passwords import declared_policies, name_in
from pacsconf.policy.evidence import SystemEvidence
from pacsconf.policy.subject import Facts, Subject

KIND = "password-policy"


def declared(
    inventory: Inventory,
    systems: Mapping[str, AccountsConfig],
    evidence: Mapping[str, SystemEvidence],
    blind: str,
) -> Iterator[Subject]:
    """Every policy, by name; `systems` are those that keep some."""
    known = {one.name: one for one in declared_policies(inventory)}
    for name, (_, policy, path) in sorted(known.items()):
        about = (Address.of(system, POLICY, name_in(config, name)) for system, config in systems.items())
        yield Subject(KIND, name, _facts(name, policy), path=path, about=tuple(about), blind=blind)
    for system in sorted(systems.keys() & evidence.keys()):
        for name in sorted(evidence[system].configured.get(KIND, {}).keys() - known.keys()):
            yield Subject(
                KIND,
                name,
                _facts(name, None),
                about=(Address.of(system, POLICY, name.removeprefix(f"{system}/")),),
            )


def _facts(name: str, policy: PasswordPolicy | None) -> Facts:
    said = policy or PasswordPolicy()
    facts = {
        "name": name,
        "declared": policy is not None,
        "roles": list(said.roles),
        "kinds": list(said.kinds),
    }
    limits = {one: getattr(said, one) for one in ("min_length", "history", "lockout_after")}
    return facts | {one: limit for one, limit in limits.items() if limit is not None}


def configured(systems: Iterable[str], evidence: Mapping[str, SystemEvidence]) -> dict[str, Facts]:
    """What systems say of their policies, of several the weakest; of a declared one only where all that keep
    policies were read."""
    asked = sorted(systems)
    read = {name: evidence[name].configured[KIND] for name in asked if KIND in _read(evidence, name)}
    found: dict[str, list[Facts]] = {}
    for policies in read.values():
        for name, facts in policies.items():
            found.setdefault(name, []).append(facts)
    return {
        name: _weakest(several)
        for name, several in found.items()
        if len(read) == len(asked) or any(name.startswith(f"{system}/") for system in read)
    }


def _read(evidence: Mapping[str, SystemEvidence], name: str) -> Mapping[str, Mapping[str, Facts]]:
    one = evidence.get(name)
    return one.configured if one else {}


def _weakest(several: list[Facts]) -> Facts:
    """Of several systems the weakest value; what one that has the policy does not tell is not known."""
    there = [one for one in several if one.get("exists")]
    found: dict[str, object] = {"exists": len(there) == len(several)}
    for name in ("min_length", "history", "lockout_after", "reversible"):
        values = [one.get(name) for one in there]
        if values and None not in values:
            found[name] = _worst(name, [value for value in values if value is not None])
    return found


def _worst(name: str, values: list[int]) -> int:
    if name == "reversible":
        return any(values)
    if name == "lockout_after":
        return 0 if 0 in values else max(values)
    return min(values)
