"""What the tables of a console mean for rules, as an export has them or people attested them. Pure.

That a row is missing shows only in an export: what nobody attested may stand there all the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pacsconf.core.address import Address
from pacsconf.core.resource import State, members
from pacsconf.inventory.model import Inventory
from pacsconf.inventory.systems import ConsoleConfig
from pacsconf.systems._console.rows import OwnRow, PeerRow
from pacsconf.systems.peer_evidence import Found, LivePeer, Table, WantedPeers


def evidence(config: ConsoleConfig, states: Mapping[Address, State], inventory: Inventory) -> Found:
    """All that these rows tell; nothing where there are none, and no export."""
    if not states and config.export is None:
        return {}
    says_rights = config.export is None or "allow" in config.export.columns
    wanted = WantedPeers(config, inventory)
    table = Table(wanted, _peers(states, says_rights=says_rights))
    found = table.evidence()
    own = found["ae"].setdefault(wanted.own, {}) if wanted.holder else {}
    told = table.of_holder(all_move=False)
    if config.export is None:
        _partly(found["system"][config.name], "undeclared")
        own |= {name: told[name] for name in ("callers_beyond",) if told.get(name)}
    elif told:
        own["callers_missing"] = told["callers_missing"]
        own |= {name: told[name] for name in ("accepted_callers", "callers_beyond") if says_rights}
    for address, state in states.items():
        if address.kind == OwnRow.kind:
            own["tls"] = state.fields.get("tls") is True
    return found


def _partly(facts: dict[str, Any], name: str) -> None:
    """A list that need not be whole: where it is empty, nothing is known."""
    if not facts[name]:
        del facts[name]


def _peers(states: Mapping[Address, State], *, says_rights: bool) -> Iterator[LivePeer]:
    for address, state in states.items():
        if address.kind != PeerRow.kind:
            continue
        port = state.fields.get("port")
        yield LivePeer(
            address,
            str(state.fields.get("ae_title") or address.parts[0]),  # an alias is the title where none is told
            str(state.fields.get("host", "")),
            port if isinstance(port, int) else None,
            members(state.fields, "allow") if says_rights else None,
        )
