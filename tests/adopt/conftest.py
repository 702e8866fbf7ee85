"""A real slapd with the schema of an archive's vendor, and a tree as other tools write it."""

from __future__ import annotations

from collections.abc import Iterator

import ldap3
import pytest

from pacsconf.core.secret import Secret
from pacsconf.inventory.systems import Bind, DirectoryConfig
from pacsconf.lab import slapd
from pacsconf.lab.slapd import Slapd
from pacsconf.systems.dicom_directory import DicomDirectory

PIN = "hunter2-never-shown"


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slapd]:
    """A directory that an archive of the dcm4chee family filled, with what accumulates over the years."""
    with slapd.started(tmp_path_factory.mktemp("ldap") / "slapd", slapd.Options(tls=False)) as found:
        where = ldap3.Server(found.url, get_info=ldap3.NONE)
        conn = ldap3.Connection(where, found.admin_dn, found.password, auto_bind=True, check_names=False)
        for dn, classes, attributes in entries(found.base):
            assert conn.add(dn, classes.split(), attributes), (dn, conn.result)
        conn.unbind()
        yield found


@pytest.fixture
def directory(server: Slapd) -> Iterator[DicomDirectory]:
    system = DicomDirectory("directory", config(server), lambda *_: Secret(server.password))
    yield system
    system.close()


def config(server: Slapd) -> DirectoryConfig:
    bind = Bind(dn=server.viewer_dn, password="env:LDAP")
    keys = {"url": server.url, "base": server.base, "bind": bind, "timeout": 5}
    return DirectoryConfig(name="directory", type="dicom-directory", **keys)


Added = tuple[str, str, dict[str, object]]

PLAIN = ["1.2.840.10008.1.2", "1.2.840.10008.1.2.1"]
CT, SC, FIND = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.7", "1.2.840.10008.5.1.4.1.2.2.1"


def entries(base: str) -> Iterator[Added]:
    root = f"cn=DICOM Configuration,{base}"
    devices, titles = f"cn=Devices,{root}", f"cn=Unique AE Titles Registry,{root}"
    yield root, "dicomConfigurationRoot", {}
    yield devices, "dicomDevicesRoot", {}
    yield titles, "dicomUniqueAETitlesRegistryRoot", {}
    for title in ("DCM4CHEE", "CT01", "CT02", "CT03", "OLD_PACS"):
        yield f"dicomAETitle={title},{titles}", "dicomUniqueAETitle", {}
    yield from archive(f"dicomDeviceName=dcm4chee-arc,{devices}")
    for number in (1, 2, 3):
        yield from scanner(f"dicomDeviceName=CT0{number},{devices}", f"CT0{number}", f"10.20.4.{number}")
    yield from scanner(f"dicomDeviceName=mobile,{devices}", "CT03", "10.20.4.99")


def archive(dn: str) -> Iterator[Added]:
    given = {
        "dicomInstalled": "TRUE",
        "dicomPrimaryDeviceType": "ARCHIVE",
        "dicomManufacturer": "dcm4che.org",
    }
    yield dn, "dicomDevice dcmDevice", {**given, "dcmKeyStorePin": PIN, "dicomVendorData": b"\x00\x01"}
    yield f"cn=dicom,{dn}", "dicomNetworkConnection dcmNetworkConnection", {
        "dicomHostname": "arc.example.org", "dicomPort": "11112",
    }  # fmt: skip
    yield f"cn=dicom-tls,{dn}", "dicomNetworkConnection dcmNetworkConnection", {
        "dicomHostname": "arc.example.org", "dicomPort": "2762",
        "dicomTLSCipherSuite": ["TLS_RSA_WITH_AES_128_CBC_SHA"], "dcmTLSProtocol": ["TLSv1.2"],
    }  # fmt: skip
    yield f"cn=hl7,{dn}", "dicomNetworkConnection dcmNetworkConnection", {
        "dicomHostname": "arc.example.org", "dicomPort": "2575", "dcmProtocol": "HL7",
    }  # fmt: skip
    for title, aliases in (("DCM4CHEE", ["ARC_OLD"]), ("AS_RECEIVED", [])):
        ae = f"dicomAETitle={title},{dn}"
        more = {"dcmOtherAETitle": aliases} if aliases else {}
        yield ae, "dicomNetworkAE dcmNetworkAE", {
            "dicomNetworkConnectionReference": [f"CN=dicom , {dn}", f"cn=dicom-tls,{dn}"],
            "dicomAssociationInitiator": "TRUE", "dicomAssociationAcceptor": "TRUE", **more,
        }  # fmt: skip
        for uid, name in (
            (CT, "CT Image Storage SCP"),
            (SC, "Secondary Capture Image Storage SCP"),
            (FIND, "Find SCP"),
        ):
            yield f"cn={name},{ae}", "dicomTransferCapability", {
                "dicomSOPClass": uid, "dicomTransferRole": "SCP", "dicomTransferSyntax": PLAIN,
            }  # fmt: skip
    yield f"cn=keep ten years,{dn}", "dcmStudyRetentionPolicy", {"dcmRetentionPeriod": "P10Y"}


def scanner(dn: str, title: str, host: str) -> Iterator[Added]:
    yield dn, "dicomDevice dcmDevice", {"dicomInstalled": "TRUE", "dicomPrimaryDeviceType": "CT"}
    yield f"cn=dicom,{dn}", "dicomNetworkConnection", {"dicomHostname": host, "dicomPort": "104"}
    ae = f"dicomAETitle={title},{dn}"
    yield ae, "dicomNetworkAE", {
        "dicomNetworkConnectionReference": f"cn=dicom,{dn}",
        "dicomAssociationInitiator": "TRUE", "dicomAssociationAcceptor": "FALSE",
    }  # fmt: skip
    yield f"cn=CT Image Storage SCU,{ae}", "dicomTransferCapability", {
        "dicomSOPClass": CT, "dicomTransferRole": "SCU", "dicomTransferSyntax": PLAIN,
    }  # fmt: skip
