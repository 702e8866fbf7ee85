"""A hospital of any size: its inventory, and the directory that holds exactly that.

Each device is one scanner with what a type plate and a vendor's form say, and makes six entries: the device, its
connection, its AE, the reservation of its title, and two transfer capabilities. The LDIF is written here by hand,
not by pacsconf, so that "No changes" is also a proof.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pacsconf.lab import orthanc, slapd

ENTRIES_OF_A_DEVICE = 6
ENTRIES_ABOVE = 3
"""The configuration, its devices, and the registry of titles."""
_PER_FILE = 500
PASSWORD = "PACSCONF_BENCH_PASSWORD"  # noqa: S105  (the name of a variable)
_ROOT = f"cn=DICOM Configuration,{slapd.BASE}"
_SYNTAXES = ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1")


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of scanner: its profile, the code in (0008,0060) Modality, and what it sends."""

    profile: str
    sends: str
    uid: str

    @property
    def code(self) -> str:
        return self.profile.upper()


KINDS = (
    Kind("ct", "ct-image-storage", "1.2.840.10008.5.1.4.1.1.2"),
    Kind("mr", "mr-image-storage", "1.2.840.10008.5.1.4.1.1.4"),
    Kind("us", "ultrasound-image-storage", "1.2.840.10008.5.1.4.1.1.6.1"),
    Kind("nm", "nuclear-medicine-image-storage", "1.2.840.10008.5.1.4.1.1.20"),
)


@dataclass(frozen=True, slots=True)
class Scanner:
    """The scanner of this number, from 1."""

    number: int

    @property
    def kind(self) -> Kind:
        return KINDS[self.number % len(KINDS)]

    @property
    def name(self) -> str:
        return f"{self.kind.profile}-{self.number:06}"

    @property
    def title(self) -> str:
        return self.name.upper().replace("-", "_")

    @property
    def host(self) -> str:
        return f"10.{self.number >> 16}.{self.number >> 8 & 255}.{self.number & 255}"

    def yaml(self) -> str:
        """As it stands in the inventory."""
        return f"""  {self.name}:
    profile: {self.kind.profile}
    site: main
    description: Scanner {self.number} in room {self.number % 97}
    manufacturer: SIEMENS
    model: SOMATOM go.Top
    software_versions: [VA40A]
    serial_number: "{100000 + self.number}"
    station_name: {self.title}
    ae_title: {self.title}
    host: {self.host}
    port: 104
"""

    def ldif(self) -> str:
        """As it stands in the directory."""
        device = f"dicomDeviceName={self.name},cn=Devices,{_ROOT}"
        entity = f"dicomAETitle={self.title},{device}"
        return f"""
dn: {device}
objectClass: dicomDevice
dicomDeviceName: {self.name}
dicomDescription: Scanner {self.number} in room {self.number % 97}
dicomManufacturer: SIEMENS
dicomManufacturerModelName: SOMATOM go.Top
dicomSoftwareVersion: VA40A
dicomDeviceSerialNumber: {100000 + self.number}
dicomStationName: {self.title}
dicomPrimaryDeviceType: {self.kind.code}
dicomInstitutionName: Riverside Hospital
dicomInstalled: TRUE

dn: cn=dicom,{device}
objectClass: dicomNetworkConnection
cn: dicom
dicomHostname: {self.host}
dicomPort: 104

dn: dicomAETitle={self.title},cn=Unique AE Titles Registry,{_ROOT}
objectClass: dicomUniqueAETitle
dicomAETitle: {self.title}

dn: {entity}
objectClass: dicomNetworkAE
dicomAETitle: {self.title}
dicomNetworkConnectionReference: cn=dicom,{device}
dicomAssociationInitiator: TRUE
dicomAssociationAcceptor: TRUE
{_capability(entity, f"{self.kind.sends}-scu", self.kind.uid, "SCU")}
{_capability(entity, "verification-scp", "1.2.840.10008.1.1", "SCP")}
"""

    def modality(self) -> dict[str, str | int | bool]:
        """As it stands in the configuration file of an Orthanc that it may send to."""
        sends = {"AllowEcho": True, "AllowStore": True, "AllowTranscoding": True}
        rest = ("EventReport", "Find", "FindWorklist", "Get", "Move", "NAction")
        refused = {f"Allow{name}": False for name in rest}
        return {
            "AET": self.title,
            "Host": self.host,
            "Port": 104,
            "Manufacturer": "Generic",
            **sends,
            **refused,
        }


def _capability(entity: str, name: str, uid: str, role: str) -> str:
    syntaxes = "\n".join(f"dicomTransferSyntax: {syntax}" for syntax in _SYNTAXES)
    return f"""
dn: cn={name},{entity}
objectClass: dicomTransferCapability
cn: {name}
dicomSOPClass: {uid}
dicomTransferRole: {role}
{syntaxes}"""


def scanners(count: int) -> Iterator[Scanner]:
    return map(Scanner, range(1, count + 1))


def ldif(count: int) -> str:
    """What the directory holds of so many devices below its three containers."""
    return "".join(scanner.ldif() for scanner in scanners(count))


def modalities(count: int) -> dict[str, dict[str, str | int | bool]]:
    """What an Orthanc has of so many scanners. Told one by one over REST it would take it many minutes."""
    return {scanner.title: scanner.modality() for scanner in scanners(count)}


def write_inventory(folder: Path, count: int, system: str) -> None:
    """A git repository with the inventory of so many devices; `system` is the YAML of its one system."""
    inventory = folder / "inventory"
    (inventory / "devices").mkdir(parents=True)
    (inventory / "hospital.yaml").write_text(_HOSPITAL + _profiles() + system)
    everyone = list(scanners(count))
    for start in range(0, count, _PER_FILE):
        some = "".join(scanner.yaml() for scanner in everyone[start : start + _PER_FILE])
        (inventory / "devices" / f"{start // _PER_FILE:04}.yaml").write_text("devices:\n" + some)
    committed(folder)


def committed(folder: Path) -> None:
    """Make a folder with an inventory a git repository that holds it."""
    for command in (
        ["init", "-q"],
        ["config", "user.name", "Bench"],
        ["config", "user.email", "bench@hospital.example"],
        ["add", "inventory"],
        ["commit", "-q", "-m", "Declare the hospital"],
    ):
        subprocess.run(["git", *command], cwd=folder, check=True)


_HOSPITAL = """\
sites:
  main: {name: Main Campus, networks: [10.0.0.0/8], institution_name: Riverside Hospital}
environments:
  bench: {description: What the benchmarks run in}
"""


def _profiles() -> str:
    written = "".join(
        f"  {kind.profile}: {{type: modality, modality: {kind.code}, owner: radiology, probe: none,"
        f" offers: verification, uses: [{kind.sends}]}}\n"
        for kind in KINDS
    )
    return f"profiles:\n{written}"


def of_directory(server: slapd.Slapd) -> str:
    """The inventory's entry of a directory, which its account may write."""
    return f"""\
systems:
  directory:
    type: dicom-directory
    url: {server.url}
    base: "{server.base}"
    mode: write
    bind: {{dn: "{server.pacsconf_dn}", password: "env:{PASSWORD}"}}
"""


def of_orthanc(server: orthanc.Orthanc) -> str:
    """The inventory's entry of an Orthanc, the archive that it is, and the flow that all scanners send to it."""
    return f"""\
devices:
  research:
    type: archive
    offers: [storage, verification]
    ae_title: {server.aet}
    host: 127.0.0.1
    port: {server.dicom_port}
    probe: none
flows:
  images:
    from: {{type: modality}}
    to: {{device: research}}
    services: storage
systems:
  orthanc:
    type: orthanc
    url: {server.url}
    ae: research
    mode: write
    login: {{user: {server.user}, password: "env:{PASSWORD}"}}
"""
