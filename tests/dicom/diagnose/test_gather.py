from __future__ import annotations

from dataclasses import replace

import pytest

from pacsconf.core.address import Address
from pacsconf.core.resource import State
from pacsconf.dicom.diagnose.evidence import End
from pacsconf.dicom.diagnose.gather import (
    Sides,
    end_of,
    flows_between,
    heard_of,
    in_order,
    obstacles,
    services_of,
    table_of,
)
from pacsconf.dicom.heard import Heard
from pacsconf.dicom.reach import reach
from pacsconf.inventory.flows import Entity
from pacsconf.inventory.loader import load
from pacsconf.inventory.model import Inventory
from pacsconf.inventory.peers import entity

TEXT = """\
sites:
  main: {name: Main}
  north: {name: North}
devices:
  archive:
    type: archive
    site: main
    offers: [verification, ct-image-storage]
    connections:
      dicom: {host: 10.20.0.5, port: 11112, seen_from: {north: {host: 192.0.2.5, port: 104}}}
    ae_titles: {ARCHIVE: {connections: [dicom], answers_to: [OLD_PACS]}}
  ct-1:
    type: modality
    site: main
    ae_title: CT_ER_1
    host: 10.20.4.17
    port: 104
    uses: [ct-image-storage, mr-image-storage]
  ct-2: {type: modality, site: main, ae_title: CT_ER_2, host: 10.20.4.18, port: 104, uses: [ct-image-storage]}
  ct-n: {type: modality, site: north, ae_title: CT_N, host: 10.30.4.17, port: 104, uses: [ct-image-storage]}
flows:
  images: {from: {type: modality}, to: {ae_title: ARCHIVE}, services: [storage]}
"""


@pytest.fixture(scope="module")
def inventory(tmp_path_factory: pytest.TempPathFactory) -> Inventory:
    root = tmp_path_factory.mktemp("hospital")
    (root / "inventory").mkdir()
    (root / "inventory" / "all.yaml").write_text(TEXT)
    found = load(root).inventory
    assert found is not None
    return found


def one(inventory: Inventory, name: str) -> Entity:
    found = entity(inventory, name)
    assert found is not None
    return found


def told(path: tuple[str | int, ...]) -> str:
    return "/".join(map(str, path))


def state(address: str, **fields) -> tuple[Address, State]:
    found = Address.parse(address)
    return found, State(found, found, fields)


def peers(declared=(), live=(), last=()) -> Sides:
    sides = (
        dict(state(f"orthanc/{name}", **fields) for name, fields in side) for side in (declared, live, last)
    )
    return Sides("orthanc", "orthanc", "called", *sides)


def test_an_end_is_seen_from_where_the_other_is(inventory):
    archive = one(inventory, "archive")
    assert end_of(archive, told).at == "10.20.0.5:11112"
    seen = end_of(archive, told, "north", {"ARCHIVE": "2027-01-01"})
    assert (seen.at, seen.titles, seen.reserved) == ("192.0.2.5:104", ("ARCHIVE", "OLD_PACS"), "2027-01-01")
    assert seen.place == "devices/archive/ae_titles/ARCHIVE"
    assert seen.address_place == "devices/archive/connections/dicom/host"


def test_flows_and_their_services(inventory):
    ct, archive = one(inventory, "ct-1"), one(inventory, "archive")
    flows = flows_between(inventory, ct, archive, told)
    assert [(flow.name, flow.place) for flow in flows] == [("images", "flows/images/services")]
    assert services_of(flows) == ("storage",)
    assert flows_between(inventory, archive, ct, told) == ()


def test_what_lacks_one_class_of_several_does_not_break_the_pair(inventory):
    ct, archive = one(inventory, "ct-1"), one(inventory, "archive")
    found = obstacles(reach(inventory, ct, archive), told)
    assert [(each.rule, each.breaks) for each in found] == [("PACS-REACH-004", False)]


def test_rows_are_of_the_caller_or_look_like_it_and_never_another_declared_one(inventory):
    ends = (end_of(one(inventory, "ct-1"), told), end_of(one(inventory, "archive"), told))
    sides = peers(
        declared=[("peer/CT_ER_1", {"ae_title": "CT_ER_1", "host": "10.20.4.17"})],
        live=[
            ("peer/CT_ER_1", {"ae_title": "CT_ER1", "host": "10.20.4.17"}),
            ("peer/CT_ER_2", {"ae_title": "CT_ER_2", "host": "10.20.4.18"}),
            ("peer/other", {"ae_title": "SOMEBODY", "host": "10.20.4.17"}),
            ("peer/far", {"ae_title": "WS9", "host": "10.20.9.9"}),
        ],
    )
    table = table_of(sides, *ends, inventory, told)
    assert [(row.address.parts[-1], row.title) for row in table.rows] == [
        ("CT_ER_1", "CT_ER1"),
        ("other", "SOMEBODY"),
    ]
    assert all(row.about == "caller" for row in table.rows)


def test_what_was_last_applied_may_be_unknown(inventory):
    ends = (end_of(one(inventory, "ct-1"), told), end_of(one(inventory, "archive"), told))
    sides = peers(live=[("peer/CT_ER_1", {"ae_title": "CT_ER_1"})])
    unknown = Sides("orthanc", "orthanc", "called", sides.declared, sides.live, None)
    assert [row.recorded for row in table_of(sides, *ends, inventory, told).rows] == [True]
    assert [row.recorded for row in table_of(unknown, *ends, inventory, told).rows] == [False]


def test_entries_of_a_directory_are_those_of_the_two(inventory):
    def entry(name: str, root: str) -> tuple[Address, State]:
        found = Address.parse(f"directory/{name}")
        return found, State(found, Address.parse(f"directory/device/{root}"), {})

    declared = dict(
        [
            entry("network-connection/ct-1/dicom", "ct-1"),
            entry("network-ae/ct-1/CT_ER_1", "ct-1"),
            entry("network-ae/ct-1/CT_OTHER", "ct-1"),
            entry("network-connection/ct-2/dicom", "ct-2"),
            state("directory/unique-ae-title/ARCHIVE"),
            state("directory/unique-ae-title/CT_ER_2"),
        ]
    )
    sides = Sides("directory", "dicom-directory", "directory", declared, {}, {})
    ends = (end_of(one(inventory, "ct-1"), told), end_of(one(inventory, "archive"), told))
    table = table_of(sides, *ends, inventory, told)
    assert [(str(row.address), row.about) for row in table.rows] == [
        ("directory/network-ae/ct-1/CT_ER_1", "caller"),
        ("directory/network-connection/ct-1/dicom", "caller"),
        ("directory/unique-ae-title/ARCHIVE", "called"),
    ]


@pytest.mark.parametrize(
    ("calling", "host", "is_it"),
    [
        ("CT_ER_1         ", "10.99.9.9", True),
        ("CT_ER1", "10.99.9.9", True),
        ("CT_ER_2", "10.20.4.17", False),  # another device's title
        ("SOMEBODY", "10.20.4.17", True),  # from its address
        ("SOMEBODY", "10.99.9.9", False),
        ("CT_ER_1", "127.0.0.1", False),  # a call of our own, under its title
    ],
)
def test_who_was_heard_is_the_caller_by_title_or_by_address(inventory, calling, host, is_it):
    caller: End = end_of(one(inventory, "ct-1"), told)
    heard = Heard(calling, "ARCHIVE", host)
    assert heard_of(caller, [heard], inventory, frozenset({"127.0.0.1"})) == ((heard,) if is_it else ())


def test_a_title_that_looks_like_it_counts_only_where_the_caller_itself_was_not_heard(inventory):
    caller: End = end_of(one(inventory, "ct-1"), told)
    own, near = Heard("CT_ER_1", "X", "10.20.4.99"), Heard("CT_ER_9", "X", "10.20.4.98")
    assert heard_of(caller, [own, near], inventory) == (own,)
    assert heard_of(caller, [near], inventory) == (near,)
    same_place = replace(near, host=own.host)
    assert heard_of(caller, [own, same_place], inventory) == (own, same_place)


def test_what_was_heard_is_in_the_order_of_its_times_and_of_its_lines():
    def heard(calling: str, at: str = "") -> Heard:
        return Heard(calling, "X", "10.20.4.17", at)

    first, second, third = (
        heard(name, f"2026-11-0{day}T10:00:00Z") for day, name in ((1, "A"), (2, "B"), (3, "C"))
    )
    without = heard("D")
    assert in_order([first, third], [second]) == (first, second, third)
    assert in_order([first, without, third]) == (first, without, third)
    assert in_order([third], [heard("E"), without]) == (third, heard("E"), without)
    assert in_order([third], [second, without]) == (second, without, third)
