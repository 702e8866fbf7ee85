"""What is odd about a directory as another program left it, from its LDIF and on a real slapd."""

from __future__ import annotations

import subprocess
from collections import Counter
from pathlib import Path

import pytest

from pacsconf.core.errors import BadAnswer
from pacsconf.lab import slapd
from pacsconf.systems._dicom.export import planted
from pacsconf.systems._dicom.oddities import Oddities
from pacsconf.systems._ldap import Entry, ldif
from pacsconf.systems.abilities import Inspectable
from pacsconf.systems.dicom_directory import DicomDirectory, snapshot_of
from pacsconf.systems.ldif import LdifFile

FILE = Path(__file__).parent / "hospital.ldif"
BASE = "cn=DICOM Configuration,dc=example,dc=org"


@pytest.fixture
def export() -> LdifFile:
    made = LdifFile("directory", FILE)
    made.read()
    return made


def odd(text: str) -> list[tuple[str, str]]:
    """Rules and addresses of what is odd about entries below cn=Devices."""
    found = ldif.parse(text.encode(), "x.ldif")
    assert found.findings == ()
    return [(each.rule, str(each.about)) for each in Oddities(planted("d", found.entries)).findings()]


def device(name: str, *more: str) -> str:
    head = f"dn: dicomDeviceName={name},cn=Devices,{BASE}\nobjectClass: dicomDevice\ndicomDeviceName: {name}"
    return "\n\n".join([f"{head}\ndicomInstalled: TRUE", *(each.replace("DEVICE", name) for each in more)])


def connection(*lines: str) -> str:
    dn = f"dn: cn=dicom,dicomDeviceName=DEVICE,cn=Devices,{BASE}"
    return "\n".join([dn, "objectClass: dicomNetworkConnection", "cn: dicom", *lines])


def entity(title: str) -> str:
    dn = f"dicomDeviceName=DEVICE,cn=Devices,{BASE}"
    return (
        f"dn: dicomAETitle={title},{dn}\nobjectClass: dicomNetworkAE\ndicomAETitle: {title}\n"
        f"dicomNetworkConnectionReference: cn=dicom,{dn}\ndcmShareTransferCapabilitiesFromAETitle: X"
    )


# --- the whole hospital ----------------------------------------------------------------------------------------


def test_everything_odd_is_found_worst_first(export: LdifFile):
    assert export.findings == ()
    assert [(each.rule, each.severity, str(each.about)) for each in export.oddities()] == [
        ("DIR-CIPHER", "error", "directory/network-connection/archive/10.20.0.5:2762"),
        ("DIR-PORT", "error", "directory/network-connection/ct-1/dicom"),
        ("DIR-REFERENCE", "error", "directory/network-ae/ct-2/ARCHIVE"),
        ("DIR-REFERENCE", "error", "directory/network-ae/ct-2/A_TITLE_MUCH_TOO_LONG"),
        ("DIR-REFERENCE", "error", "directory/network-ae/ct-2/CT,TWO"),
        ("DIR-ROLE", "error", "directory/transfer-capability/ct-1/archive/store"),
        ("DIR-TITLE", "error", "directory/network-ae/ct-2/A_TITLE_MUCH_TOO_LONG"),
        ("DIR-TITLE-TWICE", "error", "directory/network-ae/ct-2/ARCHIVE"),
        ("DIR-UID", "error", "directory/transfer-capability/ct-1/archive/store"),
        ("DIR-HOST", "warning", "directory/network-connection/ct-1/dicom"),
        ("DIR-REFERENCE-OTHER", "warning", "directory/network-ae/ct-1/archive"),
        ("DIR-SECRET", "warning", "directory/device/archive"),
        ("DIR-TITLE-CASE", "warning", "directory/network-ae/ct-1/archive"),
        ("DIR-TITLE-CHARACTERS", "warning", "directory/network-ae/ct-2/CT,TWO"),
        ("DIR-TITLE-UNRESERVED", "warning", "directory/network-ae/ct-1/archive"),
        ("DIR-TITLE-UNRESERVED", "warning", "directory/network-ae/ct-2/A_TITLE_MUCH_TOO_LONG"),
        ("DIR-TITLE-UNRESERVED", "warning", "directory/network-ae/ct-2/CT,TWO"),
        ("DIR-AE-EMPTY", "info", "directory/network-ae/ct-2/ARCHIVE"),
        ("DIR-AE-EMPTY", "info", "directory/network-ae/ct-2/A_TITLE_MUCH_TOO_LONG"),
        ("DIR-AE-EMPTY", "info", "directory/network-ae/ct-2/CT,TWO"),
        ("DIR-CLASS", "info", "directory/device/archive"),
        ("DIR-CLASS", "info", "directory/device/archive"),
        ("DIR-DEVICE-EMPTY", "info", "directory/device/keycloak"),
        ("DIR-NAME-PARTS", "info", "directory/network-connection/archive/10.20.0.5:2762"),
        (
            "DIR-NAME-PARTS",
            "info",
            "directory/transfer-capability/archive/ARCHIVE/1.2.840.10008.1.1:scp",
        ),
        ("DIR-TITLE-UNUSED", "info", "directory/unique-ae-title/GONE"),
    ]


def test_classes_of_others_are_counted(export: LdifFile):
    assert [each.summary for each in export.oddities() if each.rule == "DIR-CLASS"] == [
        "1 entry is of class dcmAttributeSet, which is not in the standard",
        "2 entries are of class dcmStudyRetentionPolicy, which is not in the standard",
    ]


def test_an_entry_of_the_standard_in_the_wrong_place_is_told_as_that():
    lost = f"dn: dicomAETitle=LOST,cn=Devices,{BASE}\nobjectClass: dicomNetworkAE\ndicomAETitle: LOST"
    found = ldif.parse(lost.encode(), "x.ldif")
    said = [each.summary for each in Oddities(planted("d", found.entries)).findings()]
    assert "1 entry is of class dicomNetworkAE, which does not stand where such do" in said


def test_of_secrets_the_name_is_told_and_never_the_value(export: LdifFile):
    (finding,) = [each for each in export.oddities() if each.rule == "DIR-SECRET"]
    assert finding.summary == "dcmKeyStorePin of 1 entry can be read by this account"
    assert "not-shown" not in repr((export.read(), export.oddities(), export.unseen()))


def test_what_was_not_seen_is_told(export: LdifFile):
    assert export.unseen() == (
        "3 references lead to what is not shown: it is not there, or this account may not see it.",
        (
            "Secrets are never read, and no inventory holds one: dcmKeyStorePin (1 entry). If this directory were"
            " lost, each would have to be set again."
        ),
        "Who changed what last, and when, is not told.",
    )


def test_a_hospital_without_faults_has_nothing_odd():
    whole = device("ct-1", connection("dicomHostname: 10.0.0.1", "dicomPort: 104"), entity("CT_1"))
    assert odd(whole) == []


# --- single values ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "rules"),
    [
        ("dicomPort: 1", []),
        ("dicomPort: 65535", []),
        ("dicomPort: 65536", ["DIR-PORT"]),
        ("dicomPort: 0", ["DIR-PORT"]),
        ("dicomPort: -104", ["DIR-PORT"]),
        ("dicomHostname: localhost", ["DIR-HOST"]),
        ("dicomHostname: a b", ["DIR-HOST"]),
        ("dicomHostname: fe80::1", []),
        ("dicomTLSCipherSuite: TLS_AES_128_GCM_SHA256", []),
        ("dicomTLSCipherSuite: TLS_SHA256_SHA256", ["DIR-CIPHER"]),
    ],
)
def test_values_of_a_connection(line: str, rules: list[str]):
    assert [rule for rule, _ in odd(device("ct-1", connection(line), entity("CT_1")))] == rules


def test_a_title_of_everybody_is_neither_reserved_nor_unique():
    registry = f"dn: cn=Unique AE Titles Registry,{BASE}\nobjectClass: dicomUniqueAETitlesRegistryRoot"
    text = "\n\n".join([registry, *(device(name, connection(), entity("*")) for name in ("a", "b"))])
    assert odd(text) == []


# --- from entries to a snapshot --------------------------------------------------------------------------------


def test_an_export_gives_what_the_directory_gives(tmp_path: Path):
    """The same entries in a real slapd and in a file come to the same resources."""
    folder = tmp_path / "slapd"
    options = slapd.Options(base="dc=example,dc=org", tls=False)
    with slapd.started(folder, options) as server:
        # slapd itself refuses a UID in which a number has a leading zero, and trailing faults are not the point
        text = FILE.read_text().replace("5.01.4", "5.1.4").partition("version: 1\n")[2]
        _load(server, text)
        live = _opened(server)
        try:
            resources = {each.address: each for each in live.read().resources}
            rules = Counter(each.rule for each in live.oddities())
        finally:
            live.close()
    export = tmp_path / "export.ldif"
    export.write_text(text)
    read = LdifFile("directory", export)
    held = {each.address: each for each in read.read().resources}
    assert {address: each.fields() for address, each in held.items()} == {
        address: each.fields() for address, each in resources.items()
    }
    assert Counter(each.rule for each in read.oddities()) == rules


def _load(server: slapd.Slapd, text: str) -> None:
    command = ["ldapadd", "-x", "-H", server.url, "-D", server.admin_dn, "-y", str(server.password_file)]
    done = subprocess.run(command, input=text, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def _opened(server: slapd.Slapd) -> DicomDirectory:
    from pacsconf.core.secret import Secret
    from pacsconf.inventory.systems import Bind, DirectoryConfig

    bind = Bind(dn=server.pacsconf_dn, password="env:LDAP")
    config = DirectoryConfig(name="directory", type="dicom-directory", url=server.url, bind=bind, timeout=5)
    return DicomDirectory("directory", config, lambda *_: Secret(server.password))


def test_a_part_of_an_export_has_the_containers_that_stand_above_it():
    text = f"dn: dicomDeviceName=ct-1,cn=Devices,{BASE}\nobjectClass: dicomDevice\ndicomInstalled: TRUE\n"
    found = ldif.parse(text.encode(), "x.ldif")
    assert [str(each.address) for each in snapshot_of("d", found.entries).resources] == [
        "d/container/configuration",
        "d/container/devices",
        "d/device/ct-1",
    ]


def test_names_of_attributes_are_spelled_as_in_the_file(export: LdifFile):
    archive = next(each for each in export.read().resources if str(each.address).endswith("device/archive"))
    assert archive.fields()["extra.dcmTimeZoneOfDevice"] == ("Europe/Berlin",)
    assert archive.fields()["extra.dcmKeyStoreURL"] == ("${jboss.server.config.url}/keystores/key.p12",)
    assert archive.fields()["manufacturer"] == "Gerz über"


def test_an_empty_name_is_nobody():
    text = f"dn: dicomDeviceName=,cn=Devices,{BASE}\nobjectClass: dicomDevice\n"
    entries = ldif.parse(text.encode(), "x.ldif").entries
    assert [str(each.address) for each in snapshot_of("d", entries).resources] == [
        "d/container/configuration",
        "d/container/devices",
    ]


def test_two_entries_of_one_name_are_refused():
    entry = ldif.parse(device("ct-1").encode(), "x.ldif").entries[0]
    with pytest.raises(BadAnswer, match="are both d/device/ct-1"):
        snapshot_of("d", [entry, entry])


def test_a_name_that_is_none_is_refused():
    with pytest.raises(BadAnswer, match='"oops", which is no name'):
        snapshot_of("d", [Entry("oops", {})])


def test_what_does_not_belong_to_the_configuration_is_left_out(tmp_path: Path):
    people = "dn: uid=a,dc=example,dc=org\nobjectClass: person\nuserPassword: secret\n\n"
    path = tmp_path / "x.ldif"
    path.write_text(people + device("ct-1", connection("dicomHostname: 10.0.0.1"), entity("CT_1")))
    export = LdifFile("d", path)
    export.read()
    assert export.oddities() == ()


def test_a_value_that_cannot_be_is_shown_as_it_is():
    text = f"dn: dicomDeviceName=ct-1,cn=Devices,{BASE}\nobjectClass: dicomDevice\ndicomInstalled: yes\n"
    states = snapshot_of("d", ldif.parse(text.encode(), "x.ldif").entries).states()
    assert {"installed": "yes"} in [state.fields for state in states.values()]


def test_in_a_file_every_value_that_cannot_be_has_its_line_and_the_rest_is_read(tmp_path: Path):
    path = tmp_path / "x.ldif"
    path.write_text(
        f"dn: dicomDeviceName=ct-1,cn=Devices,{BASE}\nobjectClass: dicomDevice\ndicomInstalled: yes\n"
        "dicomManufacturer: A\ndicomManufacturer: B\ndicomStationName: CT\n\n"
        f"dn: cn=dicom,dicomDeviceName=ct-1,cn=Devices,{BASE}\nobjectClass: dicomNetworkConnection\n"
        "dicomHostname: a\ndicomPort: none\n"
    )
    export = LdifFile("d", path)
    resources = {str(each.address): each.fields() for each in export.read().resources}
    assert resources["d/device/ct-1"] == {"station_name": "CT"}
    assert resources["d/network-connection/ct-1/dicom"] == {"host": "a"}
    assert [(each.rule, each.place.line) for each in export.findings if each.place] == [
        ("LDIF-VALUE", 1),
        ("LDIF-VALUE", 1),
        ("LDIF-VALUE", 8),
    ]
    assert (
        export.findings[1].summary
        == "A value of this entry was left out: dicomInstalled is neither TRUE nor FALSE"
    )


def test_a_file_whose_last_line_does_not_end_may_have_been_cut(tmp_path: Path):
    path = tmp_path / "half.ldif"
    path.write_text(FILE.read_text()[:1900].rstrip())
    export = LdifFile("directory", path)
    export.read()
    assert export.unseen()[0] == (
        "The last line of the file does not end: what followed it may be missing. Was it copied whole?"
    )


def test_a_file_without_a_configuration_says_so(tmp_path: Path):
    path = tmp_path / "people.ldif"
    path.write_text("dn: ou=people,dc=example,dc=org\nobjectClass: organizationalUnit\nou: people\n")
    export = LdifFile("directory", path)
    assert export.read().resources == ()
    assert export.oddities() == ()
    assert export.unseen() == ("The file holds no cn=DICOM Configuration, nor anything below one.",)


GAP = (
    "dicomInstalled is missing on 1 entry, where the standard requires it: this account may not read it, "
    "or nobody wrote it."
)

# --- what an account sees of a real slapd ----------------------------------------------------------------------


def test_a_directory_can_be_inspected(directory, hands, steps):
    steps.bring(directory(), steps.hospital(steps.ct()))
    system = directory()
    system.read()
    assert isinstance(system, Inspectable)
    assert (system.oddities(), system.unseen()) == ((), ())


def test_an_anonymous_caller_that_sees_half_is_told_so(tmp_path: Path, opener, steps):
    """An access list that hides connections, the registry and one attribute from strangers."""
    hidden = f'by dn.exact="cn=pacsconf,{slapd.BASE}" write by * none'
    shown = f'by dn.exact="cn=pacsconf,{slapd.BASE}" write by * read'
    access = (
        f"access to filter=(objectClass=dicomNetworkConnection) {hidden}",
        f'access to dn.subtree="cn=Unique AE Titles Registry,cn=DICOM Configuration,{slapd.BASE}" {hidden}',
        f"access to attrs=dicomInstalled,modifyTimestamp {hidden}",
        f"access to * {shown}",
    )
    with slapd.started(tmp_path / "half", slapd.Options(tls=False, access=access)) as server:
        steps.bring(opener(server), steps.hospital(steps.ct()))
        stranger = opener(server, bind=None)
        stranger.read()
        assert stranger.unseen() == (
            "Nobody signed in (--bind-dn): entries and attributes that need an account are missing here.",
            "The registry of AE titles is not shown, so reservations were not compared with titles in use.",
            GAP,
            "1 reference leads to what is not shown: it is not there, or this account may not see it.",
            "Who changed what last, and when, is not told.",
        )
        assert [each.rule for each in stranger.oddities()] == ["DIR-REFERENCE", "DIR-ANONYMOUS"]


def test_entries_below_one_that_is_hidden_are_counted(tmp_path: Path, opener, steps):
    admin = f'by dn.exact="cn=pacsconf,{slapd.BASE}" write by * '
    device = f"dicomDeviceName=ct-1,cn=Devices,cn=DICOM Configuration,{slapd.BASE}"
    access = (f'access to dn.base="{device}" attrs=entry {admin}search', f"access to * {admin}read")
    with slapd.started(tmp_path / "half", slapd.Options(tls=False, access=access)) as server:
        steps.bring(opener(server), steps.hospital(steps.ct()))
        stranger = opener(server, bind=None)
        stranger.read()
        assert (
            "The entry above 2 entries is not shown, so it cannot be told what they belong to."
            in stranger.unseen()
        )


def test_a_directory_of_which_nothing_is_shown_looks_empty_and_says_why(server, opener):
    stranger = opener(server, bind=None, base=None)
    assert stranger.read().resources == ()
    assert stranger.oddities() == ()
    assert stranger.unseen() == (
        "There is no DICOM configuration, or this account may not see it: a directory answers both alike.",
        "Nobody signed in (--bind-dn): entries and attributes that need an account are missing here.",
    )
