"""From the inventory to the entries of a DICOM directory. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from pacsconf.core.address import Address
from pacsconf.core.finding import Finding, Path
from pacsconf.core.on_demand import OnDemand
from pacsconf.core.resource import Fields, State, Typed
from pacsconf.inventory.base import Extensible
from pacsconf.inventory.baseline import accepted
from pacsconf.inventory.model import Device, Inventory, NetworkAE, TransferCapability
from pacsconf.systems._dicom.attributes import CONTAINERS
from pacsconf.systems._dicom.collected import Collected, Item
from pacsconf.systems._dicom.extra import misplaced, placed, unsecret
from pacsconf.systems._dicom.fields import (
    capability_fields,
    connection_fields,
    device_fields,
    entity_fields,
)
from pacsconf.systems._dicom.intent import Intent
from pacsconf.systems._dicom.others import others, wordless
from pacsconf.systems._dicom.vendors import Vendors
from pacsconf.systems._dicom.vocabulary import STANDARD, Vocabulary
from pacsconf.systems.base import Declared
from pacsconf.systems.directory_extension import Extension, Holder


def declare(
    system: str,
    inventory: Inventory,
    vocabulary: Vocabulary = STANDARD,
    extensions: Sequence[Extension] = (),
) -> tuple[Declared, Intent]:
    """What an inventory wants a directory to hold, and what it says beside.

    That is the containers, devices that are in use with all below them, and the titles of those planned too; and
    what the extensions that it speaks make of the inventory.
    """
    domains, shared = _domains(inventory), _shared(inventory)
    live = [device for device in inventory.devices.values() if device.lifecycle != "retired"]
    titles = {device.name: _titles(device) for device in live}
    vendors = Vendors(system, vocabulary, extensions, inventory)
    collected = _collect(_Maker(system, Intent(domains=domains, shared=shared), titles, vendors), live)
    addresses, item = collected.states.keys(), collected.item
    findings = (
        *map(_collision, collected.collisions),
        *_misplaced(collected.special, vocabulary),
        *collected.findings,
        *vendors.findings,
        *_title_findings(live, titles),
        *_unconnected(live),
    )
    declared = Declared(
        Typed(collected.states, vocabulary.kinds),
        findings,
        _retired(system, inventory, vocabulary, extensions) - addresses,
        OnDemand(addresses, lambda address: item(address).caution(inventory)),
        OnDemand(addresses, lambda address: {**item(address).paths(), **collected.origins.get(address, {})}),
        collected.left,
    )
    named = {
        each.state.address: (*each.named(), *collected.scopes.get(each.state.address, ()))
        for each in collected.special
        if collected.is_meant(each)
    }
    for each in collected.special:
        address = each.state.address
        if address in named:
            state = unsecret(collected.states[address])
            tolerated = _is_tolerated(each, vocabulary, inventory)
            collected.states[address] = placed(state, vocabulary.shape(address)) if tolerated else state
    extras = dict.fromkeys(addresses, ()) | named
    spelling = OnDemand(addresses, lambda address: item(address).spelled)
    return declared, Intent(spelling, extras, domains, shared, collected.secrets)


def _retired(
    system: str, inventory: Inventory, vocabulary: Vocabulary, extensions: Sequence[Extension]
) -> frozenset[Address]:
    """All that is counted by itself of devices that are retired: they, their names, and rules of an extension."""
    gone = [device for device in inventory.devices.values() if device.lifecycle == "retired"]
    titles = {device.name: _titles(device) for device in gone}
    vendors = Vendors(system, vocabulary, extensions, inventory)
    made = _collect(_Maker(system, Intent(), titles, vendors), gone) if gone else Collected()
    roots = {state.root for state in made.states.values()}
    # A reserved name that is live does not tell whose it is, and is counted by itself.
    names = {address for address in made.states if address.kind.startswith("unique-")}
    return frozenset(one for one in roots | names if one.kind != "container")


def _collect(maker: _Maker, devices: Iterable[Device]) -> Collected:
    """What is made of these devices; of planned ones the titles, after all else."""
    devices = tuple(devices)
    maker.containers()
    for device in devices:
        if device.lifecycle != "planned":
            maker.device(device)
    for device in devices:
        if device.lifecycle == "planned":
            maker.reserve(device)
    return maker.collected


class _Maker:
    """Makes the entries of one device after the other. `titles` are those that each answers to, by its name."""

    def __init__(
        self, system: str, intent: Intent, titles: Mapping[str, Mapping[str, Path]], vendors: Vendors
    ) -> None:
        self.collected = Collected()
        self._vendors = vendors if vendors.extensions else None
        self._system = system
        self._intent = intent
        self._titles = titles
        self._devices = frozenset({Address.of(system, "container", "devices")})
        self._registry = frozenset({Address.of(system, "container", "unique-ae-titles")})
        self._capabilities: dict[tuple[str, str, tuple[str, ...]], Fields] = {}
        """Fields by what they are made of: devices of one profile all offer the same."""

    def containers(self) -> None:
        root = Address.of(self._system, "container", "configuration")
        for name, (_, cn) in CONTAINERS.items():
            address = Address.of(self._system, "container", name)
            needs = frozenset() if address == root else frozenset({root})
            self.collected.add(State(address, root, {}, needs), cn, ("systems", self._system))

    def device(self, device: Device) -> None:
        """The device with all below it."""
        root, path = self._root(device), ("devices", device.name)
        self._add(State(root, root, device_fields(device), self._devices), device.name, device, path, device)
        needs = frozenset({root})
        for name, connection in device.connections.items():
            address = root.below("network-connection", name.lower())
            state = State(address, root, connection_fields(connection), needs)
            self._add(state, name, device, (*path, "connections", name), connection)
        reserved = self.reserve(device)
        for ae in device.ae_titles.values():
            self._entity(device, root, ae, reserved)
        if device.entries:
            self._others(device, root)

    def _add(
        self,
        state: State,
        spelled: str,
        device: Device,
        path: Path,
        source: Extensible,
        ae: NetworkAE | None = None,
    ) -> None:
        """An entry of the standard, with what extensions add to it."""
        if self._vendors is None:
            self.collected.add(state, spelled, path, source, device.site)
            return
        address = state.address
        added = self._vendors.addition(address, Holder(device, source, path, ae))
        fields = {**state.fields, **added.fields}
        fields |= self._vendors.classes(address, source, fields)
        if added.scope:
            self.collected.scopes[address] = added.scope
        if added.left:
            self.collected.left[address] = added.left
        if added.secrets:
            self.collected.secrets[address] = added.secrets
        if added.origins:
            self.collected.origins[address] = added.origins
        needs = state.depends_on | frozenset(self._vendors.words.referred(address, added.fields))
        full = State(address, state.root, fields, needs, state.claims)
        self.collected.add(full, spelled, path, source, device.site)
        for made in added.below:
            self.collected.add_made(made)

    def _others(self, device: Device, root: Address) -> None:
        """Entries that nothing has words for."""
        if self._vendors is None:
            self.collected.findings.append(wordless(device))
            return
        places = self.collected.places
        spelled = {
            address: places[address][0]
            for address in places
            if address.parts[0] == root.parts[0]
            and address.kind != "container"
            and not address.kind.startswith("unique-")
        }
        for found in others(device, root, self._vendors.words, spelled):
            if isinstance(found, Finding):
                self.collected.findings.append(found)
            else:
                self.collected.add(*found)

    def reserve(self, device: Device) -> Mapping[str, Address]:
        """The reservations of a device's titles, and their addresses; the wildcard is nobody's to reserve."""
        root = self._root(device)
        found = {}
        for title, path in self._titles[device.name].items():
            found[title] = address = Address.of(self._system, "unique-ae-title", title)
            self.collected.add(State(address, root, {}, self._registry), title, path)
        return found

    def _root(self, device: Device) -> Address:
        return Address.of(self._system, "device", device.name.lower())

    def _entity(self, device: Device, root: Address, ae: NetworkAE, reserved: Mapping[str, Address]) -> None:
        address = root.below("network-ae", ae.title)
        needs = {reserved[title] for title in (ae.title, *ae.answers_to) if title in reserved}
        needs.update([root, *(root.below("network-connection", name.lower()) for name in ae.connections)])
        claims = frozenset() if ae.shared_title else self._intent.claim(device.name, ae.title)
        path: Path = ("devices", device.name, "ae_titles", ae.title)
        state = State(address, root, entity_fields(ae, device), frozenset(needs), claims)
        self._add(state, ae.title, device, path, ae, ae)
        above = frozenset({address})
        for position, each in enumerate(ae.capabilities):
            below = address.below("transfer-capability", each.name.lower())
            state = State(below, root, self._capability_fields(each), above)
            place: Path = (*path, "capabilities", position)
            self._add(state, each.name, device, place, each, ae)

    def _capability_fields(self, capability: TransferCapability) -> Fields:
        key = (capability.sop_class, capability.role, capability.transfer_syntaxes)
        if capability.extra:
            return capability_fields(capability)
        found = self._capabilities.get(key)
        if found is None:
            found = self._capabilities[key] = capability_fields(capability)
        return found


def _titles(device: Device) -> dict[str, Path]:
    """Every title that a device answers to, with its place; aliases after the titles themselves."""
    found: dict[str, Path] = {}
    for ae in device.ae_titles.values():
        for alias in ae.answers_to:
            found[alias] = ("devices", device.name, "ae_titles", ae.title, "answers_to")
    for ae in device.ae_titles.values():
        found[ae.title] = ("devices", device.name, "ae_titles", ae.title)
    found.pop("*", None)
    return found


def _domains(inventory: Inventory) -> dict[str, str]:
    return {device.name.lower(): device.ae_domain for device in inventory.devices.values()}


def _shared(inventory: Inventory) -> frozenset[str]:
    return frozenset(
        f"ae-title:{device.ae_domain}/{ae.title}"
        for device in inventory.devices.values()
        for ae in device.ae_titles.values()
        if ae.shared_title
    )


# --- what a directory cannot hold ---------------------------------------------------------------------------


def _collision(pair: tuple[Item, Item]) -> Finding:
    """Names that differ by case only, of which a directory holds one."""
    item, held = pair
    return Finding(
        "DIR-NAME-CASE",
        "error",
        f'"{item.spelled}" and "{held.spelled}" differ by upper and lower case only',
        "A directory takes them for the same entry (PS3.15 section H.1.3).",
        "Give one of them another name.",
        path=item.path,
        about=item.state.address,
    )


def _misplaced(special: Iterable[Item], words: Vocabulary) -> Iterator[Finding]:
    for item in special:
        yield from misplaced(words.shape(item.state.address), item.source.extra, item.path)


def _is_tolerated(item: Item, words: Vocabulary, inventory: Inventory) -> bool:
    """Whether something of it may not stand where it does, and the baseline accepts that, on whatever day."""
    found = misplaced(words.shape(item.state.address), item.source.extra, item.path)
    return any(one.accepted for one in accepted(found, inventory.baseline, None))


def _title_findings(devices: Iterable[Device], titles: Mapping[str, Mapping[str, Path]]) -> Iterator[Finding]:
    """Titles that the one flat registry of a directory cannot tell apart (PS3.15 section H.1.4.1)."""
    holders: dict[str, tuple[str, Device]] = {}
    for device in devices:
        for title, path in titles[device.name].items():
            held, other = holders.setdefault(" ".join(title.split()), (title, device))
            if held != title:
                yield Finding(
                    "DIR-TITLE-SPACES",
                    "error",
                    f'AE titles "{title}" and "{held}" differ by inner spaces only',
                    "DICOM tells them apart, but a directory does not, so only one can be reserved.",
                    "Give one of them another title.",
                    path=path,
                )
            elif other.ae_domain != device.ae_domain:
                yield Finding(
                    "DIR-TITLE-DOMAINS",
                    "warning",
                    f'AE title "{title}" is used in domains "{other.ae_domain}" and "{device.ae_domain}"',
                    f"A directory has one registry: {other.name} and {device.name} share the reservation.",
                    "Use one directory for each domain, or give one of them another title.",
                    path=path,
                )


def _unconnected(devices: list[Device]) -> Iterator[Finding]:
    for device in devices:
        for ae in device.ae_titles.values():
            if device.lifecycle != "planned" and not ae.connections:
                yield Finding(
                    "DIR-AE-CONNECTION",
                    "error",
                    f"AE {ae.title} of {device.name} has no connection",
                    "A directory refuses an AE without one (dicomNetworkConnectionReference, PS3.15 H.1.3).",
                    "Name a connection of the device under `connections`; without a port it only calls.",
                    path=("devices", device.name, "ae_titles", ae.title),
                )
