"""What is wrong or unusual about a directory's DICOM configuration, as it was read.

A directory checks little of what the standard asks (PS3.15 section H.1): reservations, references, lengths and
ranges are the writers' business, and several programs and people write. Nothing here is about an inventory.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from pacsconf.core.address import Address
from pacsconf.core.finding import Finding, Severity
from pacsconf.inventory import formats
from pacsconf.systems._dicom.attributes import CONTAINERS, SHAPES
from pacsconf.systems._dicom.tree import Tree
from pacsconf.systems._ldap import Entry, names

ANY = "*"
"""The title of an entity that stands for every other one, which nobody reserves."""

_DN_CHARACTERS = frozenset(',+"<>;=#')
"""What must be escaped in a name (RFC 4514 section 2.4), and some archives put into names as it is."""

_STANDARD = frozenset(
    name.lower()
    for name in (*(shape.object_class for shape in SHAPES.values()), *(cls for cls, _ in CONTAINERS.values()))
)
_MISPLACED = ("which does not stand where such do", "nothing looks for them there.")
_UNKNOWN = ("which is not in the standard", "it does not know what they mean.")
_NOT_A_CLASS = frozenset({"top", "alias", "extensibleobject"})
_INTEGRITY_ONLY = ("TLS_SHA256_SHA256", "TLS_SHA384_SHA384")
"""Of TLS 1.3 (RFC 9150); earlier ones say NULL where others name their cipher."""

T = TypeVar("T")
K = TypeVar("K", str, tuple[str, str])


@dataclass(frozen=True, slots=True)
class Oddities:
    """The findings about one tree, worst first. `spelling` gives an attribute's name as people know it."""

    tree: Tree
    anonymous: bool = False
    spelling: Callable[[str], str] = str

    def findings(self) -> tuple[Finding, ...]:
        """All of them; one for each thing, save classes and secrets, of which there is one for each name."""
        found = [
            finding
            for check in (
                self._titles,
                self._reservations,
                self._references,
                self._connections,
                self._capabilities,
                self._emptiness,
                self._foreign,
                self._names,
                self._secrets,
                self._openness,
            )
            for finding in check()
        ]
        return tuple(sorted(found, key=_weight))

    def _of(self, kind: str) -> list[tuple[Address, Entry]]:
        return sorted(item for item in self.tree.entries.items() if item[0].kind == kind)

    # --- titles ----------------------------------------------------------------------------------------------

    def _titles(self) -> Iterator[Finding]:
        """Titles that DICOM or its programs choke on, and those that come twice."""
        entities = self._of("network-ae")
        for address, _ in [*entities, *self._of("unique-ae-title")]:
            yield from _spelled_wrong(address, address.parts[-1])
        holders = _grouped((address.parts[1], address) for address, _ in entities)
        for title, several in holders.items():
            for other in several[1:] if title != ANY else ():
                yield _finding(
                    "DIR-TITLE-TWICE",
                    "error",
                    f"{title} is the title of two devices: {several[0].parts[0]} and {other.parts[0]}",
                    "Peers address a device by its title alone: images may reach the wrong one.",
                    "Find out which of the two answers, and give the other one another title.",
                    other,
                )
        spellings = _grouped((title.upper(), title) for title in holders)
        for alike in spellings.values():
            for title in alike[1:]:
                yield _finding(
                    "DIR-TITLE-CASE",
                    "warning",
                    f"The titles {alike[0]} and {title} differ by capital letters only",
                    "DICOM tells them apart; people and some devices do not.",
                    "Give one of them another title, if both are in use.",
                    holders[title][0],
                )

    def _reservations(self) -> Iterator[Finding]:
        """Titles and the registry that reserves them (PS3.15 section H.1.4.1)."""
        if Address.of(self.tree.system, "container", "unique-ae-titles") not in self.tree.entries:
            return  # there is none, or this account may not see it: that is told once
        held = {address.parts[1]: address for address, _ in self._of("network-ae")}
        reserved = {address.parts[0]: address for address, _ in self._of("unique-ae-title")}
        for title in sorted(held.keys() - reserved.keys() - {ANY}):
            yield _finding(
                "DIR-TITLE-UNRESERVED",
                "warning",
                f"{title} of {held[title].parts[0]} is not reserved in the registry of titles",
                "Whoever asks the registry for a free title may be given this one.",
                "Add it to the registry; applying an inventory that declares the device does so.",
                held[title],
            )
        for title in sorted(reserved.keys() - held.keys()):
            yield _finding(
                "DIR-TITLE-UNUSED",
                "info",
                f"{title} is reserved, and no device has it",
                "It belongs to a device that is not in the directory, or was left over when one went.",
                "Find out whether anybody still uses it before it is given away.",
                reserved[title],
            )

    # --- references and addresses ----------------------------------------------------------------------------

    def _references(self) -> Iterator[Finding]:
        """Entities whose connections are not there, or another device's."""
        for address, entry in self._of("network-ae"):
            for dn in entry.texts("dicomNetworkConnectionReference"):
                target = self.tree.address_of(dn)
                if target is None or target.kind != "network-connection":
                    yield _finding(
                        "DIR-REFERENCE",
                        "error",
                        f"{_who(address)} refers to a connection that is not seen here: {_short(dn)}",
                        "Where it listens is not known, so nobody can reach it by what stands here.",
                        "Correct the reference, unless the connection is there and this account may not see it.",
                        address,
                    )
                elif target.parts[0] != address.parts[0]:
                    yield _finding(
                        "DIR-REFERENCE-OTHER",
                        "warning",
                        f"{_who(address)} refers to a connection of another device, {target.parts[0]}",
                        "PS3.15 section H.1.1.4 has an entity use connections of its own device.",
                        "Correct the reference, or move the connection.",
                        address,
                    )

    def _connections(self) -> Iterator[Finding]:
        for address, entry in self._of("network-connection"):
            yield from _port(address, entry)
            yield from _host(address, entry)
            for suite in entry.texts("dicomTLSCipherSuite"):
                if "_WITH_NULL_" in suite or suite in _INTEGRITY_ONLY:
                    yield _finding(
                        "DIR-CIPHER",
                        "error",
                        f"{_who(address)} offers {suite}, which does not encrypt",
                        "Images and names pass readable by anyone on the way, while TLS seems to be on.",
                        "Take the suite out on both sides.",
                        address,
                    )

    def _capabilities(self) -> Iterator[Finding]:
        for address, entry in self._of("transfer-capability"):
            yield from misspelled_role(address, entry)
            for attribute in ("dicomSOPClass", "dicomTransferSyntax"):
                for uid in entry.texts(attribute):
                    if broken := _broken(formats.uid, uid):
                        yield _finding(
                            "DIR-UID",
                            "error",
                            f"{_who(address)}: {uid} is no UID",
                            f"{_sentence(broken)} No peer will know it.",
                            "Correct it.",
                            address,
                        )

    # --- what is missing, and what is others' ----------------------------------------------------------------

    def _emptiness(self) -> Iterator[Finding]:
        with_entity = {address.parts[0] for address, _ in self._of("network-ae")}
        for address, _ in self._of("device"):
            if address.parts[0] not in with_entity:
                yield _finding(
                    "DIR-DEVICE-EMPTY",
                    "info",
                    f"Device {address.parts[0]} has no AE title",
                    "It takes no part in DICOM; some archives keep their own services as such devices.",
                    "Nothing, if that is meant.",
                    address,
                )
        with_capability = {address.parts[:2] for address, _ in self._of("transfer-capability")}
        for address, entry in self._of("network-ae"):
            shares = entry.values("dcmShareTransferCapabilitiesFromAETitle")
            if address.parts not in with_capability and not shares:
                yield _finding(
                    "DIR-AE-EMPTY",
                    "info",
                    f"{_who(address)} has no transfer capabilities",
                    "What it can do is not written here, so others cannot tell what to send to it.",
                    "Add what its conformance statement says.",
                    address,
                )

    def _foreign(self) -> Iterator[Finding]:
        """Entries of classes that are not in the standard, one finding for each class."""
        found = _grouped((_class_of(entry), entry) for entry in self.tree.foreign)
        for name, entries in sorted(found.items()):
            number = "1 entry is" if len(entries) == 1 else f"{len(entries)} entries are"
            what, why = _MISPLACED if name.lower() in _STANDARD else _UNKNOWN
            yield _finding(
                "DIR-CLASS",
                "info",
                f"{number} of class {name}, {what}",
                f"pacsconf leaves them alone: {why}",
                f"The first is {_short(entries[0].dn)}.",
                self._above(entries[0]),
            )

    def _above(self, entry: Entry) -> Address:
        """The nearest entry of ours at or above this one."""
        key = names.key(entry.dn)
        near = (self.tree.addresses.get(key[at:]) for at in range(len(key)))
        fallback = Address.of(self.tree.system, "container", "configuration")
        return next((address for address in near if address is not None), fallback)

    def _names(self) -> Iterator[Finding]:
        """Entries of ours that are called by other attributes than most programs expect."""
        for address, entry in sorted(self.tree.entries.items()):
            is_vendors = address.kind == "entry"
            if not is_vendors and "+" in entry.dn and len(names.parse(entry.dn)[0]) > 1:
                yield _finding(
                    "DIR-NAME-PARTS",
                    "info",
                    f"An entry is called by several attributes at once: {names.leaf(entry.dn)}",
                    "That is allowed, and programs that put names together by hand miss it.",
                    "Nothing, if everything that reads this directory copes.",
                    address,
                )

    # --- protection ------------------------------------------------------------------------------------------

    def _secrets(self) -> Iterator[Finding]:
        """Secrets that this account is given; their values were never kept."""
        found = _grouped((secret, entry) for entry in self.tree.everything for secret in entry.secrets())
        for (name, pair), entries in sorted(found.items()):
            where = "1 entry" if len(entries) == 1 else f"{len(entries)} entries"
            severity: Severity = "error" if self.anonymous else "warning"
            yield _finding(
                "DIR-SECRET",
                severity,
                f"{' '.join(filter(None, (self.spelling(name), pair)))} of {where} can be read by "
                + ("anybody, without signing in" if self.anonymous else "this account"),
                "It is a password or a PIN. (pacsconf does not keep or show its value.)",
                "Let no account read it that does not need it, and change it where many could.",
                self._above(entries[0]),
            )

    def _openness(self) -> Iterator[Finding]:
        if self.anonymous and self.tree.entries:
            yield _finding(
                "DIR-ANONYMOUS",
                "warning",
                "Anybody in the network may read this configuration without signing in",
                "It tells every device's address, title and services: a map for an attacker.",
                "Let only known accounts read it, once all devices that look things up here have one.",
                Address.of(self.tree.system, "container", "configuration"),
            )


# --- single values -----------------------------------------------------------------------------------------------


def _spelled_wrong(address: Address, title: str) -> Iterator[Finding]:
    if broken := _broken(formats.ae_title, title):
        yield _finding(
            "DIR-TITLE",
            "error",
            f"{title} is not a title that DICOM allows",
            f"{_sentence(broken)} Associations under it will fail.",
            "Give it another one, here and on the device.",
            address,
        )
    elif title != title.strip(" ") or _DN_CHARACTERS & set(title):
        yield _finding(
            "DIR-TITLE-CHARACTERS",
            "warning",
            f"{title} holds characters that have a meaning in names of a directory",
            "Programs that put such names together by hand, as some archives do, lose the entry.",
            "Give it a title of letters, digits, - and _, when it next changes.",
            address,
        )


def misspelled_role(address: Address, entry: Entry) -> Iterator[Finding]:
    """What is wrong with the role of a transfer capability."""
    role = entry.text("dicomTransferRole")
    if role is not None and role not in ("SCU", "SCP"):
        severity: Severity = "warning" if role.upper() in ("SCU", "SCP") else "error"
        yield _finding(
            "DIR-ROLE",
            severity,
            f"{_who(address)} has the role {role}, and there are only SCU and SCP",
            "Archives that read this directory may refuse the whole device for one such value.",
            "Write SCU or SCP; for both, two capabilities.",
            address,
        )


def _port(address: Address, entry: Entry) -> Iterator[Finding]:
    for text in entry.texts("dicomPort"):
        if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= 65535):
            yield _finding(
                "DIR-PORT",
                "error",
                f"{_who(address)} has the port {text[:20]}, and ports are 1 to 65535",
                "Nobody can connect to it, and archives may refuse the whole device.",
                "Correct it; for a device that only calls, take the port away.",
                address,
            )


def _host(address: Address, entry: Entry) -> Iterator[Finding]:
    for text in entry.texts("dicomHostname"):
        broken = _broken(formats.host, text)
        if broken or text.lower() in ("0.0.0.0", "::", "127.0.0.1", "::1", "localhost"):  # noqa: S104
            yield _finding(
                "DIR-HOST",
                "warning",
                f"{_who(address)} has the host {text}, which leads nowhere from another machine",
                _sentence(broken) if broken else "Every machine is meant by it, or the reader's own.",
                "Write the name or address under which others reach it.",
                address,
            )


# --- words -------------------------------------------------------------------------------------------------------


def _finding(rule: str, severity: Severity, summary: str, detail: str, fix: str, about: Address) -> Finding:
    return Finding(rule, severity, summary, detail, fix, about=about, evidence="configured")


_SEVERITY: tuple[Severity, ...] = ("error", "warning", "info")


def _weight(finding: Finding) -> tuple[int, str, str]:
    return _SEVERITY.index(finding.severity), finding.rule, str(finding.about)


def _grouped(pairs: Iterable[tuple[K, T]]) -> dict[K, list[T]]:
    found: dict[K, list[T]] = defaultdict(list)
    for key, value in pairs:
        found[key].append(value)
    return found


def _who(address: Address) -> str:
    """What an entry is to a person: `CT_1 of ct-1`."""
    device, *rest = address.parts
    match address.kind:
        case "network-ae":
            return f"{rest[0]} of {device}"
        case "network-connection":
            return f"Connection {rest[0]} of {device}"
        case _:
            return f"{rest[-1]} of {'/'.join((device, *rest[:-1]))}"


def _short(dn: str) -> str:
    """The first two relative names of an entry."""
    try:
        parts = names.parse(dn)
    except ValueError:
        return dn
    shown = ",".join("+".join(names.rdn(*part) for part in one) for one in parts[:2])
    return f"{shown},…" if len(parts) > 2 else shown


def _class_of(entry: Entry) -> str:
    """The class that says most about an entry of somebody else: the first that is not above all."""
    classes = [name for name in entry.texts("objectClass") if name.lower() not in _NOT_A_CLASS]
    return min(classes, default="unknown", key=lambda name: (name.lower() in _OURS, classes.index(name)))


_OURS = frozenset(cls.lower() for cls, _ in CONTAINERS.values())


def _broken(rule: Callable[[str], str], text: str) -> str:
    """Which rule a text breaks; empty for none."""
    try:
        rule(text)
    except ValueError as exc:
        return str(exc)
    return ""


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
