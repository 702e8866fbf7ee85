"""From what a DICOM directory holds (PS3.15 Annex H) to declared devices. Pure.

Names stay as they are live, with their capital letters, although to a directory these are nothing. Attributes that
are not modelled, vendor data and secrets are not written: what an inventory does not name is not compared, and
survives. A title in the registry that no device has is kept from being taken by a planned device of its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from pacsconf.adopt import guess
from pacsconf.adopt.draft import Draft, Plain, Remark
from pacsconf.adopt.standing import standing
from pacsconf.adopt.vendors import Vendors
from pacsconf.core.address import Address
from pacsconf.core.resource import State, Value
from pacsconf.inventory import formats
from pacsconf.inventory.words import Words

States = Mapping[Address, State]

WILDCARD = "*"
"""The title that is nobody's: it answers to any."""

_EXTRA = "extra."
_ALIASES = "dcmotheraetitle"
"""The attribute under which archives of the dcm4che family keep further titles of an AE."""
_NAMED_BY_CN = ("network-connection", "transfer-capability")
_NAMED = 4
"""How many entries of one remark are named."""
_NOT_WRITTEN = frozenset({"vendor_data", "object_classes"})
"""What may be others' there, unless an extension is spoken."""


def draft(
    system: str,
    config: Plain,
    states: States,
    spelled: Mapping[Address, str] | None = None,
    words: Words | None = None,
) -> Draft:
    """The devices in long form, as far as an inventory can hold them, and the system itself, to be read only.

    `config` is what stands under the system's name: type, url, base, and of a login the reference. `spelled` is how
    the directory writes names, where addresses do not tell. `words` are those of the extensions that it speaks.
    """
    spelled = {} if spelled is None else spelled  # whether it is empty would be told by counting it
    vendors = Vendors(states, spelled, words) if words else None
    made = _Maker(states, spelled, vendors)
    devices = {name: made.device(name) for name in sorted(made.devices)}
    odd = (*made.remarks, *made.named_otherwise())
    found = Draft(
        system,
        {name: device for name, device in devices.items() if device},
        {system: {**config, **(vendors.config() if vendors else {}), "mode": "read-only"}},
        remarks=odd,
        origin=made.origin,
    )
    return _reserving(standing(found), made)


class _Maker:
    """Makes declared devices of states."""

    def __init__(self, states: States, spelled: Mapping[Address, str], vendors: Vendors | None) -> None:
        self.spelled = spelled
        self.vendors = vendors
        self.devices: dict[str, State] = {}
        self.titles: dict[str, Address] = {}
        self.below: dict[tuple[str, ...], list[State]] = defaultdict(list)
        self.origin: dict[str, Address] = {}
        self.remarks: list[Remark] = []
        for address in sorted(states):
            self._sort(address, states[address])

    def _sort(self, address: Address, state: State) -> None:
        parts = address.parts
        match address.kind:
            case "device":
                name = self.name(address)
                self.devices[name] = state
                self.origin[name] = address
            case "unique-ae-title":
                self.titles[parts[0]] = address
            case "network-connection" | "network-ae" | "transfer-capability":
                self.below[(address.kind, *parts[:-1])].append(state)
            case _:
                pass

    def name(self, address: Address) -> str:
        """The last part of an address as the directory writes it; spaces that do not count are left out."""
        written = " ".join(self.spelled.get(address, "").split())
        return written if written.lower() == address.parts[-1] else address.parts[-1]

    def named_otherwise(self) -> Iterator[Remark]:
        """Entries whose names are no `cn`: they can be read and changed, but are not made so."""
        told = next(
            iter(self.spelled), None
        )  # nothing tells how names are written where there was no directory
        found = [
            state.address
            for (kind, *_), states in sorted(self.below.items())
            for state in states
            if kind in _NAMED_BY_CN and told and self.spelled.get(state.address) is None
        ]
        if found:
            them = "1 entry is" if len(found) == 1 else f"{len(found)} entries are"
            more = f" and {len(found) - _NAMED} more" if found[_NAMED:] else ""
            names = ", ".join(f"{one.kind}/{one.name}" for one in found[:_NAMED])
            yield Remark(
                f"{them} not named by cn in the directory: {names}{more}",
                "PS3.15 allows it (dicomHostname and dicomPort, dicomSOPClass and dicomTransferRole), and they are "
                "compared and changed as they stand. Had they to be made again, they would be named by cn.",
                found[0],
            )

    def device(self, name: str) -> dict[str, Any]:
        """A device in long form."""
        codes = self._members(self.devices[name], "device_types")
        key = self.devices[name].address.parts[0]
        does = guess.Does.of(self._does(key))
        connections = {
            self.name(one.address): self._whole(one, _plain(one))
            for one in self.below["network-connection", key]
        }
        entities = dict(self._entities(key, name, connections))
        found = {
            "type": guess.device_type(codes, does),
            "probe": "none",
            **_coded(codes),
            **_plain(self.devices[name], "device_types"),
            **({"connections": connections} if connections else {}),
            **({"ae_titles": entities} if entities else {}),
        }
        return self._whole(self.devices[name], found)

    def _whole(self, state: State, declaration: dict[str, Any]) -> dict[str, Any]:
        """A declaration with what extensions of the directory keep of it."""
        return dict(self.vendors.whole(state, declaration)) if self.vendors else declaration

    def _does(self, name: str) -> Iterator[tuple[str, str]]:
        for ae in self.below["network-ae", name]:
            for one in self.below["transfer-capability", name, ae.address.parts[1]]:
                yield str(one.fields.get("sop_class", "")), str(one.fields.get("role", ""))

    def _entities(
        self, key: str, name: str, connections: Mapping[str, Any]
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        for state in self.below["network-ae", key]:
            title = state.address.parts[1]
            if _is_title(title):
                self.origin[f"{name}/{title}"] = state.address
                yield title, self._entity(state, connections)
            else:
                self.remarks.append(_odd_title(title, f"of {name}", state.address))

    def _entity(self, state: State, connections: Mapping[str, Any]) -> dict[str, Any]:
        """An AE; references that lead nowhere are left out, and without any it has all connections there are."""
        named = {name.lower(): name for name in connections}
        used = [named[name] for name in self._members(state, "connections") if name in named]
        aliases = [title for title in self._aliases(state) if _is_title(title)]
        capabilities = self.below[("transfer-capability", *state.address.parts)]
        found = {
            **({"connections": used} if used else {}),
            **({"answers_to": aliases} if aliases else {}),
            **_plain(state, "connections"),
            **self._capabilities(capabilities),
        }
        return self._whole(state, found)

    def _aliases(self, state: State) -> list[str]:
        """Further titles of an AE, in the order of their names."""
        found = (name for name in state.fields if name.lower() == f"{_EXTRA}{_ALIASES}")
        titles = {title for name in found for title in self._members(state, name)}
        return sorted(titles - {state.address.parts[1], WILDCARD})

    def _capabilities(self, states: Iterable[State]) -> dict[str, Any]:
        """Each SOP class in each role; without transfer syntaxes one cannot be declared."""
        listed = []
        for state in states:
            plain = self._whole(state, {"name": self.name(state.address), **_plain(state)})
            if {"sop_class", "role", "transfer_syntaxes"} <= plain.keys():
                listed.append(plain)
            else:
                self.remarks.append(_half(state))
        return {"transfer_capabilities": listed} if listed else {}

    @staticmethod
    def _members(state: State, field: str) -> tuple[str, ...]:
        value = state.fields.get(field, ())
        return value if isinstance(value, tuple) else ()


def _plain(state: State, *without: str) -> dict[str, Any]:
    """The fields that an inventory declares, as it writes them."""
    return {
        name: _written(value)
        for name, value in state.fields.items()
        if "." not in name and name not in _NOT_WRITTEN and name not in without
    }


def _written(value: Value) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _coded(codes: tuple[str, ...]) -> dict[str, Any]:
    """Modality codes; what the directory has beside them is said under `device_types`."""
    modalities = [code for code in codes if code in guess.MODALITIES]
    found: dict[str, Any] = {"modality": modalities} if modalities else {}
    return found | ({"device_types": list(codes)} if len(modalities) < len(codes) else {})


def _is_title(title: str) -> bool:
    """Whether it can be declared just so: outer spaces would be taken off."""
    try:
        return formats.ae_title(title) == title
    except ValueError:
        return False


# --- titles that nobody has ---------------------------------------------------------------------------------


def _reserving(found: Draft, made: _Maker) -> Draft:
    """The draft with a planned device for every title of the registry that none of its devices holds."""
    held = {title for device in found.devices.values() for title in _held(device)}
    devices: dict[str, Plain] = dict(found.devices)
    origin = dict(found.origin)
    taken = {name.casefold() for name in (*made.devices, *devices)}
    remarks = list(found.remarks)
    for title, address in made.titles.items():
        if title in held or title == WILDCARD:
            continue
        if not _is_title(title):
            remarks.append(_odd_title(title, "in the registry", address))
            continue
        name = _free(title.lower(), taken)
        taken.add(name.casefold())
        devices[name] = {"type": guess.RESERVED, "lifecycle": "planned", "ae_title": title}
        origin[name] = address
    return replace(found, devices=devices, origin=origin, remarks=tuple(remarks))


def _held(device: Plain) -> Iterator[str]:
    for title, ae in device.get("ae_titles", {}).items():
        yield title
        yield from ae.get("answers_to", ())


def _free(title: str, taken: set[str]) -> str:
    """A name for what reserves a title, unlike all that are taken."""
    base = " ".join(f"reserved-{title}".split())
    numbered = (base if number == 1 else f"{base}-{number}" for number in range(1, len(taken) + 2))
    return next(name for name in numbered if name.casefold() not in taken)


# --- what is said -------------------------------------------------------------------------------------------


def _odd_title(title: str, where: str, about: Address) -> Remark:
    try:
        formats.ae_title(title)
        why = "spaces at its ends do not count (PS3.5 section 6.2)"
    except ValueError as exc:
        why = str(exc)
    return Remark(
        f'AE title "{title}" {where} is left unmanaged: {why}',
        "It stays live as it is. Give it another title there, then declare that by hand.",
        about,
    )


def _half(state: State) -> Remark:
    wanted = ("sop_class", "role", "transfer_syntaxes")
    missing = " and ".join(name.replace("_", " ") for name in wanted if name not in state.fields)
    device, title, name = state.address.parts
    return Remark(
        f'Capability "{name}" of {device}/{title} has no {missing}, and is left unmanaged',
        "It stays live as it is. Complete it in the directory, then declare it by hand.",
        state.address,
    )
