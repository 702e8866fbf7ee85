"""The inventory as a whole, and its sites."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date

from pacsconf.inventory.model import Site
from pacsconf.inventory.people import AsOf
from pacsconf.policy.evidence import Evidence
from pacsconf.policy.subject import Subject
from pacsconf.policy.vocabulary import places


class Sites:
    """The sites of an inventory, and what day it is there."""

    def __init__(self, evidence: Evidence) -> None:
        self.inventory = evidence.inventory
        self.moment = evidence.inventory.as_of or AsOf(evidence.now)
        used = [
            device
            for device in self.inventory.devices.values()
            if device.lifecycle != "retired" and not device.external
        ]
        self._devices = Counter(device.site for device in used)
        self._archives = Counter(device.site for device in used if device.type == "archive")
        self.facts: Mapping[str, places.Site] = {
            name: self._site(name, site) for name, site in sorted(self.inventory.sites.items())
        }
        """By name, what rules see as `site` of what is there."""
        self._nowhere = self._site("", Site())

    def of(self, name: str | None) -> places.Site:
        """What rules see as `site` of what is there; of no site everything is empty."""
        return self.facts.get(name or "", self._nowhere)

    def today(self, name: str | None) -> date:
        """What day it is at a site; by UTC where that is not known."""
        site = self.inventory.sites.get(name or "")
        return self.moment.day(site.timezone if site else None)

    def subjects(self) -> tuple[Subject, ...]:
        """Each site."""
        return tuple(
            Subject("site", name, facts, site=facts, path=("sites", name))
            for name, facts in self.facts.items()
        )

    def _site(self, name: str, site: Site) -> places.Site:
        return {
            "name": name,
            "title": site.name,
            "timezone": site.timezone or "",
            "networks": list(site.networks),
            "zone": site.zone or "",
            "patient_id_issuer": site.patient_id_issuer or "",
            "devices": self._devices[name] if name else 0,
            "archives": self._archives[name] if name else 0,
        }


def whole(evidence: Evidence, sites: Sites) -> Subject:
    """The inventory as a whole."""
    inventory = evidence.inventory
    used = [device for device in inventory.devices.values() if device.lifecycle != "retired"]
    facts: places.Whole = {
        "sites": sorted(inventory.sites),
        "devices": len(used),
        "archives": sorted(device.name for device in used if device.type == "archive"),
        "backups": sorted(inventory.security.backups),
        "users": sum(user.status != "left" for user in inventory.users.values()),
        "emergency_roles": sorted(name for name, role in inventory.roles.items() if role.emergency),
        "has_retention": bool(inventory.retention.rules or inventory.retention.default),
    }
    if "minimum" in inventory.security.tls.model_fields_set:
        facts["tls_minimum"] = inventory.security.tls.minimum
    return Subject("inventory", "inventory", facts, site=sites.of(None))
