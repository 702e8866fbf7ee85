"""The retention policies of an archive that says `retention: declared`: each with the rule it is from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

from pacsconf.core.finding import Path
from pacsconf.inventory.model import Inventory
from pacsconf.retention.policy import DEFAULT
from pacsconf.systems._dcm4chee.entries.keeping import RetentionPolicy
from pacsconf.systems._dcm4chee.retention.native import Native, compiled, iso
from pacsconf.systems._dcm4chee.settings.holding import DeviceHolding

D = TypeVar("D", bound=DeviceHolding)

DECLARED = "declared"


def with_policies(part: D, inventory: Inventory) -> tuple[D, dict[Path, Path]]:
    """A device's part with the policies that follow from `retention`, and by its path which rule each is from.

    Policies that are written there by hand as well stay, and are an error of `validate`.
    """
    if part.retention != DECLARED:
        return part, {}
    made = compiled(inventory.retention).policies
    policies = {one.name: _policy(one) for one in made}
    paths = {at: path for one in made for at, path in _origins(one)}
    whole = part.model_copy(update={"retention_policies": {**part.retention_policies, **policies}})
    return whole, paths


def _origins(one: Native) -> Iterator[tuple[Path, Path]]:
    """Where a policy and its fields come from."""
    at: Path = ("retention_policies", one.name)
    of_rule = one.path[1] == "rules"
    keep = (*one.path, "keep") if of_rule or one.path[-1] == DEFAULT else one.path
    yield at, one.path
    yield (*at, "period"), keep
    yield (*at, "from_study_date"), keep
    yield (*at, "priority"), one.path
    yield (*at, "conditions"), (*one.path, "match") if of_rule else one.path


def _policy(one: Native) -> RetentionPolicy:
    return RetentionPolicy(
        period=iso(one.span),
        priority=one.priority,
        conditions=one.conditions,
        from_study_date=one.from_study_date,
    )
