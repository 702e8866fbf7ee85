"""Made-up studies: always the same, of nobody, and stored in every Orthanc of a lab."""

from __future__ import annotations

from datetime import date

import pydicom
import pytest

from pacsconf.core.errors import Unavailable
from pacsconf.lab import orthanc, place
from pacsconf.lab.orthanc_rest import asked
from pacsconf.lab.studies import NAME, assortment, fill

TODAY = date(2026, 11, 26)


def test_they_are_always_the_same_and_of_nobody(tmp_path):
    studies = list(assortment(120, TODAY))
    assert studies == list(assortment(120, TODAY))
    assert len({one.uid for one in studies}) == 120
    for at, data in enumerate(data for one in studies[:20] for data in one.objects()):
        file = tmp_path / f"{at}.dcm"
        file.write_bytes(data)
        ds = pydicom.dcmread(file)
        assert (str(ds.PatientName), ds.PatientID[:2]) == (NAME, "ZZ")
        assert ds.SOPInstanceUID.is_valid
        assert ds.StudyInstanceUID.is_valid


def test_they_are_of_many_kinds_ages_and_dates():
    studies = list(assortment(200, TODAY))
    assert {modality for one in studies for modality in one.modalities} >= {"CT", "MG", "US", "SR"}
    assert {one.date for one in studies} >= {""}
    assert {one.birth for one in studies} >= {""}
    years = {one.date[:4] for one in studies if one.date}
    assert (min(years) < "1990", max(years)) == (True, "2026")
    assert any(one.date and one.birth and int(one.date) - int(one.birth) < 180_000 for one in studies)
    assert len({one.patient or f"ZZ{one.number}" for one in studies}) < 180


def test_every_orthanc_of_a_lab_is_filled_and_filling_again_adds_nothing(tmp_path):
    place.write(tmp_path / place.OVERLAY, {"systems": {}, "dial": {}})
    with orthanc.started(tmp_path / "orthancs" / "pacs") as server:
        for asked_for, new in ((12, 12), (12, 0), (5, 0), (20, 8)):
            assert fill(tmp_path, asked_for, TODAY) == {"pacs": new}
        assert asked(server, "/statistics")["CountStudies"] == 20


def test_without_a_lab_nothing_is_filled(tmp_path):
    with pytest.raises(Unavailable, match="no Orthanc of a practice lab runs"):
        fill(tmp_path, 5, TODAY)
