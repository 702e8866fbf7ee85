from __future__ import annotations

from pathlib import Path

from pacsconf.inventory.model import Inventory
from pacsconf.lab.network import Archive, Network, dcmqrscp_config, network


def test_every_declared_address_has_its_part(hospital):
    assert network(hospital) == Network(
        stations=("10.20.0.1:104",),
        silent=("10.20.0.2:104", "10.20.0.7:104"),
        archive_addresses=("10.20.0.5:104", "10.20.0.6:104"),
        archives=(Archive("ARCHIVE"), Archive("OLD_PACS")),
        callers=("ARCHIVE", "CT1", "PARTNER", "PROBE", "US1"),
    )


def test_an_archive_that_accepts_any_caller_is_open(a_device):
    archive = a_device("archive", "ARCHIVE", "10.20.0.5", queried=True, ae={"accepts": "any"})
    assert network(Inventory(devices={"archive": archive})).archives == (
        Archive("ARCHIVE", open_to_all=True),
    )


def test_a_title_that_dcmqrscp_cannot_spell_is_played_as_a_station(a_device):
    archive = a_device("archive", "MY ARCHIVE", "10.20.0.5", queried=True)
    found = network(Inventory(devices={"archive": archive}))
    assert (found.stations, found.archives, found.callers) == (("10.20.0.5:104",), (), ())


def test_dcmqrscp_reads_no_line_that_it_would_cut():
    callers = tuple(f"A_LONG_TITLE_{number:03}" for number in range(500))
    text = dcmqrscp_config(Network((), (), (), (Archive("ARCHIVE"),), callers), 11112, Path("storage"))
    assert max(map(len, text.splitlines())) < 511
    assert "ARCHIVE storage/ARCHIVE RW (200, 1024mb) declared" in text.splitlines()


def test_the_address_of_a_declared_orthanc_is_its_own_and_of_two_the_first_by_name_has_it(with_orthanc):
    hospital = with_orthanc()
    again = hospital.systems["research"].model_copy(update={"name": "again"})
    both = hospital.model_copy(update={"systems": {**hospital.systems, "again": again}})

    assert network(hospital).orthancs == (("10.20.0.8:4242", "research"),)
    assert "10.20.0.8:4242" not in {*network(hospital).archive_addresses, *network(hospital).stations}
    assert network(both).orthancs == (("10.20.0.8:4242", "again"),)


def test_an_orthanc_that_nobody_may_call_has_no_part(with_orthanc):
    hospital = with_orthanc()
    research = hospital.devices["research"].model_copy(update={"probe": "none"})
    left_alone = hospital.model_copy(update={"devices": {**hospital.devices, "research": research}})

    assert network(left_alone).orthancs == ()
