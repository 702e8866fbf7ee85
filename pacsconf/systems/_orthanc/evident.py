"""What an Orthanc means for rules: its peers, and how the server itself is set up. Pure.

REST tells little of the latter; the copy of its configuration (`settings_file`) tells the rest. What neither tells
is absent. A copy that is of another AE title than the server is of another server, and tells nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from pacsconf.core.address import Address
from pacsconf.core.resource import State, members
from pacsconf.inventory.model import Inventory, Pair
from pacsconf.inventory.systems import OrthancConfig
from pacsconf.retention.policy import is_in_force
from pacsconf.systems._orthanc.access import Door
from pacsconf.systems._orthanc.holds import digits
from pacsconf.systems._orthanc.kinds import HELD, PEER
from pacsconf.systems._orthanc.live import Server
from pacsconf.systems._orthanc.settings import Settings
from pacsconf.systems._orthanc.storage import Filling, Limits, in_words
from pacsconf.systems.peer_evidence import Found, LivePeer, Table, WantedPeers

AUTHORIZATION = "authorization"
"""What the plugin calls itself that knows roles; without it whoever signs in may do everything."""

_QUERIES = (
    "DicomAlwaysAllowFind",
    "DicomAlwaysAllowFindWorklist",
    "DicomAlwaysAllowGet",
    "DicomAlwaysAllowMove",
)
_ALWAYS = {
    "echo": "DicomAlwaysAllowEcho",
    "store": "DicomAlwaysAllowStore",
    "find": "DicomAlwaysAllowFind",
    "worklist": "DicomAlwaysAllowFindWorklist",
    "get": "DicomAlwaysAllowGet",
    "move": "DicomAlwaysAllowMove",
}
"""By right, the setting that gives it to anybody."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What was read of a server beside its resources. `skew` are seconds that its clock is ahead of ours."""

    config: OrthancConfig
    server: Server
    copy: Settings | None
    limits: Limits
    filling: Filling | None
    door: Door
    skew: int | None
    today: date

    def switch(self, name: str) -> bool | None:
        """A switch of its configuration; None where nobody tells."""
        return None if self.copy is None else self.copy.switch(name)

    def any(self, names: tuple[str, ...]) -> bool | None:
        """Whether one of these switches is on; None where that is not known."""
        found = [self.switch(name) for name in names]
        return True if True in found else None if None in found else False


def evidence(kept: Kept, states: Mapping[Address, State], wanted: WantedPeers) -> Found:
    """All that these resources, and what was kept, tell rules."""
    table = Table(wanted, _peers(states))
    found = table.evidence()
    found["system"][kept.config.name] |= _known(_server(kept))
    found["storage"] = {kept.config.name: _known(_storage(kept))}
    for facts in found["ae"].values():
        facts["held"] = True
    if wanted.holder is not None:
        own = found["ae"].setdefault(wanted.own, {})
        own |= {"held": True} | table.of_holder(all_move=True) | _known(_own(kept))
        _turned_away(own)
        found["flow"] = dict(_flows(kept, table))
    found["hold"] = dict(_holds(kept, states, wanted.inventory))
    return found


def _known(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in facts.items() if value is not None}


def _peers(states: Mapping[Address, State]) -> Iterator[LivePeer]:
    for address, state in states.items():
        if address.kind == PEER:
            fields = state.fields
            port = fields.get("port")
            yield LivePeer(
                address,
                str(fields.get("ae_title", "")),
                str(fields.get("host", "")),
                port if isinstance(port, int) else None,
                members(fields, "allow"),
            )


# --- the server ---------------------------------------------------------------------------------------------------


def _server(kept: Kept) -> dict[str, Any]:
    copy, limits = kept.copy, kept.limits
    armed = tuple(_armed(limits)) if limits.armed is not None else None
    meant = kept.config.storage.copies == "cache" and kept.config.storage.mode == "recycle"
    return {
        "version": kept.server.version,
        "storage_mode": limits.mode,
        "storage_limited": limits.limited,
        "overwrites": limits.overwrites,
        "authenticates": _authenticates(kept),
        "anonymous_read": None if kept.door.verdict == "unknown" else kept.door.verdict == "open",
        "remote_access": kept.switch("RemoteAccessAllowed"),
        "web_tls": kept.config.url.lower().startswith("https:"),
        "runs_scripts": kept.switch("ExecuteLuaEnabled"),
        "writes_files": kept.switch("RestApiWriteToFileSystemEnabled"),
        "find_limits": copy.find_limits if copy else None,
        "enforces_roles": AUTHORIZATION in kept.server.plugins,
        "purge_armed": None if armed is None else list(armed),
        "purge_undeclared": None if armed is None else [] if meant else list(armed),
        "clock_skew_seconds": None if kept.skew is None else abs(kept.skew),
    }


def _authenticates(kept: Kept) -> bool | None:
    """What was met at the door counts over what a copy says."""
    if kept.door.verdict == "unknown":
        return kept.copy.authenticates if kept.copy else None
    return kept.door.verdict != "open"


def _armed(limits: Limits) -> Iterator[str]:
    if limits.armed:
        for most in in_words(limits):
            yield f"MaximumStorageMode Recycle: deletes the oldest patients once it holds {most}"


def _storage(kept: Kept) -> dict[str, Any]:
    parts = dict(kept.filling.parts(kept.limits)) if kept.filling is not None else {}
    armed = kept.limits.armed
    return {
        "used_percent": int(max(parts.values()) * 100) if parts else None,
        "duration": None if armed is None else "cache" if armed else "permanent",
        "deletes": armed,
        "only_copy": kept.config.storage.copies != "cache",
        "unbounded_cache": False,
    }


# --- its own entity, and flows to it ------------------------------------------------------------------------------


def _own(kept: Kept) -> dict[str, Any]:
    tls = kept.switch("DicomTlsEnabled")
    certificate = kept.switch("DicomTlsRemoteCertificateRequired")
    return {
        "any_caller": kept.any(tuple(_ALWAYS.values())),
        "stranger_echo": kept.switch("DicomAlwaysAllowEcho"),
        "stranger_store": kept.switch("DicomAlwaysAllowStore"),
        "stranger_query": kept.any(_QUERIES),
        "checks_called": kept.copy.checks_called if kept.copy else None,
        "binds_hosts": kept.switch("DicomCheckModalityHost"),
        "tls": tls,
        "client_certificate": certificate if tls else tls,
    }


def _turned_away(own: dict[str, Any]) -> None:
    """Who is not in the table is let in all the same where anybody is, and may be where that is not known."""
    if own.get("any_caller"):
        own["callers_missing"] = []
    elif "any_caller" not in own and own["callers_missing"]:
        del own["callers_missing"]


def _flows(kept: Kept, table: Table) -> Iterator[tuple[str, dict[str, Any]]]:
    """Of flows to it: who is refused, and whether it listens without TLS."""
    by_flow: dict[str, list[Pair]] = {}
    for pair in table.wanted.calls:
        by_flow.setdefault(pair.flow, []).append(pair)
    tls = kept.switch("DicomTlsEnabled")
    for name, several in by_flow.items():
        facts: dict[str, Any] = {}
        verdicts = {f"{one.calling_device}/{one.calling}": _refused(kept, table, one) for one in several}
        if any(verdicts.values()) or None not in verdicts.values():
            facts["refused"] = sorted(caller for caller, refused in verdicts.items() if refused)
        if tls is not None:
            facts["plain_called"] = [] if tls else [table.wanted.own]
        yield name, facts


def _refused(kept: Kept, table: Table, pair: Pair) -> bool | None:
    """Whether it lets a caller ask for less than its flow says; None where its configuration might let it."""
    lacking = [kept.switch(_ALWAYS[right]) if right in _ALWAYS else False for right in table.lacking(pair)]
    return True if False in lacking else None if None in lacking else False


# --- holds --------------------------------------------------------------------------------------------------------


def _holds(
    kept: Kept, states: Mapping[Address, State], inventory: Inventory
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Of holds in force: what is here of them is protected, or it is not."""
    name = kept.config.name
    for hold_name, hold in inventory.retention.holds.items():
        if is_in_force(hold, kept.today):
            held = all(Address.of(name, HELD, digits(study)) in states for study in hold.studies)
            yield hold_name, {"protected": held, "unprotected_in": [] if held else [name]}
