"""The tables of the extension dcm4chee, held against the schema of the archive that the lab loads."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

import pacsconf.lab
from pacsconf.systems._dicom.attributes import SHAPES
from pacsconf.systems._dicom.vocabulary import speaking
from pacsconf.systems._ldap import schema as ldap_schema
from pacsconf.systems.dcm4chee import Dcm4chee

LAB = Path(pacsconf.lab.__file__).parent
SYNTAXES = {
    "7": {"boolean"},
    "27": {"integer"},
    "12": {"reference", "dn"},
    "5": {"binary"},
    "40": {"secret"},
}
TEXTS = {"text", "host", "role", "secret"}


@cache
def definitions():
    """All attribute types and object classes of the lab's schema files, macros of OIDs taken out."""
    types, classes = [], []
    for path in sorted(LAB.glob("*.schema")):
        for block in _blocks(path.read_text()):
            kind, _, body = block.partition(" ")
            text = "( 1.1." + str(len(types) + len(classes) + 1) + " NAME" + body.partition("NAME")[2]
            (types if kind == "attributetype" else classes).append(text)
    return types, classes


def _blocks(text):
    """The definitions of a schema file, each on one line."""
    found = []
    for line in text.splitlines():
        if line.startswith(("attributetype", "objectclass")):
            found.append(line)
        elif line[:1].isspace() and found:
            found[-1] += " " + line.strip()
    return [block for block in found if not block.startswith("objectidentifier")]


@cache
def attribute_types():
    """By lower-case name: the number of the syntax, and whether it has a single value."""
    found = {}
    for text in definitions()[0]:
        name = text.partition("'")[2].partition("'")[0]
        syntax = text.partition("SYNTAX ")[2].split(" ")[0].rpartition(".")[2]
        found[name.lower()] = syntax, "SINGLE-VALUE" in text
    return found


@cache
def schema():
    types, classes = definitions()
    return ldap_schema.parse([each.encode() for each in types], [each.encode() for each in classes])


def rows():
    """The rows of the extension, with the kind that each is of."""
    words = speaking((Dcm4chee,))
    return [
        pytest.param(kind, row, id=f"{kind}-{row.field}")
        for kind, shape in words.shapes.items()
        for row in shape.rows
        if kind not in SHAPES or row not in SHAPES[kind].rows
    ]


FROM_CORE = {"uid", "userpassword"}
"""Attributes of slapd's own schema."""
READ_AS_ONE = {
    "dcmauditsuccessseverity",
    "dcmauditminorfailureseverity",
    "dcmauditseriousfailureseverity",
    "dcmauditmajorfailureseverity",
    "dcmexporterid",
}
"""Attributes that the schema lets have several values where the archive reads one."""


@pytest.mark.parametrize(("kind", "row"), rows())
def test_each_attribute_is_what_the_schema_says(kind, row):
    name = row.attribute.lower()
    if name in FROM_CORE:
        return
    assert name in attribute_types(), f"{row.attribute} is not in the schema"
    syntax, single = attribute_types()[name]
    assert row.syntax in SYNTAXES.get(syntax, TEXTS), (row.attribute, syntax)
    assert row.many is not single or name in READ_AS_ONE, row.attribute


@pytest.mark.parametrize(("kind", "row"), rows())
def test_each_attribute_may_stand_where_it_is_put(kind, row):
    shape = speaking((Dcm4chee,)).shapes[kind]
    classes = [row.object_class or shape.object_class]
    if row.attribute.lower() not in FROM_CORE:
        assert schema().allowing(row.attribute, classes), (row.attribute, classes)


def test_no_attribute_has_two_words():
    for kind, shape in speaking((Dcm4chee,)).shapes.items():
        names = [row.attribute.lower() for row in shape.rows]
        assert sorted(names) == sorted(set(names)), kind


def test_every_attribute_that_an_entry_must_have_is_a_row_that_must_be_given():
    words = speaking((Dcm4chee,))
    for kind, child in words.children.items():
        shape = words.shapes[kind]
        must = schema().object_class(shape.object_class).must - {shape.naming.lower(), "objectclass", "cn"}
        given = {
            row.attribute.lower()
            for row in shape.rows
            if child.model_fields[row.field].is_required() or row.default is not None
        }
        assert must <= given, (kind, must - given)
