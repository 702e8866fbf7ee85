"""What is taken from an answer: never more than was asked for, and never an exception but one."""

from __future__ import annotations

import logging
from contextlib import suppress
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.config import IGNORE
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset

from pacsconf.dicom import data_sets
from pacsconf.dicom.studies.answers import FACTS, FoundStudy, keywords, modality, series_of, studies_in, study
from pacsconf.dicom.studies.windows import Window
from pacsconf.inventory.uids import EXPLICIT_VR_LE, IMPLICIT_VR_LE


def answer(syntax: str = IMPLICIT_VR_LE, **values: object) -> bytes:
    ds = Dataset()
    for keyword, value in {"StudyInstanceUID": "1.2.3", **values}.items():
        element = DataElement(tag_for_keyword(keyword), dictionary_VR(keyword), value, validation_mode=IGNORE)
        ds.add(element)
    return data_sets.to_bytes(ds, syntax)


def code(**values: str) -> Dataset:
    item = Dataset()
    for keyword, value in values.items():
        setattr(item, keyword, value)
    return item


def test_no_name_is_ever_asked_for():
    assert "PatientName" not in keywords(FACTS)
    assert "PatientName" not in studies_in(Window(None, date(2020, 1, 1)), FACTS)
    assert "PatientName" not in series_of("1.2")


@pytest.mark.parametrize("syntax", [IMPLICIT_VR_LE, EXPLICIT_VR_LE])
def test_what_was_asked_for_is_taken_and_nothing_else(syntax):
    data = answer(
        syntax, PatientName="ZZTEST^PACSCONF", PatientBirthDate="19700101", ModalitiesInStudy=["CT", "SR"]
    )
    found = study(data, syntax, ["modalities"])
    assert found.texts == {"StudyInstanceUID": ("1.2.3",), "ModalitiesInStudy": ("CT", "SR")}
    assert found.codes is None


@pytest.mark.parametrize(
    ("items", "codes"),
    [
        (None, None),
        ([], frozenset()),
        ([code(CodeValue="A", CodingSchemeDesignator="99L")], {("99L", "A")}),
        ([code(CodeValue="A"), code()], frozenset()),
    ],
)
def test_codes_that_are_not_told_are_not_known_and_none_are_none(items, codes):
    values = {} if items is None else {"ProcedureCodeSequence": items}
    assert study(answer(**values), IMPLICIT_VR_LE, ["procedure-codes"]).codes == codes


@pytest.mark.parametrize("uid", ["", " "])
def test_an_answer_that_names_no_study_is_refused(uid):
    with pytest.raises(ValueError, match="names no study"):
        study(answer(StudyInstanceUID=uid), IMPLICIT_VR_LE, [])


def test_values_without_an_end_are_cut():
    found = study(answer(InstitutionName="x" * 5000), IMPLICIT_VR_LE, ["institution"])
    assert len(found.texts["InstitutionName"][0]) == 1024


@given(st.binary(max_size=300), st.sampled_from([IMPLICIT_VR_LE, EXPLICIT_VR_LE]))
def test_whatever_comes_is_read_or_refused(data, syntax):
    with suppress(ValueError):
        assert isinstance(study(data, syntax, FACTS), FoundStudy)
    with suppress(ValueError):
        assert isinstance(modality(data, syntax), str)


GOOD = answer(
    PatientBirthDate="19700101",
    PatientID="ZZ1",
    ModalitiesInStudy=["CT", "MR"],
    ProcedureCodeSequence=[code(CodeValue="A", CodingSchemeDesignator="99L")],
)


@given(st.integers(0, len(GOOD) - 1), st.integers(0, 255))
def test_an_answer_with_a_byte_that_is_wrong_is_read_or_refused(at, byte):
    spoilt = GOOD[:at] + bytes([byte]) + GOOD[at + 1 :]
    with suppress(ValueError):
        assert isinstance(study(spoilt, IMPLICIT_VR_LE, FACTS), FoundStudy)


def test_no_value_of_an_answer_is_logged(caplog):
    logging.getLogger("pydicom").setLevel(logging.NOTSET)
    caplog.set_level(logging.DEBUG)
    found = study(answer(StudyInstanceUID="1.2.NONE"), IMPLICIT_VR_LE, [])
    assert found.uid == "1.2.NONE"
    assert "NONE" not in caplog.text + repr(found)
