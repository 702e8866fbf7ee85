"""What several systems hold of the same resource, as one. Pure.

Each field has one way of putting several together, in which whatever weakens wins: one system that takes any caller
is enough, and a called title counts as checked where all check it. So the order of systems does not matter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from pacsconf.inventory.flows import Entities
from pacsconf.inventory.model import Inventory
from pacsconf.inventory.peers import entity
from pacsconf.inventory.systems import ConsoleConfig
from pacsconf.policy.evidence import Configured, Evidence, SystemEvidence
from pacsconf.policy.subject import Facts
from pacsconf.retention.capacity import Stock, forecast

Merge = Callable[[Any, Any], Any]
Found = dict[str, dict[str, dict[str, Any]]]


def _any(one: bool, other: bool) -> bool:
    return one or other


def _every(one: bool, other: bool) -> bool:
    return one and other


def _union(one: list[str], other: list[str]) -> list[str]:
    return sorted({*one, *other})


def _first_of(*worst_first: str) -> Merge:
    """The worse of two words."""
    return lambda one, other: min((one, other), key=lambda each: (_rank(worst_first, each), each))


def _rank(worst_first: tuple[str, ...], word: str) -> int:
    return worst_first.index(word) if word in worst_first else len(worst_first)


def _longest_but_never(one: int, other: int) -> int:
    """The larger number, where 0 is without an end."""
    return 0 if 0 in (one, other) else max(one, other)


MERGES: Mapping[str, Mapping[str, Merge]] = {
    "device": {
        "held_by": _union,
        "trusted_by": _union,
        "differs": _any,
        "changed_outside": _any,
        "audit_to": _union,
    },
    "ae": {
        "held": _any,
        "any_caller": _any,
        "accepted_callers": _union,
        "callers_beyond": _union,
        "callers_missing": _union,
        "checks_called": _every,
        "binds_hosts": _every,
        "stranger_echo": _any,
        "stranger_store": _any,
        "stranger_query": _any,
        "tls": _every,
        "client_certificate": _every,
        "same_title": _union,
        "trusted_by": _union,
        "rights_beyond": _union,
        "move_beyond": _union,
    },
    "flow": {"plain_called": _union, "refused": _union},
    "feed": {"any_sender": _any},
    "system": {
        "version": min,
        "storage_mode": _first_of("recycle", "reject"),
        "storage_limited": _any,
        "overwrites": _any,
        "authenticates": _every,
        "remote_access": _any,
        "web_tls": _every,
        "runs_scripts": _any,
        "writes_files": _any,
        "find_limits": _every,
        "enforces_roles": _every,
        "purge_armed": _union,
        "purge_undeclared": _union,
        "audit_to": _union,
        "undeclared": _union,
        "changed_outside": _union,
        "anonymous_read": _any,
        "clock_skew_seconds": max,
    },
    "storage": {
        "used_percent": max,
        "days_left": min,
        "duration": _first_of("temporary", "cache", "permanent"),
        "deletes": _any,
        "only_copy": _any,
        "unbounded_cache": _any,
    },
    "user": {
        "exists": _any,
        "enabled": _union,
        "groups_beyond": _union,
        "groups_missing": _union,
        "conflicts": _union,
        "dormant_days": min,
        "never_signed_in": _any,
        "password_days": max,
        "password_exempt": _any,
        "used_since_password": _any,
        "expires_days": max,
        "no_expiry": _any,
    },
    "role": {"holders": _union, "undeclared": _union},
    "group": {
        "exists": _any,
        "members": max,
        "undeclared": _union,
        "hidden": _union,
        "dangling": max,
        "elsewhere": max,
        "circular": _any,
    },
    "password-policy": {
        "exists": _every,
        "min_length": min,
        "history": min,
        "lockout_after": _longest_but_never,
        "reversible": _any,
    },
    "hold": {"protected": _every, "unprotected_in": _union},
}
"""By kind and field of the `configured` tier: of two values the one that counts, in whatever order.

`dormant_days` is since somebody signed in *anywhere*, `expires_days` until the *last* account ends."""


def merged(parts: Mapping[str, Configured]) -> Mapping[str, Mapping[str, Facts]]:
    """What systems (by name) hold, as one: by kind and name of a subject, fields of the `configured` tier."""
    return _merged(parts)


def _merged(parts: Mapping[str, Configured]) -> Found:
    found: Found = {}
    for system in sorted(parts):
        for kind, subjects in parts[system].items():
            of_kind, merges = found.setdefault(kind, {}), MERGES[kind]
            for name, facts in subjects.items():
                known = of_kind.get(name)
                if known is None:
                    of_kind[name] = dict(facts)
                else:
                    _add(known, facts, merges)
    return found


def _add(known: dict[str, Any], facts: Facts, merges: Mapping[str, Merge]) -> None:
    for field, value in facts.items():
        known[field] = merges[field](known[field], value) if field in known else value


# --- what only all systems together tell --------------------------------------------------------------------------

_NOWHERE: Mapping[str, tuple[str, ...]] = {
    "device": ("held_by", "trusted_by"),
    "ae": ("trusted_by", "rights_beyond", "same_title"),
}
"""Fields that list where something is found. That it is found nowhere is known only where every system was read."""
_HAS_PEERS_NOT = frozenset({"accounts"})
"""Types of systems that hold nothing of devices."""
_HAS_RIGHTS_NOT = frozenset({"dicom-directory"})
"""Types of systems of which lists say who is let in, and not for what."""


def of(evidence: Evidence) -> Mapping[str, Mapping[str, Facts]]:
    """All that live systems hold, and what follows from all of them together; empty where none was asked."""
    found = _merged({name: one.configured for name, one in evidence.systems.items()})
    for name, one in evidence.systems.items():
        _add_storage(found, name, one, evidence)
        _add_outside(found, name, one)
    _conclude(found, evidence)
    _only_whole_flows(found, evidence.inventory)
    _only_whole_holds(found, evidence)
    return found


def _add_storage(found: Found, name: str, one: SystemEvidence, evidence: Evidence) -> None:
    """How full it is, and when it will be."""
    facts = found.setdefault("storage", {}).setdefault(name, {})
    if one.stock is not None and one.stock.filled is not None:
        facts["used_percent"] = int(one.stock.filled * 100)
    history = (*evidence.stocks.get(name, ()), *([one.stock] if one.stock else []))
    left = _days_left(history, evidence.now)
    if left is not None:
        facts["days_left"] = left
    if not facts:
        del found["storage"][name]


def _days_left(history: Iterable[Stock], now: datetime) -> int | None:
    """Until it is full; None where it never will be, or no trend is told."""
    full = forecast(history).full
    return (full - now.date()).days if full else None


def _add_outside(found: Found, name: str, one: SystemEvidence) -> None:
    """What differs from what is declared, and what somebody else changed, where that was compared."""
    held = _held(found, name) if one.differs or one.outside else {}
    for field, several in (("differs", one.differs), ("changed_outside", one.outside)):
        if several is None:
            continue
        spelled = {str(address) for address in several}
        devices = {address.parts[0] for address in several}
        if field == "changed_outside":
            found.setdefault("system", {}).setdefault(name, {})[field] = sorted(spelled)
        for device, facts in found.get("device", {}).items():
            if name in facts.get("held_by", ()):
                met = device in devices or not spelled.isdisjoint(held.get(device, ()))
                facts[field] = facts.get(field, False) or met


def _held(found: Found, system: str) -> Mapping[str, list[str]]:
    """By device, the rows of a system's table that are of its entities."""
    rows: dict[str, list[str]] = {}
    begins = f"{system}/"
    for ae, facts in found.get("ae", {}).items():
        if own := [row for row in facts.get("trusted_by", ()) if row.startswith(begins)]:
            rows.setdefault(ae.partition("/")[0], []).extend(own)
    return rows


def _conclude(found: Found, evidence: Evidence) -> None:
    """That something is found nowhere: said of everything declared, or of nothing."""
    holding = {name: kind for name, kind in _types(evidence).items() if kind not in _HAS_PEERS_NOT}
    if holding and all(_tells_all(name, evidence) for name in holding):
        _nowhere(found, evidence)
    else:
        for kind, fields in _NOWHERE.items():
            _drop(found.setdefault(kind, {}), fields, [])
    for field in ("differs", "changed_outside"):
        if not all(_compared(name, field, evidence) for name in holding):
            _drop(found.get("device", {}), (field,), False)


def _nowhere(found: Found, evidence: Evidence) -> None:
    for kind, fields in _NOWHERE.items():
        for name in _declared(kind, evidence.inventory):
            facts = found.setdefault(kind, {}).setdefault(name, {})
            for field in fields:
                if field != "rights_beyond" or _tells_rights(name, evidence.systems.values()):
                    facts.setdefault(field, [])


def _drop(subjects: Mapping[str, dict[str, Any]], fields: Iterable[str], value: object) -> None:
    """Forget fields that have this value."""
    for facts in subjects.values():
        for field in fields:
            if facts.get(field) == value:
                del facts[field]


def _types(evidence: Evidence) -> dict[str, str]:
    """Every system by name with its type: those of the inventory that nobody asked, too."""
    declared = {name: one.type for name, one in evidence.inventory.systems.items()}
    return declared | {name: one.type for name, one in evidence.systems.items()}


def _tells_all(name: str, evidence: Evidence) -> bool:
    """Whether what a system does not name is not there. What nobody attested may be there all the same; an export
    has every row."""
    one = evidence.systems.get(name)
    if one is None or one.how != "attested":
        return one is not None and one.how == "configured" and one.tells
    config = evidence.inventory.systems.get(name)
    return isinstance(config, ConsoleConfig) and config.export is not None


def _tells_rights(ae: str, systems: Iterable[SystemEvidence]) -> bool:
    """Whether each table of peers that names an AE says what it allows there."""
    rows = (one.configured.get("ae", {}).get(ae, {}) for one in systems if one.type not in _HAS_RIGHTS_NOT)
    return all("rights_beyond" in one for one in rows if "trusted_by" in one)


def _compared(name: str, field: str, evidence: Evidence) -> bool:
    one = evidence.systems.get(name)
    return one is not None and (one.differs if field == "differs" else one.outside) is not None


def _declared(kind: str, inventory: Inventory) -> Iterator[str]:
    if kind == "device":
        yield from inventory.devices
    else:
        yield from (f"{device.name}/{ae.title}" for device, ae in inventory.entities())


_OF_THE_CALLED = {"plain_called": "tls", "refused": "accepted_callers"}
"""By field of a flow that lists what is wrong: the field of each called AE without which nothing is known of it."""


def _only_whole_flows(found: Found, inventory: Inventory) -> None:
    """Of a flow with several that are called, one that is well does not tell that all are."""
    if not found.get("flow"):
        return
    entities = Entities(inventory)
    for name, facts in found["flow"].items():
        flow = inventory.flows.get(name)
        called = entities.any(flow.called, "to") if flow else ()
        for field, needed in _OF_THE_CALLED.items():
            known = (found["ae"].get(f"{device.name}/{ae.title}", {}) for device, ae in called)
            if facts.get(field) == [] and not all(needed in one for one in known):
                del facts[field]


_KEEPING = ("commissioning", "active", "retiring")


def _only_whole_holds(found: Found, evidence: Evidence) -> None:
    """That a hold protects every study is known where all that keep studies tell: of an archive that is no Orthanc,
    and of an Orthanc that was not read, nothing is."""
    inventory, holds = evidence.inventory, found.get("hold", {})
    configs = inventory.systems.values()
    orthancs = [name for name, kind in _types(evidence).items() if kind == "orthanc"]
    told = {held[0].name for one in configs if (held := entity(inventory, getattr(one, "ae", None) or ""))}
    archives = {
        device.name
        for device in inventory.devices.values()
        if device.type == "archive" and device.lifecycle in _KEEPING and not device.external
    }
    if archives <= told and all(_tells_all(name, evidence) for name in orthancs):
        return
    _drop(holds, ("protected",), True)
    _drop(holds, ("unprotected_in",), [])
