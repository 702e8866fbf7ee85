"""Directory trees as other tools leave them, sound and broken, without a server."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from pacsconf.adopt.directory import draft
from pacsconf.adopt.draft import Draft
from pacsconf.adopt.files import Terms, write
from pacsconf.adopt.settle import Adoption, Live, settle
from pacsconf.core.compare import compare
from pacsconf.core.decide import Rules, change
from pacsconf.core.finding import Finding, errors
from pacsconf.core.resource import Snapshot, State
from pacsconf.core.select import ignoring
from pacsconf.inventory.baseline import accepted
from pacsconf.inventory.capabilities import usual_name
from pacsconf.inventory.loader import load
from pacsconf.inventory.model import Inventory
from pacsconf.systems._dicom.declare import declare
from pacsconf.systems._dicom.reader import Reader
from pacsconf.systems._dicom.tree import Tree, grow
from pacsconf.systems._ldap import Entry, names

ROOT = "cn=DICOM Configuration,dc=example,dc=org"
DEVICES = f"cn=Devices,{ROOT}"
TITLES = f"cn=Unique AE Titles Registry,{ROOT}"
CONFIG = {"type": "dicom-directory", "url": "ldap://127.0.0.1:389", "base": "dc=example,dc=org"}
TODAY = date(2026, 11, 24)
TERMS = Terms("radiology-it", TODAY, 90, "ldap://127.0.0.1:389")

CT = "1.2.840.10008.5.1.4.1.1.2"
VERIFICATION = "1.2.840.10008.1.1"
PLAIN = ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1")

Many = str | tuple[str, ...]


def entry(dn: str, classes: str, **attributes: Many | None) -> Entry:
    """An entry; an attribute that is None or empty is not there."""
    listed = {name: (values,) if isinstance(values, str) else values for name, values in attributes.items()}
    held = {
        name.lower(): tuple(each.encode() for each in values) for name, values in listed.items() if values
    }
    return Entry(dn, {"objectclass": tuple(name.encode() for name in classes.split()), **held})


def containers(*without: str) -> list[Entry]:
    found = {
        "configuration": entry(ROOT, "dicomConfigurationRoot"),
        "devices": entry(DEVICES, "dicomDevicesRoot"),
        "unique-ae-titles": entry(TITLES, "dicomUniqueAETitlesRegistryRoot"),
    }
    return [each for name, each in found.items() if name not in without]


def device_dn(name: str) -> str:
    return names.child(DEVICES, "dicomDeviceName", name)


def device(name: str, **attributes: Many | None) -> Entry:
    given = {"dicomInstalled": "TRUE", "dicomDeviceName": name} | attributes
    return entry(device_dn(name), "dicomDevice dcmDevice", **given)


def connection(device_name: str, name: str = "dicom", **attributes: Many | None) -> Entry:
    given = {"dicomHostname": "10.0.0.1", "dicomPort": "104"} | attributes
    return entry(names.child(device_dn(device_name), "cn", name), "dicomNetworkConnection", **given)


def ae(device_name: str, title: str, *connections: str, **attributes: Many | None) -> Entry:
    used = tuple(names.child(device_dn(device_name), "cn", each) for each in connections or ("dicom",))
    given = {
        "dicomAETitle": title,
        "dicomNetworkConnectionReference": used,
        "dicomAssociationInitiator": "TRUE",
        "dicomAssociationAcceptor": "TRUE",
    } | attributes
    return entry(ae_dn(device_name, title), "dicomNetworkAE dcmNetworkAE", **given)


def ae_dn(device_name: str, title: str) -> str:
    return names.child(device_dn(device_name), "dicomAETitle", title)


def capability(
    device_name: str, title: str, name: str, sop_class: str = CT, role: str = "SCU", syntaxes: Many = PLAIN
) -> Entry:
    dn = names.child(ae_dn(device_name, title), "cn", name)
    given: dict[str, Many] = {
        "dicomSOPClass": sop_class,
        "dicomTransferRole": role,
        "dicomTransferSyntax": syntaxes,
    }
    return entry(dn, "dicomTransferCapability dcmTransferCapability", **given)


def reserved(title: str) -> Entry:
    return entry(names.child(TITLES, "dicomAETitle", title), "dicomUniqueAETitle", dicomAETitle=title)


def scanner(
    number: int, maker: str = "SIEMENS", modality: str = "CT", **attributes: Many | None
) -> list[Entry]:
    """A scanner that another tool registered: a title, an address, two capabilities."""
    name, title = f"{modality.lower()}-{number}", f"{modality}_{number}"
    host = f"10.{number // 65536 % 256}.{number // 256 % 256}.{number % 256}"
    return [
        device(name, dicomPrimaryDeviceType=modality, dicomManufacturer=maker, **attributes),
        connection(name, dicomHostname=host),
        ae(name, title),
        capability(name, title, "ct-image-storage-scu"),
        capability(name, title, "verification-scp", VERIFICATION, "SCP"),
        reserved(title),
    ]


# --- adopting without a server ------------------------------------------------------------------------------


def found(tree: Tree) -> Snapshot:
    return Reader(tree, None, None).snapshot()


def states(tree: Tree) -> dict[Any, State]:
    return found(tree).states()


def drafted(entries: Iterable[Entry]) -> Draft:
    held = found(grow("directory", entries))
    return draft("directory", CONFIG, held.states(), held.spelled)


def comparing(tree: Tree) -> Callable[[Inventory], Live]:
    """What the command line hands in: an inventory compared with the directory, as a plan does it."""

    def remaining(inventory: Inventory) -> Live:
        declared, intent = declare("directory", inventory)
        live = {one.address: one.state() for one in Reader(tree, intent, None).snapshot().resources}
        wanted = {one.address: one.state() for one in declared.resources}
        config = inventory.systems["directory"]
        return Live(compare(wanted, live, {}, ignoring(config.ignore)), tuple(declared.findings))

    return remaining


def adopted(entries: Iterable[Entry]) -> Adoption:
    tree = grow("directory", entries)
    held = found(tree)
    return settle(draft("directory", CONFIG, held.states(), held.spelled), TERMS, comparing(tree))


def faults(adoption: Adoption, entries: Iterable[Entry], folder: Path) -> list[str]:
    """What a plan from the written files would stop at or change; nothing of it may be left."""
    write(adoption.files, folder / "inventory")
    loaded = load(folder, TODAY)
    if loaded.inventory is None:
        return [f"{one.rule} {one.summary}" for one in errors(loaded.findings)]
    live = comparing(grow("directory", entries))(loaded.inventory)
    shown: tuple[Finding, ...] = (
        *loaded.findings,
        *accepted(live.findings, loaded.inventory.baseline, TODAY),
    )
    told = [f"{one.rule} {one.summary}" for one in shown if not one.accepted]
    return told + [str(one.address) for one in live.differences if change(one, Rules({}))]


# --- any tree -----------------------------------------------------------------------------------------------

NAMES = st.sampled_from(
    ["ct-1", "CT-1b", "a/b", "a:b", "ct  2", "x" * 70, "mr,1", "Ünï", "null", "1:30", "*", "[a]", "q+r", " "]
)
TITLES_ALIKE = st.sampled_from(
    [
        "CT_1",
        "ct_1",
        "CT 1",
        "CT  1",
        "*",
        "A,B",
        "A:B",
        "NO",
        "010",
        "null",
        "X" * 16,
        "X" * 17,
        "ü",
        "A\\B",
        "[A]",
        "<<",
    ]
)
CAPABILITIES = st.sampled_from(["CT Image Storage SCU", "a  b", "y" * 70])
CONNECTIONS = st.sampled_from(["dicom", "dicom-tls", "10.0.0.1:104", "a  b", "CONN"])
HOSTS = st.sampled_from(
    [None, "10.0.0.1", "ct.example.org", "ct_1", "2001:DB8::0001", "300.1.1.1", "CT.EXAMPLE.org."]
)
PORTS = st.sampled_from([None, "104", "0", "70000", "11112"])
FLAGS = st.sampled_from([None, "TRUE", "FALSE"])
UIDS = st.sampled_from(
    [CT, VERIFICATION, "1.2.840.10008.5.1.4.31", "1.2.3.4", "1.02", "1.2.840.10008.1.2", "x"]
)
SYNTAXES = st.sampled_from([PLAIN, (), ("1.2.840.10008.1.2.4.70", *PLAIN), ("1.2",), ("7.8.09",), (CT,)])
TEXTS = st.sampled_from(
    [None, "SIEMENS", "NO", "a: b # c", " x ", "line\nbreak", "\x07", "", "&1.2&ISO", "A&B", "ISO_IR 100"]
)
CODES = st.sampled_from([(), ("CT",), ("MR", "ARCHIVE"), ("DSS",), ("NO SUCH",), ("CT", "PT")])
FIELDS = {
    "dicomManufacturer": TEXTS,
    "dicomDescription": TEXTS,
    "dicomIssuerOfPatientID": TEXTS,
    "dicomSoftwareVersion": TEXTS,
    "dicomInstitutionCode": TEXTS,
    "dicomDeviceUID": UIDS,
    "dicomInstalled": FLAGS,
    "dicomPrimaryDeviceType": CODES,
    "dicomRelatedDeviceReference": st.sampled_from([None, "cn=x,dc=y", "no dn", "CN=X , DC=Y"]),
    "dicomVendorData": TEXTS,
    "dcmKeyStorePin": TEXTS,
}


def _attributes(fields: Mapping[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=dict(fields))


def _folded(title: str) -> str:
    """What a directory takes for the same title."""
    return " ".join(title.split())


@st.composite
def trees(draw: st.DrawFn) -> list[Entry]:
    """Any configuration that can be read, with whatever is wrong in it."""
    missing = draw(st.sets(st.sampled_from(["unique-ae-titles"]), max_size=1))
    entries = containers(*missing)
    for name in draw(st.lists(NAMES, max_size=4, unique_by=str.lower)):
        entries.append(device(name, **draw(_attributes(FIELDS))))
        entries += draw(_below(name))
    if not missing:
        entries += map(reserved, draw(st.lists(TITLES_ALIKE, max_size=5, unique_by=_folded)))
    return entries


@st.composite
def _below(draw: st.DrawFn, name: str) -> list[Entry]:
    entries: list[Entry] = []
    for cn in draw(st.lists(CONNECTIONS, max_size=3, unique_by=str.lower)):
        tls = draw(st.sampled_from([None, ("TLS_RSA_WITH_AES_128_CBC_SHA",), ("AES128-SHA", "TLS_A_B")]))
        found = {"dicomHostname": draw(HOSTS), "dicomPort": draw(PORTS), "dicomInstalled": draw(FLAGS)}
        entries.append(connection(name, cn, dicomTLSCipherSuite=tls, **found))
    for title in draw(st.lists(TITLES_ALIKE, max_size=3, unique_by=_folded)):
        used = draw(st.lists(CONNECTIONS, max_size=3, unique=True))
        more = {
            "dicomAssociationInitiator": draw(FLAGS),
            "dicomAssociationAcceptor": draw(FLAGS),
            "dicomSupportedCharacterSet": draw(TEXTS),
            "dicomPreferredCalledAETitle": draw(TITLES_ALIKE),
            "dcmOtherAETitle": draw(st.sampled_from([None, "OLD", "CT_1", "X" * 17])),
        }
        entries.append(ae(name, title, *used, **more))
        for cn in draw(st.lists(CAPABILITIES, max_size=2, unique=True)):
            role = draw(st.sampled_from(["SCU", "scp", "BOTH"]))
            entries.append(capability(name, title, cn, draw(UIDS), role, draw(SYNTAXES)))
        sop = draw(UIDS)
        if draw(st.booleans()):
            entries.append(capability(name, title, usual_name(sop, "SCU"), sop, "SCU", draw(SYNTAXES)))
    return entries
