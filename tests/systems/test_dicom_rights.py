"""What an account may do, told by a real slapd without anything being changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from pacsconf.core.errors import Refused, Unavailable
from pacsconf.inventory.systems import Bind
from pacsconf.lab import slapd
from pacsconf.systems.abilities import RightsKnown

ROOT = f"cn=DICOM Configuration,{slapd.BASE}"
DEVICES = f"cn=Devices,{ROOT}"
WRITER, READER = f"cn=pacsconf,{slapd.BASE}", f"cn=viewer,{slapd.BASE}"
WRITING = [
    "change devices",
    "change connections",
    "change AEs",
    "change capabilities",
    "add and delete devices",
    "add and delete AEs",
    "reserve and release AE titles",
]


def told(system) -> dict[str, str]:
    return {right.name: right.verdict for right in system.rights()}


def why(system, name: str) -> str:
    return next(right.detail for right in system.rights() if right.name == name)


Shut = Callable[..., object]


@pytest.fixture
def shut(tmp_path, opener, steps) -> Iterator[Shut]:
    """A directory of our own with a scanner in it, and these access rules and limits."""
    with _servers(tmp_path, steps) as start:
        yield lambda *access, who=WRITER, limits=(): opener(
            start(access, limits), bind=Bind(dn=who, password="env:LDAP")
        )


@contextmanager
def _servers(tmp_path, steps):
    running = []

    def start(access, limits):
        options = slapd.Options(tls=False, tree=True, access=access, limits=limits)
        server = slapd.start(tmp_path / f"slapd-{len(running)}", options)
        running.append(server)
        hands = steps.Hands(server)
        device = f"dicomDeviceName=ct-1,{DEVICES}"
        connection = f"cn=dicom,{device}"
        entity = f"dicomAETitle=CT_1,{device}"
        hands.add(device, "dicomDevice", dicomInstalled="TRUE", dicomManufacturer="SIEMENS")
        hands.add(connection, "dicomNetworkConnection", cn="dicom", dicomHostname="10.0.0.1")
        hands.add(
            entity,
            "dicomNetworkAE",
            dicomAssociationInitiator="TRUE",
            dicomAssociationAcceptor="FALSE",
            dicomNetworkConnectionReference=connection,
        )
        hands.add(
            f"cn=ct,{entity}",
            "dicomTransferCapability",
            cn="ct",
            dicomSOPClass="1.2.840.10008.5.1.4.1.1.2",
            dicomTransferRole="SCU",
            dicomTransferSyntax="1.2.840.10008.1.2",
        )
        hands.add(f"dicomAETitle=CT_1,{steps.titles}", "dicomUniqueAETitle")
        hands.conn.unbind()
        return server

    try:
        yield start
    finally:
        for server in running:
            server.stop()


def test_a_directory_knows_rights(directory):
    assert isinstance(directory(), RightsKnown)


def test_an_account_that_may_write_has_them_all(directory, steps, hands):
    steps.bring(directory(), steps.hospital(steps.ct()))
    before = entries(hands, steps)
    assert told(directory()) == {
        "sign in": "yes",
        "read the schema": "yes",
        "read the DICOM configuration": "yes",
        "read all that is there": "yes",
        "see who changed what": "yes",
        **dict.fromkeys(WRITING, "yes"),
    }
    assert entries(hands, steps) == before, "nothing was changed, not even who changed it last"


def test_an_account_that_may_only_read_is_told_so(directory, steps, server, hands):
    steps.bring(directory(), steps.hospital(steps.ct()))
    before = entries(hands, steps)
    system = directory(bind=Bind(dn=server.viewer_dn, password="env:LDAP"))
    verdicts = told(system)
    assert {name: verdicts[name] for name in WRITING} == dict.fromkeys(WRITING, "no")
    assert {verdict for name, verdict in verdicts.items() if name not in WRITING} == {"yes"}
    assert why(system, "change devices") == (
        "the account that pacsconf uses may not do this; "
        f'grant (slapd): access to dn.subtree="{ROOT}" by ACCOUNT write'
    )
    assert entries(hands, steps) == before


def entries(hands, steps):
    hands.conn.search(steps.root, "(objectClass=*)", attributes=["*", "+"])
    return {each["dn"]: each["raw_attributes"] for each in hands.conn.response}


def test_in_an_empty_directory_what_cannot_be_tried_is_unknown(directory, hands, steps):
    verdicts = told(directory())
    assert verdicts["read the DICOM configuration"] == "unknown"
    assert verdicts["make the DICOM configuration"] == "unknown"
    assert "grant write access to all below cn=DICOM Configuration," in why(
        directory(), "make the DICOM configuration"
    )


def test_writing_attributes_alone_is_not_adding_and_deleting(shut):
    system = shut(
        f'access to dn.subtree="{ROOT}" attrs=children,entry by * read',
        f'access to dn.subtree="{ROOT}" by dn.exact="{WRITER}" write by * read',
        "access to * by * read",
    )
    verdicts = told(system)
    assert (verdicts["change devices"], verdicts["add and delete devices"]) == ("yes", "no")
    assert verdicts["reserve and release AE titles"] == "no"


def test_adding_without_deleting_is_not_enough(shut):
    system = shut(f'access to dn.subtree="{ROOT}" by dn.exact="{WRITER}" =aw', "access to * by * read")
    assert told(system)["read the DICOM configuration"] != "yes"
    system = shut(f'access to dn.subtree="{ROOT}" by dn.exact="{WRITER}" =arscxd', "access to * by * read")
    assert told(system)["add and delete devices"] == "no"


def test_what_is_hidden_below_an_entry_is_given_away_by_it(shut):
    system = shut(
        f'access to dn.regex="^cn=[^,]+,dicomDeviceName=[^,]+,{DEVICES}$" by * none',
        f'access to dn.regex="^dicomAETitle=[^,]+,dicomDeviceName=[^,]+,{DEVICES}$" by * none',
        "access to * by * read",
    )
    assert told(system)["read all that is there"] == "no"
    assert "what stands below dicomDeviceName=ct-1 is hidden" in why(system, "read all that is there")


def test_a_schema_and_history_that_are_hidden_are_named(shut):
    system = shut("access to attrs=modifiersName,entryCSN by * none", "access to * by * read")
    assert told(system)["see who changed what"] == "no"
    assert why(system, "see who changed what").startswith("entryCSN, modifiersName not shown")


def test_an_account_that_sees_nothing_is_told_that_it_may_be_so(shut):
    verdicts = told(shut("access to * by * none"))
    assert verdicts["sign in"] == "yes"
    assert verdicts["read the DICOM configuration"] == "no"


def test_a_size_limit_is_met(shut):
    system = shut("access to * by * read", who=READER, limits=(f'dn.exact="{READER}" size=3 size.prtotal=3',))
    assert told(system)["read the DICOM configuration"] == "no"
    assert "size limit" in why(system, "read the DICOM configuration")


def test_an_account_that_is_not_let_in_is_refused(directory, opener, server):
    with pytest.raises(Refused, match="does not let cn=pacsconf"):
        list(opener(server, password="wrong").rights())


def test_a_directory_that_is_down_is_unavailable(directory):
    with pytest.raises(Unavailable):
        list(directory(url="ldap://127.0.0.1:1").rights())
