"""What a real Orthanc tells of its studies over REST: what rules need, and no name."""

from __future__ import annotations

from datetime import date

import pytest

from pacsconf.core.errors import BadAnswer
from pacsconf.core.secret import Secret
from pacsconf.inventory.systems import OrthancConfig
from pacsconf.lab import orthanc
from pacsconf.retention.reading import Told
from pacsconf.systems._orthanc import listing
from pacsconf.systems.abilities import Keeping
from pacsconf.systems.orthanc import OrthancSystem
from tests.fronts import front, reply
from tests.made_up import MadeUp, put

MAMMOGRAPHY = MadeUp(1, ("MG", "SR"), "20200105", "19600229", code=("99LOCAL", "MAMSCR"))
TRIAL = MadeUp(
    2, ("CT",), "20210105", "", more=(("ClinicalTrialProtocolID", "T1"), ("InstitutionName", "North"))
)
UNDATED = MadeUp(3, ("US",), "", more=(("InstitutionalDepartmentName", "Cardiology"),))


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with orthanc.started(tmp_path_factory.mktemp("pacs") / "a") as running:
        put(running, (MAMMOGRAPHY, TRIAL, UNDATED))
        yield running


@pytest.fixture
def told(server):
    """What the server tells, by the UID of the study."""

    def ask(*asked, since=None, until=None, url="") -> dict[str, Told]:
        data = {"type": "orthanc", "name": "pacs", "url": url or server.url}
        data["login"] = {"user": server.viewer, "password": "env:PW"}
        config = OrthancConfig.model_validate(data)
        system = OrthancSystem("pacs", config, lambda *_: Secret(server.password))
        try:
            assert isinstance(system, Keeping)
            return {one.texts["StudyInstanceUID"][0]: one for one in system.studies(asked, since, until)}
        finally:
            system.close()

    return ask


def test_all_studies_are_told_with_what_is_asked_for_and_no_more(told):
    found = told("modalities", "birth-date")
    assert found[MAMMOGRAPHY.uid].texts == {
        "StudyInstanceUID": (MAMMOGRAPHY.uid,),
        "StudyDate": ("20200105",),
        "InstitutionName": (),
        "PatientBirthDate": ("19600229",),
        "ModalitiesInStudy": ("MG", "SR"),
    }
    assert found[TRIAL.uid].texts["PatientBirthDate"] == ()
    assert found.keys() == {MAMMOGRAPHY.uid, TRIAL.uid, UNDATED.uid}


def test_what_stands_in_images_alone_is_looked_up_there(told):
    found = told("procedure-codes", "department", "clinical-trial", "institution")
    assert found[MAMMOGRAPHY.uid].codes == {("99LOCAL", "MAMSCR")}
    assert found[TRIAL.uid].codes == frozenset()
    assert found[TRIAL.uid].texts["ClinicalTrialProtocolID"] == ("T1",)
    assert found[TRIAL.uid].texts["InstitutionName"] == ("North",)
    assert found[UNDATED.uid].texts["InstitutionalDepartmentName"] == ("Cardiology",)
    assert found[UNDATED.uid].texts["ClinicalTrialProtocolID"] == ()


@pytest.mark.parametrize(
    ("bounds", "expected"),
    [
        ({"since": date(2020, 1, 6)}, {TRIAL}),
        ({"until": date(2020, 1, 5)}, {MAMMOGRAPHY}),
        ({"since": date(2020, 1, 5), "until": date(2021, 1, 5)}, {MAMMOGRAPHY, TRIAL}),
        ({}, {MAMMOGRAPHY, TRIAL, UNDATED}),
    ],
)
def test_days_are_included_and_what_has_no_date_is_of_no_day(told, bounds, expected):
    assert told(**bounds).keys() == {one.uid for one in expected}


def test_long_lists_are_read_page_by_page(told, monkeypatch):
    monkeypatch.setattr(listing, "PAGE", 2)
    assert sum(len(one.texts["ModalitiesInStudy"]) for one in told("modalities").values()) == 4


@pytest.mark.parametrize("place", ["studies", "series"])
def test_what_no_orthanc_answers_is_refused(server, told, place):
    spoilt = lambda _method, path: reply(200, [{"ID": "x"}]) if path.startswith(f"/{place}") else None  # noqa: E731
    with front(server.http_port, spoilt) as proxy, pytest.raises(BadAnswer, match="not as Orthanc does"):
        told("modalities", url=f"http://127.0.0.1:{proxy.port}")


def test_an_image_that_is_gone_meanwhile_is_not_known(server, told):
    gone = lambda _method, path: reply(404, {}) if "/simplified-tags" in path else None  # noqa: E731
    with front(server.http_port, gone) as proxy:
        found = told("procedure-codes", url=f"http://127.0.0.1:{proxy.port}")
    assert {one.codes for one in found.values()} == {None}
