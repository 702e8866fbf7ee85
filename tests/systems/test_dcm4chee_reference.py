"""docs/dcm4chee.md knows every key that the models know, and `pacsconf schema` does too."""

from __future__ import annotations

import re
from pathlib import Path

import jsonschema
import pytest
import yaml

from pacsconf.inventory.schema import docstrings, json_schema
from pacsconf.systems._dcm4chee.settings.standard import DevicePart, EntityPart
from pacsconf.systems.directory_extension import Child, vendor_models
from tests.systems.dcm4chee_reference import NOT_WRITTEN, heading, models, tables

PAGE = (Path(__file__).parents[2] / "docs" / "dcm4chee.md").read_text()


def test_the_tables_are_those_of_the_models():
    """To write them anew: `python -m tests.systems.dcm4chee_reference`."""
    assert PAGE.partition("## Device\n")[2] == tables().partition("## Device\n")[2]


@pytest.mark.parametrize("model", models(), ids=heading)
def test_every_key_says_what_it_means(model):
    keys = set(model.model_fields) - NOT_WRITTEN - set(Child.model_fields)
    told = docstrings(model) | (docstrings(DevicePart) if model is EntityPart else {})
    assert sorted(keys - told.keys()) == []


@pytest.fixture(scope="module")
def validator():
    schema = json_schema(vendor_models())
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def examples():
    blocks = re.findall(r"((?:^    .*\n|^\n)+)", PAGE, re.MULTILINE)
    return [yaml.safe_load(block) for block in blocks if "devices:" in block]


def test_the_example_of_the_page_is_what_the_schema_takes(validator):
    assert examples()
    for example in examples():
        assert [error.message for error in validator.iter_errors(example)] == []


@pytest.mark.parametrize(
    ("vendor", "told"),
    [
        ({"overwrite_policy": "never"}, "never"),
        ({"overwite_policy": "NEVER"}, "overwite_policy"),
        ({"storages": {"fs1": {"urii": "x"}}}, "urii"),
        ({"hl7_applications": {"A|B": {}}}, "A|B"),
    ],
)
def test_editors_are_told_what_is_wrong(validator, vendor, told):
    file = {"devices": {"arc": {"type": "archive", "vendor": {"dcm4chee": vendor}}}}
    errors = [*validator.iter_errors(file)]
    assert errors
    assert told in str(errors[0].context or errors[0].message) or told in str(errors[0].instance)


def test_numbers_may_stand_without_quotes(validator):
    criteria = {"suppress": {"queries": {"outcomes": [0, 4]}}}
    file = {"devices": {"arc": {"type": "a", "vendor": {"dcm4chee": {"audit_loggers": {"log": criteria}}}}}}
    assert [*validator.iter_errors(file)] == []
