"""Identifiers of our own making, as pydicom reads them."""

from __future__ import annotations

from io import BytesIO

import pytest
from pydicom.filereader import read_dataset

from pacsconf.dicom.upper_layer.query import QUERIES, WORKLIST, WRITTEN, Query, identifier
from pacsconf.inventory import uids


def read(data: bytes, syntax: str):
    return read_dataset(BytesIO(data), syntax == uids.IMPLICIT_VR_LE, True)


@pytest.mark.parametrize("syntax", WRITTEN, ids=uids.label)
@pytest.mark.parametrize("sop_class", QUERIES, ids=uids.label)
def test_an_identifier_is_read_by_pydicom(sop_class, syntax):
    keys = QUERIES[sop_class].keys()
    found = read(Query(lambda: keys).identifier(syntax), syntax)
    steps = found.get("ScheduledProcedureStepSequence", [])
    if steps:
        del found.ScheduledProcedureStepSequence
    plain = {name: value for name, value in keys.items() if isinstance(value, str)}
    assert {each.keyword: each.value for each in found} == plain
    assert [each.tag for each in found] == sorted(each.tag for each in found)
    if sop_class == WORKLIST:
        assert [{each.keyword: each.value or "" for each in item} for item in steps] == [
            keys["ScheduledProcedureStepSequence"]
        ]


@pytest.mark.parametrize("syntax", WRITTEN, ids=uids.label)
def test_what_has_an_odd_length_is_padded(syntax):
    step = {"ScheduledStationAETitle": "CT1", "Modality": "CT", "ScheduledProcedureStepStartDate": "20261126"}
    data = identifier({"ScheduledProcedureStepSequence": step, "StudyInstanceUID": "1.2.3"}, syntax)
    found = read(data, syntax)
    (item,) = found.ScheduledProcedureStepSequence
    assert len(data) % 2 == 0
    assert (item.ScheduledStationAETitle, item.Modality, found.StudyInstanceUID) == ("CT1", "CT", "1.2.3")


def test_nobody_is_asked_for_twice():
    assert all(query.keys() != query.keys() for query in QUERIES.values())
