"""What rules may say: by kind of resource, its fields in three tiers of evidence.

A kind is three `TypedDict`s. `declared` fields are variables of a rule by their own name (`title`, `ports`), and
what the inventory says; a field that is `NotRequired` may be absent there, and is asked for by `has(self.x)`;
a rule that asks for `self.x` without is *unknown* where it is absent. Fields of `configured` (read from a live
system's own configuration) and `observed` (seen on the wire) stand under these names; what is absent
there could not be looked at, and a rule that depends on it is *unknown*, never passed.

Each field is `Annotated` with one sentence, which `pacsconf policy explain --kind` and the documentation show.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import get_type_hints

from pacsconf.policy.vocabulary import network, people, places, retention, systems

Hints = dict[str, object]
"""By field name, its type as `typing.get_type_hints(..., include_extras=True)` has it."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of resource that rules are about: what it is, in a few words, and its `TypedDict`s."""

    name: str
    title: str
    """In the plural, as a report says it."""
    declared: type
    configured: type | None = None
    observed: type | None = None

    def fields(self, tier: str) -> Hints:
        """The fields of a tier (`declared`, `configured`, `observed`), with their types; none where it has none."""
        holder: type | None = getattr(self, tier)
        return _hints(holder) if holder else {}


@cache
def _hints(holder: type) -> Hints:
    return get_type_hints(holder, include_extras=True)


KINDS: dict[str, Kind] = {
    one.name: one
    for one in (
        Kind("inventory", "the inventory as a whole", places.Whole),
        Kind("site", "sites", places.Site),
        Kind("device", "devices", network.Device, network.DeviceConfigured, network.DeviceObserved),
        Kind("ae", "network AEs", network.AE, network.AEConfigured, network.AEObserved),
        Kind("flow", "flows", network.Flow, network.FlowConfigured, network.FlowObserved),
        Kind("feed", "HL7 feeds", network.Feed, network.FeedConfigured, network.FeedObserved),
        Kind("system", "systems", systems.System, systems.SystemConfigured, systems.SystemObserved),
        Kind("storage", "storages", systems.Storage, systems.StorageConfigured),
        Kind("backup", "backups", systems.Backup),
        Kind("user", "users", people.User, people.UserConfigured),
        Kind("role", "roles", people.Role, people.RoleConfigured),
        Kind("group", "groups", people.Group, people.GroupConfigured),
        Kind("password-policy", "password policies", people.PasswordPolicy, people.PasswordPolicyConfigured),
        Kind("retention", "retention", retention.Retention),
        Kind("retention-rule", "retention rules", retention.RetentionRule),
        Kind("hold", "legal holds", retention.Hold, retention.HoldConfigured),
    )
}
"""Every kind, by the name that a rule gives as its `kind`."""
