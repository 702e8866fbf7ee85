"""The DICOM directory on a real slapd: what the contract suite does not say."""

from __future__ import annotations

import re
import select
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from pacsconf.core.change import Change
from pacsconf.core.errors import BadAnswer, Refused
from pacsconf.inventory.model import Connection
from pacsconf.inventory.systems import Bind
from pacsconf.lab import slapd
from tests.older_schemas import printing_of_2008


def texts(entry, attribute):
    return sorted(value.decode() for value in entry.get(attribute, []))


def fields(system, kind, *parts):
    return next(
        each.fields()
        for each in system.read().resources
        if (each.address.kind, each.address.parts) == (kind, parts)
    )


# --- what is written ----------------------------------------------------------------------------------------


def test_a_device_looks_in_ldap_as_the_standard_has_it(directory, hands, steps):
    steps.bring(
        directory(), steps.hospital(steps.ct("CT-1", manufacturer="ACME, Ltd. <x>", description='a "b" + c'))
    )
    device = f"dicomDeviceName=CT-1,{steps.devices}"
    assert hands.entry(device) == {
        "objectClass": [b"dicomDevice"],
        "dicomDeviceName": [b"CT-1"],
        "dicomInstalled": [b"TRUE"],
        "dicomManufacturer": [b"ACME, Ltd. <x>"],
        "dicomDescription": [b'a "b" + c'],
        "dicomPrimaryDeviceType": [b"CT"],
    }
    assert hands.entry(f"cn=dicom,{device}") == {
        "objectClass": [b"dicomNetworkConnection"],
        "cn": [b"dicom"],
        "dicomHostname": [b"10.20.4.17"],
        "dicomPort": [b"104"],
    }
    assert hands.entry(f"dicomAETitle=CT_1,{device}") == {
        "objectClass": [b"dicomNetworkAE"],
        "dicomAETitle": [b"CT_1"],
        "dicomNetworkConnectionReference": [f"cn=dicom,{device}".encode()],
        "dicomAssociationInitiator": [b"TRUE"],
        "dicomAssociationAcceptor": [b"FALSE"],
    }
    capability = hands.entry(f"cn=ct,dicomAETitle=CT_1,{device}")
    assert texts(capability, "dicomTransferSyntax") == ["1.2.840.10008.1.2", "1.2.840.10008.1.2.1"]
    assert hands.entry(f"dicomAETitle=CT_1,{steps.titles}") is not None


@pytest.mark.parametrize("title", ["A,B", "A+B", "#1", "A=B<C>;", 'A"B', "A B", "*X(1)"])
def test_a_title_with_characters_that_ldap_escapes_is_written_and_read(directory, steps, title):
    inventory = steps.hospital(steps.ct(title=title))
    steps.bring(directory(), inventory)
    assert steps.plan(directory(), inventory) == ()


def test_titles_are_reserved_first_and_released_last(directory, steps):
    created = [outcome.address.kind for outcome in steps.bring(directory(), steps.hospital(steps.ct()))]
    assert created.index("unique-ae-title") < created.index("network-ae")
    deleted = [outcome.address.kind for outcome in steps.bring(directory(), steps.hospital())]
    assert deleted.index("network-ae") < deleted.index("unique-ae-title")


def test_a_title_that_somebody_else_reserved_meanwhile_is_not_taken(directory, hands, steps):
    system = directory()
    cut = steps.plan(system, steps.hospital(steps.ct()))
    hands.add(steps.root, "dicomConfigurationRoot", cn="DICOM Configuration")
    hands.add(steps.titles, "dicomUniqueAETitlesRegistryRoot", cn="Unique AE Titles Registry")
    hands.add(f"dicomAETitle=CT_1,{steps.titles}", "dicomUniqueAETitle", dicomAETitle="CT_1")
    failed = {
        outcome.address.kind: outcome.error
        for outcome in steps.apply(system, cut)
        if outcome.status == "failed"
    }
    assert failed["unique-ae-title"] == (
        f"the title was reserved by cn=admin,{slapd.BASE} since the plan was made. Choose another title."
    )


def test_a_device_renamed_by_case_only_is_the_same(directory, hands, steps):
    steps.bring(directory(), steps.hospital(steps.ct("ct-1")))
    assert steps.plan(directory(), steps.hospital(steps.ct("CT-1"))) == ()


def test_only_members_that_differ_are_written(directory, hands, steps, server):
    steps.bring(directory(), steps.hospital(steps.ct(software_versions=("1", "2"))))
    steps.bring(directory(), steps.hospital(steps.ct(software_versions=("2", "3"))))
    assert modifications(hands, server)[-1] == [
        "dicomSoftwareVersion:- 1",
        "dicomSoftwareVersion:+ 3",
    ]


def modifications(hands, server):
    """What the server's own log says was written, without what it adds itself."""
    hands.conn.search(server.accesslog, "(objectClass=auditModify)", attributes=["reqMod", "reqStart"])
    found = sorted(hands.conn.response, key=lambda entry: entry["raw_attributes"]["reqStart"])
    own = re.compile("entryCSN|modif")
    return [
        [
            mod
            for each in entry["raw_attributes"]["reqMod"]
            if not own.match(mod := each.decode(errors="replace"))
        ]
        for entry in found
    ]


# --- what is not ours ---------------------------------------------------------------------------------------


def test_an_extra_attribute_brings_the_auxiliary_class_that_allows_it(directory, hands, steps):
    device = f"dicomDeviceName=ct-1,{steps.devices}"
    steps.bring(directory(), steps.hospital(steps.ct()))
    inventory = steps.hospital(steps.ct(extra={"dcmTimeZoneOfDevice": ("Europe/Berlin",)}))
    steps.bring(directory(), inventory)
    assert texts(hands.entry(device), "objectClass") == ["dcmDevice", "dicomDevice"]
    assert texts(hands.entry(device), "dcmTimeZoneOfDevice") == ["Europe/Berlin"]
    assert steps.plan(directory(), inventory) == ()


def test_an_extra_attribute_is_taken_away_by_an_empty_list_and_left_when_it_is_not_named(
    directory, hands, steps
):
    device = f"dicomDeviceName=ct-1,{steps.devices}"
    steps.bring(directory(), steps.hospital(steps.ct(extra={"dcmTimeZoneOfDevice": ("Europe/Berlin",)})))
    assert steps.plan(directory(), steps.hospital(steps.ct())) == ()
    steps.bring(directory(), steps.hospital(steps.ct(extra={"dcmTimeZoneOfDevice": ()})))
    assert "dcmTimeZoneOfDevice" not in hands.entry(device)


def test_a_device_with_extra_attributes_of_ours_can_be_deleted(directory, hands, steps):
    steps.bring(directory(), steps.hospital(steps.ct(extra={"dcmTimeZoneOfDevice": ("Europe/Berlin",)})))
    system = directory()
    cut = steps.plan(system, steps.hospital())
    assert system.check([each for layer in cut for each in layer]) == ()
    assert {outcome.status for outcome in steps.apply(system, cut)} == {"applied"}


def test_vendor_data_is_written_where_it_is_declared_and_else_left_alone(directory, hands, steps):
    device = f"dicomDeviceName=ct-1,{steps.devices}"
    steps.bring(directory(), steps.hospital(steps.ct(vendor_data=("AP8=",))))
    assert hands.entry(device)["dicomVendorData"] == [b"\x00\xff"]
    assert steps.plan(directory(), steps.hospital(steps.ct(vendor_data=("AP8=",)))) == ()
    steps.bring(directory(), steps.hospital(steps.ct(vendor_data=("AAA=",))))
    assert hands.entry(device)["dicomVendorData"] == [b"\x00\x00"]
    assert steps.plan(directory(), steps.hospital(steps.ct())) == ()


def test_deleting_names_the_children_attributes_and_classes_that_are_not_ours(directory, hands, steps):
    device = f"dicomDeviceName=ct-1,{steps.devices}"
    steps.bring(directory(), steps.hospital(steps.ct()))
    hands.add(f"cn=keep,{device}", "dcmStudyRetentionPolicy", cn="keep", dcmRetentionPeriod="P10Y")
    hands.modify(device, objectClass=["dicomDevice", "dcmDevice"], dcmKeyStorePin="changeit")
    system = directory()
    cut = steps.plan(system, steps.hospital())
    assert [finding.summary for finding in system.check([each for layer in cut for each in layer])] == [
        (
            "directory/device/ct-1 cannot be deleted: entries that pacsconf never wrote stand below it: "
            "cn=keep (dcmStudyRetentionPolicy)"
        ),
        (
            "directory/device/ct-1 cannot be deleted: it holds what pacsconf never wrote: "
            "dcmKeyStorePin, object class dcmDevice"
        ),
    ]
    failed = [(o.address.kind, o.error) for o in steps.apply(system, cut) if o.status == "failed"]
    assert failed[0] == (
        "device",
        "it holds what pacsconf never wrote: dcmKeyStorePin, object class dcmDevice. Nothing was written.",
    )


def test_a_child_made_since_the_read_keeps_its_parent(directory, hands, steps):
    device = f"dicomDeviceName=ct-1,{steps.devices}"
    steps.bring(directory(), steps.hospital(steps.ct()))
    system = directory()
    cut = steps.plan(system, steps.hospital())
    hands.add(f"cn=keep,{device}", "dcmStudyRetentionPolicy", cn="keep", dcmRetentionPeriod="P10Y")
    failed = [o.error for o in steps.apply(system, cut) if o.address.kind == "device"]
    assert failed == [
        "the entry still has entries below it (subordinate objects must be deleted first): cn=keep"
    ]


def test_an_edit_of_another_attribute_meanwhile_does_not_stop_a_change(directory, hands, steps):
    device = f"dicomDeviceName=ct-1,{steps.devices}"
    steps.bring(directory(), steps.hospital(steps.ct()))
    system = directory()
    cut = steps.plan(system, steps.hospital(steps.ct(manufacturer="ACME")))
    hands.modify(device, dicomDescription="by hand")
    assert [outcome.status for outcome in steps.apply(system, cut)] == ["applied"]
    assert texts(hands.entry(device), "dicomDescription") == ["by hand"]


def test_a_member_added_to_a_set_meanwhile_is_a_conflict(directory, hands, steps):
    device = f"dicomDeviceName=ct-1,{steps.devices}"
    steps.bring(directory(), steps.hospital(steps.ct(software_versions=("1",))))
    system = directory()
    cut = steps.plan(system, steps.hospital(steps.ct(software_versions=("1", "2"))))
    hands.modify(device, dicomSoftwareVersion=["1", "9"])
    (outcome,) = steps.apply(system, cut)
    assert outcome.status == "failed"
    assert outcome.error == (
        "somebody else changed it: software_versions is {1, 9} where {1} was read. Nothing was written; plan again."
    )
    assert texts(hands.entry(device), "dicomSoftwareVersion") == ["1", "9"]


# --- what is read -------------------------------------------------------------------------------------------


def test_foreign_forms_of_names_and_values_are_read_as_ours(directory, hands, steps):
    steps.bring(directory(), steps.hospital())
    device = f"dicomDeviceName=MR-9,{steps.devices}"
    conn = f"dicomHostname=MR9.Example.ORG+dicomPort=104,{device}"
    hands.add(device, "dicomDevice", dicomDeviceName="MR-9", dicomInstalled="TRUE")
    hands.add(conn, "dicomNetworkConnection", dicomHostname="MR9.Example.ORG", dicomPort="104")
    references = [f"dicomPort=104 + dicomHostname=mr9.example.org, {device.upper()}", "cn=elsewhere,dc=other"]
    hands.add(
        f"dicomAETitle=MR9,{device}",
        "dicomNetworkAE",
        dicomAETitle="MR9",
        dicomNetworkConnectionReference=references,
        dicomAssociationInitiator="TRUE",
        dicomAssociationAcceptor="TRUE",
    )
    uid = "1.2.840.10008.1.1"
    hands.add(
        f"dicomSOPClass={uid}+dicomTransferRole=scu,dicomAETitle=MR9,{device}",
        "dicomTransferCapability",
        dicomSOPClass=uid,
        dicomTransferRole="scu",
        dicomTransferSyntax="1.2.840.10008.1.2",
    )
    system = directory()
    assert fields(system, "network-connection", "mr-9", "mr9.example.org:104") == {
        "host": "mr9.example.org",
        "port": 104,
    }
    assert fields(system, "network-ae", "mr-9", "MR9")["connections"] == (
        "cn=elsewhere,dc=other",
        "mr9.example.org:104",
    )
    assert fields(system, "transfer-capability", "mr-9", "MR9", f"{uid}:scu")["role"] == "SCU"


def test_who_wrote_and_when_is_noted(directory, server, hands, steps):
    steps.bring(directory(), steps.hospital(steps.ct()))
    colleague = steps.Hands(server, server.colleague_dn)
    colleague.modify(f"cn=dicom,dicomDeviceName=ct-1,{steps.devices}", dicomPort="11112")
    colleague.conn.unbind()
    snapshot = directory().read()
    notes = {address.kind: text for address, text in snapshot.notes.items()}
    assert re.fullmatch(r"by cn=jdoe, \d\d \w{3} \d{4} \d\d:\d\d UTC", notes["network-connection"])
    assert notes["device"].startswith("by cn=pacsconf, ")
    assert snapshot.changed.keys() == snapshot.notes.keys()
    assert all(datetime.now(UTC) - when < timedelta(minutes=5) for when in snapshot.changed.values())


def test_secrets_of_others_never_come_in(directory, hands, steps):
    steps.bring(directory(), steps.hospital(steps.ct()))
    device = f"dicomDeviceName=ct-1,{steps.devices}"
    hands.modify(device, objectClass=["dicomDevice", "dcmDevice"], dcmKeyStorePin="changeit")
    system = directory()
    assert "changeit" not in repr(system.read()) + repr(vars(system)) + repr(system._writer)


def test_more_entries_than_a_page_are_all_read(directory, hands, steps):
    steps.bring(directory(), steps.hospital())
    for number in range(520):
        title = f"T{number}"
        hands.add(f"dicomAETitle={title},{steps.titles}", "dicomUniqueAETitle", dicomAETitle=title)
    titles = [each.address for each in directory().read().resources if each.address.kind == "unique-ae-title"]
    assert len(titles) == 520


def test_an_answer_cut_by_a_size_limit_is_an_error_that_says_what_to_do(directory, server, steps):
    steps.bring(directory(), steps.hospital(steps.ct()))
    limited = directory(bind=Bind(dn=server.colleague_dn, password="env:LDAP"))
    with pytest.raises(BadAnswer) as caught:
        limited.read()
    assert "cut short by the directory's size limit" in caught.value.message
    assert "size=unlimited" in caught.value.fix


def test_a_part_on_another_server_is_an_error(directory, hands, steps):
    steps.bring(directory(), steps.hospital())
    hands.add(
        f"cn=away,{steps.devices}", "referral extensibleObject", cn="away", ref="ldap://127.0.0.1:1/dc=x"
    )
    with pytest.raises(BadAnswer, match="on another server"):
        directory().read()


# --- where the tree is --------------------------------------------------------------------------------------


def test_without_a_base_the_tree_is_found_or_made_under_the_only_suffix(directory, steps):
    steps.bring(directory(base=None), steps.hospital(steps.ct()))
    assert steps.plan(directory(base=None), steps.hospital(steps.ct())) == ()
    assert steps.plan(directory(), steps.hospital(steps.ct())) == ()


def test_two_configurations_ask_for_a_base(directory, hands, steps):
    steps.bring(directory(), steps.hospital())
    unit = f"ou=other,{slapd.BASE}"
    hands.clear(unit)
    hands.add(unit, "organizationalUnit", ou="other")
    hands.add(f"cn=DICOM Configuration,{unit}", "dicomConfigurationRoot", cn="DICOM Configuration")
    with pytest.raises(BadAnswer) as caught:
        directory(base=None).read()
    hands.clear(unit)
    assert "2 DICOM configurations" in caught.value.message
    assert "set `base`" in caught.value.fix


def test_a_base_that_is_not_there_is_refused(directory):
    with pytest.raises(Refused, match="there is no such entry"):
        directory(base="dc=nowhere").read()


# --- what the server cannot take ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def strict(tmp_path_factory):
    """A directory with a schema of 2008, in which our account may only read entries of devices."""
    folder = tmp_path_factory.mktemp("strict")
    base = slapd.BASE
    writer = f'by dn.exact="cn=pacsconf,{base}"'
    access = [
        f'access to dn.subtree="cn=Unique AE Titles Registry,cn=DICOM Configuration,{base}" {writer} read',
        f"access to * {writer} write by users read",
    ]
    options = slapd.Options(tls=False, tree=True, schemas=printing_of_2008(folder), access=access)
    with slapd.started(folder / "slapd", options) as server:
        yield server


def test_what_the_schema_lacks_is_said_before_anything_is_written(opener, strict, steps):
    system = opener(strict)
    wanted = steps.ct(
        device_uid="1.2.3.4", accession_number_issuer="RIS", extra={"dcmTimeZoneOfDevice": ("UTC",)}
    )
    cut = steps.plan(system, steps.hospital(wanted))
    findings = system.check([each for layer in cut for each in layer])
    assert [(finding.rule, finding.severity) for finding in findings] == [("DIR-SCHEMA", "error")] * 3
    assert [finding.summary for finding in findings] == [
        "The directory knows no attribute dcmTimeZoneOfDevice",
        *(
            f"The directory's schema lacks the attribute {name}, needed by directory/device/ct-1"
            for name in ("dicomDeviceUID", "dicomIssuerOfAccessionNumber")
        ),
    ]
    assert "1 to 31 only" in findings[1].detail


def test_insufficient_access_fails_the_change_in_words(opener, strict, steps):
    system = opener(strict)
    outcomes = steps.apply(system, steps.plan(system, steps.hospital(steps.ct())))
    errors = {outcome.address.kind: outcome.error for outcome in outcomes if outcome.status == "failed"}
    assert errors == {
        "unique-ae-title": "the account that pacsconf uses may not do this (no write access to parent)"
    }


def test_a_value_that_the_server_refuses_fails_in_words(directory, steps):
    system = directory()
    steps.bring(directory(), steps.hospital(steps.ct()))
    odd = steps.ct(extra={"dcmLimitOpenAssociations": ("many",)})
    (outcome,) = steps.apply(system, steps.plan(system, steps.hospital(odd)))
    assert outcome.status == "failed"
    assert outcome.error.startswith("the value does not have the form that the directory's schema asks for")


# --- the connection -----------------------------------------------------------------------------------------


def test_a_server_restarted_in_between_is_no_loss(opener, steps, tmp_path):
    running = slapd.start(tmp_path / "slapd", slapd.Options(tls=False))
    try:
        system = opener(running)
        first, *rest = steps.plan(system, steps.hospital(steps.ct()))
        assert {outcome.status for outcome in system.apply(first)} == {"applied"}
        running = slapd.restart(running)
        assert {outcome.status for outcome in steps.apply(system, tuple(rest))} == {"applied"}
        running.stop()
        (made,) = system.apply([Change("create", None, rest[-1][0].after)])
        assert (made.status, made.error.partition(": ")[0]) == ("failed", "nothing was sent")
    finally:
        running.stop()


@contextmanager
def between(port: int, cut_at: bytes) -> Iterator[int]:
    """A port that leads to `port`, until something with `cut_at` in it was passed on; then all is cut."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        thread = threading.Thread(target=_relay, args=(listener, port, cut_at), daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(10)


def _relay(listener: socket.socket, port: int, cut_at: bytes) -> None:
    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            return
        with client, socket.create_connection(("127.0.0.1", port)) as server:
            while _passed_on(client, server, cut_at):
                pass


def _passed_on(client: socket.socket, server: socket.socket, cut_at: bytes) -> bool:
    ready, _, _ = select.select([client, server], [], [], 10)
    for source in ready:
        data = source.recv(65536)
        if not data:
            return False
        (server if source is client else client).sendall(data)
        if source is client and cut_at in data:
            server.recv(1)  # it was done; the answer never arrives
            return False
    return bool(ready)


def test_a_change_whose_answer_never_came_is_unknown_and_the_next_goes_on(directory, server, steps):
    steps.bring(directory(), steps.hospital(steps.ct("ct-1", "CT_1"), steps.ct("ct-2", "CT_2")))
    wanted = steps.hospital(
        steps.ct("ct-1", "CT_1", manufacturer="Cut"), steps.ct("ct-2", "CT_2", manufacturer="Whole")
    )
    with between(server.port, b"Cut") as port:
        system = directory(url=f"ldap://127.0.0.1:{port}")
        first, second = steps.apply(system, steps.plan(system, wanted))
        system.close()
    assert (first.status, second.status) == ("unknown", "applied")
    assert first.error.endswith(
        "the connection broke before the answer came. Whether it was done shows in the next plan."
    )
    assert steps.plan(directory(), wanted) == ()


def test_a_connection_only_for_calling_has_no_port(directory, hands, steps):
    caller = steps.ct(connections={"dicom": Connection(host="ct.example.org")})
    steps.bring(directory(), steps.hospital(caller))
    assert "dicomPort" not in hands.entry(f"cn=dicom,dicomDeviceName=ct-1,{steps.devices}")
    assert steps.plan(directory(), steps.hospital(caller)) == ()


def test_a_server_without_assertions_is_read_just_before_each_write(directory, hands, steps, monkeypatch):
    from pacsconf.systems._ldap import Directory

    monkeypatch.setattr(Directory, "supports", lambda _self, _control: False)
    device = f"dicomDeviceName=ct-1,{steps.devices}"
    steps.bring(directory(), steps.hospital(steps.ct(software_versions=("1",))))
    system = directory()
    cut = steps.plan(system, steps.hospital(steps.ct(software_versions=("2",), manufacturer="ACME")))
    hands.modify(device, dicomSoftwareVersion=["1", "9"])
    (outcome,) = steps.apply(system, cut)
    assert outcome.status == "failed"
    assert texts(hands.entry(device), "dicomSoftwareVersion") == ["1", "9"]
    hands.modify(device, dicomSoftwareVersion=["1"])
    assert [outcome.status for outcome in steps.apply(system, cut)] == ["applied"]
