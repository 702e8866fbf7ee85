"""Asking real archives for their studies: Orthanc, which cuts off at a limit, and DCMTK's dcmqrscp."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date

import httpx2
import pytest

from pacsconf.dicom.studies.asking import NotAsked, archive
from pacsconf.dicom.studies.windows import Span
from pacsconf.dicom.upper_layer.peer_fault import PeerFault
from pacsconf.dicom.wire import Wire
from pacsconf.lab import orthanc
from tests.made_up import MadeUp, put

TODAY = date(2026, 11, 26)
ALL = Span(None, None, TODAY, 30)
FACTS = ("modalities", "birth-date", "procedure-codes", "patient")
STUDIES = (
    MadeUp(1, ("MG",), "20200105", "19600229", code=("99LOCAL", "MAMSCR")),
    MadeUp(2, ("CT", "SR"), "20200106", patient="ZZ1"),
    MadeUp(3, ("US",), "19980501", birth=""),
    MadeUp(4, ("OT",), "19400101"),
    MadeUp(5, ("MR",), ""),
    *(MadeUp(100 + number, ("CR",), f"202601{1 + number % 28:02d}") for number in range(45)),
)


@pytest.fixture(scope="module")
def limited(tmp_path_factory) -> Iterator[orthanc.Orthanc]:
    """An Orthanc that tells ten studies at once."""
    settings = {"LimitFindResults": 10, "DicomAlwaysAllowFind": True}
    modalities = {"probe": {"AET": "PROBE", "Host": "127.0.0.1", "Port": 104}}
    options = orthanc.Options(settings=settings, modalities=modalities, modalities_in_database=False)
    with orthanc.started(tmp_path_factory.mktemp("pacs") / "a", options) as running:
        put(running, STUDIES)
        yield running


@pytest.fixture
def target(limited, a_target):
    return a_target(limited.dicom_port, title="ORTHANC", level="services")


def test_every_study_is_found_though_the_archive_cuts_off(target):
    """This Orthanc takes a study without a date for one that is older than any date."""
    with archive(target, Wire(), FACTS) as asked:
        parts = list(asked.sweep(ALL))
    assert Counter(found.uid for part in parts for found in part.studies) == Counter(
        one.uid for one in STUDIES
    )
    assert all(part.whole for part in parts)


def test_what_is_wanted_to_be_known_comes_and_no_name(target):
    with archive(target, Wire(), FACTS) as asked:
        (part,) = asked.sweep(Span(date(2020, 1, 1), date(2020, 1, 31), TODAY, 31))
    mammography, other = sorted(part.studies, key=lambda found: found.uid)
    assert {name: values for name, values in mammography.texts.items() if values} == {
        "StudyInstanceUID": (STUDIES[0].uid,),
        "StudyDate": ("20200105",),
        "ModalitiesInStudy": ("MG",),
        "PatientBirthDate": ("19600229",),
        "PatientID": ("ZZ1",),
    }
    assert mammography.codes == {("99LOCAL", "MAMSCR")}
    assert sorted(other.texts["ModalitiesInStudy"]) == ["CT", "SR"]
    assert "ZZ1" not in repr(other)


def test_what_is_not_wanted_is_not_asked_for(target):
    with archive(target, Wire(), ()) as asked:
        (part,) = asked.sweep(Span(date(2020, 1, 1), date(2020, 1, 31), TODAY, 31))
    assert {name for found in part.studies for name in found.texts} == {"StudyInstanceUID", "StudyDate"}


def test_one_day_with_more_than_it_tells_is_said_not_to_be_whole(limited, target):
    put(limited, [MadeUp(200 + number, ("XA",), "20100401") for number in range(12)])
    day = date(2010, 4, 1)
    with archive(target, Wire(), ()) as asked:
        (part,) = asked.sweep(Span(day, day, TODAY, 30))
    assert (len(part.studies), part.whole) == (10, False)
    client = httpx2.Client(base_url=limited.url, auth=(limited.user, limited.password), trust_env=False)
    found = client.post("/tools/find", json={"Level": "Study", "Query": {"StudyDate": "20100401"}}).json()
    for each in found:
        client.delete(f"/studies/{each}").raise_for_status()
    client.close()


def test_an_archive_that_knows_modalities_of_series_alone_is_asked_for_them(archive_with, a_target):
    port = archive_with(STUDIES[:3])
    with archive(a_target(port, title="ARCHIVE", level="services"), Wire(), ("modalities",)) as asked:
        found = [one for part in asked.sweep(ALL) for one in part.studies]
    assert {one.uid: sorted(one.texts["ModalitiesInStudy"]) for one in found} == {
        study.uid: sorted(study.modalities) for study in STUDIES[:3]
    }


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"level": "echo"}, "no more than echo may be sent"),
        ({"level": "none", "why": "it is a partner outside"}, "it is a partner outside"),
        ({"level": "services", "calling": None}, "probe_as"),
    ],
)
def test_nobody_is_asked_who_may_not_be(a_target, free_port, more, words):
    with pytest.raises(NotAsked, match=words), archive(a_target(free_port, **more), Wire(), ()):
        pytest.fail("it was asked")


def test_an_address_that_leads_nowhere_is_not_called(a_target, free_port):
    nowhere = Wire(dial={"*": "none"})
    with (
        pytest.raises(NotAsked, match="nothing leads to this address"),
        archive(a_target(free_port, level="services"), nowhere, ()),
    ):
        pytest.fail("it was asked")


def test_who_takes_no_queries_says_so(storescp, a_target):
    target = a_target(storescp(), level="services")
    with pytest.raises(PeerFault, match=r"queries .* are not accepted"), archive(target, Wire(), ()):
        pytest.fail("it took them")


def test_a_listener_that_is_none_is_a_fault(stranger, a_target):
    target = a_target(stranger(b"HTTP/1.1 400 Bad\r\n\r\n", hang_up=True).port, level="services")
    with pytest.raises(PeerFault), archive(target, Wire(timeout=2), ()):
        pytest.fail("it answered")
