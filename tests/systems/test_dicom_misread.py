"""Values in a directory that their attributes cannot have: shown as they are, told, and in nobody's way."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pacsconf.core.address import Address
from pacsconf.core.compare import compare
from pacsconf.core.decide import Rules, change
from pacsconf.core.resource import State
from pacsconf.lab import slapd
from pacsconf.systems._dicom.attributes import SHAPES, Row, as_it_is, decode, encode, extra_members
from pacsconf.systems._dicom.reader import Reader
from pacsconf.systems._dicom.tree import grow
from pacsconf.systems._dicom.vocabulary import speaking
from pacsconf.systems._ldap import Entry
from pacsconf.systems.dcm4chee import Dcm4chee
from tests.older_schemas import started
from tests.systems.conftest import DEVICES, apply, bring, ct, hospital

WORDS = speaking((Dcm4chee,))
SPEAKS = {"extensions": ("dcm4chee",)}
TREE = (
    Entry("cn=DICOM Configuration,dc=x", {"objectclass": (b"dicomConfigurationRoot",)}),
    Entry("cn=Devices,cn=DICOM Configuration,dc=x", {"objectclass": (b"dicomDevicesRoot",)}),
)


def read(**attributes: tuple[bytes, ...]) -> Reader:
    """What is read of a directory, of another kind than slapd, with one device that holds these."""
    held = {"objectclass": (b"dicomDevice", b"dcmDevice", b"dcmArchiveDevice"), **attributes}
    device = Entry(f"dicomDeviceName=arc,{TREE[1].dn}", held)
    reader = Reader(grow("directory", (*TREE, device), WORDS), None, None)
    reader.snapshot()
    return reader


AT = Address.of("directory", "device", "arc")


@pytest.mark.parametrize(
    ("attribute", "values", "field", "shown", "why"),
    [
        ("dicominstalled", (b"true",), "installed", "true", "dicomInstalled is neither TRUE nor FALSE"),
        (
            "dicominstalled",
            (b"TRUE", b"FALSE"),
            "installed",
            ("FALSE", "TRUE"),
            "dicomInstalled has 2 values where the standard has one",
        ),
        ("dcmlimitopenassociations", (b"many",), "", "many", "dcmLimitOpenAssociations is no whole number"),
        (
            "dicomstationname",
            (b"a", b"\xff"),
            "station_name",
            ("a", "base64:/w=="),
            "dicomStationName has 2 values where the standard has one",
        ),
    ],
)
def test_a_value_that_cannot_be_is_shown_as_it_is_and_told(attribute, values, field, shown, why):
    reader = read(**{attribute: values})
    (state,) = [each for each in reader.snapshot().resources.states.values() if each.address == AT]
    assert shown in state.fields.values()
    assert not field or state.fields[field] == shown
    assert [each.why for each in reader.misread[AT]] == [why]


def test_what_was_read_so_is_a_resource_with_the_same_fields():
    reader = read(dicominstalled=(b"true",), dicomstationname=(b"a", b"b"))
    snapshot = reader.snapshot()
    (resource,) = [each for each in snapshot.resources if each.address == AT]
    assert resource.state() == snapshot.resources.states[AT]


@pytest.fixture(scope="module")
def lax(tmp_path_factory):
    """A server whose schema, of another hand, has texts where the archive's own has numbers and truth."""
    folder = tmp_path_factory.mktemp("lax")
    made = []
    for path in slapd.SCHEMAS:
        text = re.sub(r"EQUALITY (?:integer|boolean)Match", "EQUALITY caseExactMatch", path.read_text())
        made.append(folder / path.name)
        made[-1].write_text(re.sub(r"SYNTAX (\S+\.)(?:27|7)\b", r"SYNTAX \g<1>15", text))
    with started(folder, made) as server:
        yield server


def owned(system, inventory):
    """Changes to an inventory that leave alone what it does not declare."""
    declared = {each.address: each.state() for each in system.declared(inventory).resources}
    live = system.read().states()
    made = [change(each, Rules(system.kinds)) for each in compare(declared, live, {})]
    return [each for each in made if each is not None]


def test_one_bad_value_does_not_stand_in_the_way_of_all_others_and_can_be_put_right(opener, lax, steps):
    wanted = hospital(ct())
    bring(opener(lax, **SPEAKS), wanted)
    hands = steps.Hands(lax)
    other = f"dicomDeviceName=arc,{DEVICES}"
    hands.add(other, "dicomDevice", dicomDeviceName="arc", dicomInstalled="yes")
    hands.add(f"cn=dicom,{other}", "dicomNetworkConnection", cn="dicom", dicomHostname="a", dicomPort="high")
    hands.modify(f"cn=dicom,dicomDeviceName=ct-1,{DEVICES}", dicomPort="1O4")
    hands.conn.unbind()
    system = opener(lax, **SPEAKS)
    (made,) = owned(system, wanted)
    assert [(each.name, each.before, each.after) for each in made.fields] == [("port", "1O4", 104)]
    findings = [each for each in system.check([made]) if each.rule == "DIR-VALUE"]
    assert [(str(each.about), each.severity, each.path) for each in findings] == [
        ("directory/device/arc", "warning", ()),
        ("directory/network-connection/arc/dicom", "warning", ()),
        (
            "directory/network-connection/ct-1/dicom",
            "warning",
            ("devices", "ct-1", "connections", "dicom", "port"),
        ),
    ]
    assert [each.status for each in apply(system, ((made,),))] == ["applied"]
    assert owned(opener(lax, **SPEAKS), wanted) == []


def test_a_plan_names_each_and_goes_on():
    from pacsconf.systems._dicom.check import Check

    reader = read(dicominstalled=(b"true",), dcmlimitopenassociations=(b"many",))
    found = Check(reader.tree, None, misread=reader.misread).findings(())
    assert [(each.rule, each.severity, each.summary) for each in found] == [
        ("DIR-VALUE", "warning", f"{AT} holds a value that it cannot have: {why}")
        for why in (
            "dicomInstalled is neither TRUE nor FALSE",
            "dcmLimitOpenAssociations is no whole number",
        )
    ]


def test_a_role_in_small_letters_is_no_change_and_told(directory, hands, steps):
    bring(directory(), hospital(ct()))
    entry = f"cn=ct,dicomAETitle=CT_1,dicomDeviceName=ct-1,{DEVICES}"
    hands.modify(entry, dicomTransferRole="scu")
    system = directory()
    assert owned(system, hospital(ct())) == []
    (finding,) = system.check(())
    assert (finding.rule, finding.severity) == ("DIR-ROLE", "warning")
    assert finding.summary == "ct of ct-1/CT_1 has the role scu, and there are only SCU and SCP"
    hands.modify(entry, dicomTransferRole="BOTH")
    (made,) = owned(system := directory(), hospital(ct()))
    assert [(each.before, each.after) for each in made.fields] == [("BOTH", "SCU")]
    assert system.check([made]) == ()


ROWS = st.sampled_from([(kind, row) for kind, form in WORDS.shapes.items() for row in form.rows])
BYTES = st.binary(max_size=6) | st.sampled_from([b"true", b"TRUE", b"many", b"7", b"base64:QQ==", b" a "])


@settings(max_examples=400)
@given(ROWS, st.lists(BYTES, min_size=1, max_size=2, unique=True).map(tuple))
def test_what_is_shown_as_it_is_is_what_is_taken_away(case, values):
    """An update deletes the very values that were read."""
    _, row = case
    if row.syntax in ("reference", "dn", "binary", "secret"):
        return
    try:
        decode(row, values, str)
    except ValueError:
        shown = as_it_is(values)
        assert sorted(encode(row, shown, lambda _kind, name: name)) == sorted(values)


@given(st.lists(BYTES, min_size=1, max_size=3, unique=True).map(tuple))
def test_an_attribute_without_words_goes_there_and_back(values):
    row = Row("extra.x", "x", many=True)
    shown = decode(row, values, str)
    assert sorted(encode(row, shown, lambda _kind, name: name)) == sorted(values)
    assert extra_members(shown) == shown


@given(
    st.lists(st.text(max_size=4) | st.sampled_from(["base64:QQ==", "base64:/w==", "base64:!"]), max_size=2)
)
def test_a_member_under_extra_is_as_it_comes_back(members):
    row = Row("extra.x", "x", many=True)
    declared = extra_members(members)
    written = encode(row, declared, lambda _kind, name: name)
    assert (decode(row, written, str) or ()) == declared


ODD = (
    st.none()
    | st.booleans()
    | st.integers(-1, 9)
    | st.sampled_from(["", "x", "P1D", "1", "TRUE", ("a", "b")])
)


@settings(max_examples=600)
@given(st.sampled_from(sorted(WORDS.kinds)), st.data())
def test_nothing_that_is_read_makes_a_comparison_fail(kind, data):
    """What a change does to deletion is asked of values that the archive itself could not read."""
    form = WORDS.shapes.get(kind, SHAPES["device"])
    rows = data.draw(st.lists(st.sampled_from(form.rows), max_size=3)) if form.rows else []
    address = Address.of("directory", kind, "a", "b")

    def state(own):
        held = {row.field: value for row in rows if (value := data.draw(own(row))) is not None}
        return State(address, address, held)

    before, after = state(lambda _row: ODD), state(_right)
    for each in compare({address: after}, {address: before}, {address: before}):
        change(each, Rules(WORDS.kinds))


def _right(row):
    if row.many:
        return st.none() | st.just(("P1D",))
    by = {"boolean": st.booleans(), "integer": st.integers(0, 9)}
    return st.none() | by.get(row.syntax, st.sampled_from(["P1D", "x", "PT5M"]))
