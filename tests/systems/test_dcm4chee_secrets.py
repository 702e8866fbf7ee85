"""Secrets that a directory keeps for an archive: written by reference and version, never read, never shown."""

from __future__ import annotations

import pytest

from pacsconf.core.change import Change, change_to_json
from pacsconf.core.compare import compare
from pacsconf.core.decide import Rules, change
from pacsconf.core.errors import OperatorError
from pacsconf.core.order import layers
from pacsconf.core.secret import Secret
from pacsconf.inventory.endpoint import Endpoint
from pacsconf.inventory.systems import Bind, DirectoryConfig
from pacsconf.systems._dicom.placed import problems
from pacsconf.systems.dcm4chee import Dcm4chee
from pacsconf.systems.dicom_directory import DicomDirectory
from tests.systems.conftest import DEVICES, ct, hospital

ARCHIVE = f"dicomDeviceName=arc,{DEVICES}"
PINS = {"env:PIN": "first-pin", "env:NEW": "second-pin", "env:CLIENT": "client-secret"}


class Desk:
    """A directory as one command after the other opens it, with what the record remembers between them."""

    def __init__(self, server, opened):
        self.server, self.opened, self.last, self.places = server, opened, {}, []

    def open(self):
        config = DirectoryConfig(
            name="directory",
            type="dicom-directory",
            url=self.server.url,
            base=self.server.base,
            bind=Bind(dn=self.server.pacsconf_dn, password="env:LDAP"),
            extensions="dcm4chee",
        )
        self.opened.append(DicomDirectory("directory", config, self.resolve))
        return self.opened[-1]

    def resolve(self, ref, scheme, host, _port):
        if str(ref) == "env:LDAP":
            return Secret(self.server.password)
        self.places.append((str(ref), scheme, host))
        if str(ref) not in PINS:
            raise OperatorError(f"the operator file does not bind {ref} there")
        return Secret(PINS[str(ref)])

    def plan(self, inventory):
        """The changes to it, and the system that makes them."""
        system = self.open()
        declared = system.declared(inventory).states()
        system.remember(self.last)
        live = system.read().states()
        made = [change(each, Rules(system.kinds)) for each in compare(declared, live, self.last)]
        return system, layers(each for each in made if each is not None)

    def bring(self, inventory):
        """Apply it; what was applied is remembered."""
        system, cut = self.plan(inventory)
        outcomes = [outcome for layer in cut for outcome in system.apply(layer)]
        self.last = {each.address: each.records for layer in cut for each in layer if each.records} | {
            address: state
            for address, state in self.last.items()
            if address not in {o.address for o in outcomes}
        }
        return outcomes


@pytest.fixture
def desk(server):
    opened = []
    yield Desk(server, opened)
    for system in opened:
        system.close()


def archive(**vendor):
    return hospital(ct("arc", "ARC", type="archive", vendor={"dcm4chee": vendor}))


def test_a_pin_is_written_once_and_never_shown(desk, hands, caplog):
    caplog.set_level("DEBUG")
    _, cut = desk.plan(archive(key_store_pin="env:PIN"))
    shown = repr(cut) + "".join(str(change_to_json(each)) for layer in cut for each in layer)
    assert "version 1" in shown
    outcomes = desk.bring(archive(key_store_pin="env:PIN"))
    assert {each.status for each in outcomes} == {"applied"}
    assert hands.entry(ARCHIVE)["dcmKeyStorePin"] == [b"first-pin"]
    assert "first-pin" not in shown + repr(outcomes) + caplog.text
    endpoint = Endpoint.parse(desk.server.url)
    assert set(desk.places) == {("env:PIN", endpoint.scheme, endpoint.host)}
    assert desk.plan(archive(key_store_pin="env:PIN"))[1] == ()


def test_a_pin_that_is_there_already_is_taken_for_the_declared_one(desk, hands):
    desk.bring(archive())
    hands.modify(ARCHIVE, objectClass=["dicomDevice", "dcmDevice"])
    hands.modify(ARCHIVE, dcmKeyStorePin=["set-by-hand"])
    assert desk.plan(archive())[1] == ()
    desk.bring(archive(key_store_pin="env:PIN"))
    assert hands.entry(ARCHIVE)["dcmKeyStorePin"] == [b"set-by-hand"]


def test_counting_the_version_up_writes_it_again(desk, hands):
    desk.bring(archive(key_store_pin="env:PIN"))
    newer = archive(key_store_pin={"secret": "env:NEW", "version": "2"})
    _, ((made,),) = desk.plan(newer)
    assert [(each.name, each.before, each.after) for each in made.fields] == [
        ("dcm4chee.key_store_pin", "version 1", "version 2")
    ]
    assert made.risk == "access"
    assert [each.status for each in desk.bring(newer)] == ["applied"]
    assert hands.entry(ARCHIVE)["dcmKeyStorePin"] == [b"second-pin"]
    assert desk.plan(newer)[1] == ()


def test_a_pin_that_somebody_took_out_is_drift(desk, hands):
    desk.bring(archive(key_store_pin="env:PIN"))
    hands.modify(ARCHIVE, dcmKeyStorePin=[])
    system = desk.open()
    declared = system.declared(archive(key_store_pin="env:PIN")).states()
    system.remember(desk.last)
    found = [each for each in compare(declared, system.read().states(), desk.last) if each.drifted]
    assert [[field.name for field in each.fields] for each in found] == [["dcm4chee.key_store_pin"]]


def test_what_is_not_declared_any_more_is_taken_out_again(desk, hands):
    desk.bring(archive(key_store_pin="env:PIN"))
    assert [each.status for each in desk.bring(archive())] == ["applied"]
    assert "dcmKeyStorePin" not in hands.entry(ARCHIVE)


def test_a_pin_is_left_where_the_archive_is_not_spoken_of_any_more(desk, hands):
    desk.bring(archive(key_store_pin="env:PIN"))
    desk.bring(hospital(ct("arc", "ARC", type="archive")))
    assert hands.entry(ARCHIVE)["dcmKeyStorePin"] == [b"first-pin"]


def test_a_former_secret_cannot_be_put_back(desk, hands):
    desk.bring(archive(key_store_pin="env:PIN"))
    newer = archive(key_store_pin={"secret": "env:NEW", "version": "2"})
    system, ((made,),) = desk.plan(newer)
    assert [each.status for each in system.apply([made])] == ["applied"]
    desk.last = {made.address: made.records}
    system = desk.open()
    system.declared(newer)
    system.remember(desk.last)
    system.read()
    (outcome,) = system.apply([Change("update", made.after, made.before, made.before)])
    assert outcome.status == "failed"
    assert "version 1 of the secret dcmKeyStorePin is not what the inventory declares now" in outcome.error
    assert hands.entry(ARCHIVE)["dcmKeyStorePin"] == [b"second-pin"]


def test_a_secret_that_may_not_be_sent_there_fails_its_own_change_alone(desk, hands):
    desk.bring(archive(limit_open_associations="1"))
    wanted = hospital(
        ct("arc", "ARC", type="archive", vendor={"dcm4chee": {"key_store_pin": "env:ELSEWHERE"}}),
        ct("ct-9", "CT_9"),
    )
    outcomes = {each.address.name: each for each in desk.bring(wanted)}
    assert outcomes["arc"].status == "failed"
    assert "does not bind env:ELSEWHERE" in outcomes["arc"].error
    assert outcomes["ct-9"].status == "applied"


def test_a_keycloak_client_has_its_secret(desk, hands):
    client = {"realm": "r", "url": "https://keycloak.example.org", "secret": "env:CLIENT"}
    desk.bring(archive(keycloak_clients={"arc": client}))
    entry = hands.entry(f"dcmKeycloakClientID=arc,{ARCHIVE}")
    assert entry["dcmKeycloakClientSecret"] == [b"client-secret"]
    assert desk.plan(archive(keycloak_clients={"arc": client}))[1] == ()


def test_a_secret_itself_is_refused_without_being_repeated():
    (told,) = problems(Dcm4chee, archive(key_store_pin="changeit"))
    assert told.rule == "PACS-SECRET-001"
    assert "changeit" not in str(told)


def test_kinds_name_their_secrets_so_that_no_rollback_takes_one_back(desk):
    kinds = desk.open().kinds
    pins = {"dcm4chee.key_store_pin", "dcm4chee.key_store_key_pin", "dcm4chee.trust_store_pin"}
    assert kinds["device"].secrets == pins
    assert kinds["keycloak-client"].secrets == {"password", "secret"}
    assert kinds["network-ae"].secrets == frozenset()
