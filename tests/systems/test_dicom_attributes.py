"""The table between fields and attributes is whole, and leads both ways."""

from __future__ import annotations

import base64
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacsconf.lab.slapd import SCHEMAS
from pacsconf.systems._dicom.attributes import BINARY, SHAPES, Row, decode, encode
from pacsconf.systems._dicom.kinds import EXTRA, KINDS, EntryResource

TEXTS = st.text(min_size=1, max_size=12).filter(lambda text: not text.startswith(BINARY))


def same(text: str) -> str:
    return text


def same_dn(_kind: str, text: str) -> str:
    return text


@pytest.mark.parametrize("kind", sorted(SHAPES))
def test_every_field_has_its_row_and_every_row_its_field(kind):
    fields = KINDS[kind].model_fields.keys() - EntryResource.model_fields.keys()
    assert {row.field for row in SHAPES[kind].rows} == fields


def test_every_attribute_of_annex_h_is_modelled():
    standard = set(re.findall(r"attributetype \(.*?\n\tNAME '(\w+)'", SCHEMAS[0].read_text()))
    modelled = {row.attribute for shape in SHAPES.values() for row in shape.rows}
    assert len(standard) == 40
    assert standard == modelled | {shape.naming for shape in SHAPES.values()} - {"cn"}


def test_cardinality_is_that_of_the_schema():
    text = SCHEMAS[0].read_text()
    single = set(re.findall(r"NAME '(\w+)'(?:(?!attributetype).)*?SINGLE-VALUE", text, re.DOTALL))
    for shape in SHAPES.values():
        for row in shape.rows:
            assert row.many == (row.attribute not in single), row


@given(st.sets(TEXTS, min_size=1))
def test_a_set_of_texts_goes_there_and_back(members):
    row, value = Row("x", "x", many=True), tuple(sorted(members))
    assert decode(row, encode(row, value, same_dn), same) == value


@given(st.sets(st.binary(min_size=1, max_size=9), min_size=1))
def test_bytes_of_an_extra_attribute_go_there_and_back(members):
    row = Row(EXTRA + "x", "x", many=True)
    found = decode(row, tuple(members), same)
    assert set(encode(row, found, same_dn)) == members


@given(st.integers(), st.booleans(), st.binary())
def test_numbers_truth_and_bytes_go_there_and_back(number, truth, blob):
    integer, boolean = Row("x", "x", "integer"), Row("x", "x", "boolean")
    binary = Row("x", "x", "binary", many=True)
    assert decode(integer, encode(integer, number, same_dn), same) == number
    assert decode(boolean, encode(boolean, truth, same_dn), same) is truth
    text = base64.b64encode(blob).decode()
    assert decode(binary, encode(binary, (text,), same_dn), same) == (text,)


@pytest.mark.parametrize(
    ("row", "values", "value"),
    [
        (Row("h", "h", "host"), (b"CT.Example.ORG",), "ct.example.org"),
        (Row("r", "r", "role"), (b"scu",), "SCU"),
        (Row("d", "d", "dn", many=True), (b"CN=A, DC=x",), ("cn=a,dc=x",)),
        (Row("t", "t"), (), None),
        (Row("t", "t", many=True), (b"b", b"a"), ("a", "b")),
        (Row("t", "t"), (b"\xff",), "base64:/w=="),
    ],
)
def test_one_spelling_is_kept_of_what_a_directory_takes_for_the_same(row, values, value):
    assert decode(row, values, same) == value


@pytest.mark.parametrize(
    ("row", "values"), [(Row("b", "b", "boolean"), (b"maybe",)), (Row("i", "i", "integer"), (b"x",))]
)
def test_a_value_of_another_form_is_refused(row, values):
    with pytest.raises(ValueError, match=r"neither TRUE nor FALSE|is no whole number"):
        decode(row, values, same)


@pytest.mark.parametrize("text", ["base64:!", "base64:abc"])
def test_a_text_that_only_looks_like_base64_is_text(text):
    row = Row(EXTRA + "x", "x", many=True)
    assert encode(row, (text,), same_dn) == (text.encode(),)
