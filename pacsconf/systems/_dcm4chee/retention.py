"""The retention policies of an archive that says `retention: declared`: each with the rule it is from."""

from __future__ import annotations

from typing import TypeVar

from pacsconf.core.finding import Path
from pacsconf.inventory.model import Inventory
from pacsconf.systems._dcm4chee.holding import DeviceHolding
from pacsconf.systems._dcm4chee.keeping import RetentionPolicy
from pacsconf.systems._dcm4chee.native import Native, compiled, iso

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
    paths: dict[Path, Path] = {("retention_policies", one.name): one.path for one in made}
    whole = part.model_copy(update={"retention_policies": {**part.retention_policies, **policies}})
    return whole, paths


def _policy(one: Native) -> RetentionPolicy:
    return RetentionPolicy(
        period=iso(one.span),
        priority=one.priority,
        conditions=one.conditions,
        from_study_date=one.from_study_date,
    )
