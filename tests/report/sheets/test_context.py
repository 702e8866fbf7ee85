"""What a template can use is written down, all of it, and nothing else is."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from types import FunctionType

import pytest

from pacsconf.report.sheets import context, orthanc
from pacsconf.report.sheets.services import Services

PAGE = (Path(__file__).parents[3] / "docs" / "render.md").read_text(encoding="utf-8")
TYPES = [
    kind
    for kind in (*vars(context).values(), *vars(orthanc).values())
    if dataclasses.is_dataclass(kind) and kind is not context.Hospital
]


def named(heading: str) -> set[str]:
    """The names in the first column of a section's first table."""
    found = re.search(rf"^##+ {heading}$\n\n\| name \|.*\n\|[-|]+\|\n((?:\|.*\n)+)", PAGE, re.MULTILINE)
    assert found, heading
    cells = [line.split(" | ")[0] for line in found[1].splitlines()]
    return {name for cell in cells for name in re.findall(r"`(\w+)(?:\(\w+\))?`", cell)}


def public(kind: type) -> set[str]:
    return {name for name in dir(kind) if not name.startswith("_")}


@pytest.mark.parametrize(
    "kind", sorted(set(TYPES), key=lambda kind: kind.__name__), ids=lambda kind: kind.__name__
)
def test_every_name_of_a_type_is_explained(kind: type):
    assert named(kind.__name__) == public(kind)


def test_every_name_that_a_template_begins_with_is_explained():
    fields = {field.name for field in dataclasses.fields(context.Hospital)}
    assert named("What a template can use") == fields | {"device", "sheet", "orthanc", "request"}


@pytest.mark.parametrize("kind", TYPES, ids=lambda kind: kind.__name__)
def test_what_a_template_gets_is_frozen_and_only_services_answer_a_question(kind: type):
    assert kind.__dataclass_params__.frozen
    methods = {name for name in public(kind) if isinstance(vars(kind).get(name), FunctionType)}
    assert methods == ({"narrower"} if kind is Services else set())
