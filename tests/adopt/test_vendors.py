"""What stands under `vendor` and is wrong is taken out alone."""

from __future__ import annotations

from typing import Any

import pytest

from pacsconf.adopt.vendors import without
from pacsconf.core.finding import Finding, Path

KEEP = {"period": "ten years"}


def finding(*path: str | int) -> Finding:
    return Finding("PACS-VAL-002", "error", "It is wrong", path=path)


@pytest.mark.parametrize(
    ("part", "path", "left"),
    [
        ({"a": 1, "b": 2}, ("a",), {"b": 2}),
        ({"a": 1}, ("a",), {}),
        (
            {"rules": {"keep": KEEP, "other": {"period": "P1Y"}}},
            ("rules", "keep"),
            {"rules": {"other": {"period": "P1Y"}}},
        ),
        ({"rules": {"keep": KEEP}}, ("rules", "keep", "period"), {"rules": {"keep": {}}}),
        ({"rules": {"keep": KEEP}}, ("rules", "keep", "missing"), {}),
        ({"a": ["x", "y"]}, ("a", 1), {}),
    ],
    ids=["a value", "the last one", "an entry", "of an entry", "what an entry lacks", "in a list"],
)
def test_the_innermost_thing_that_is_there_is_taken_out(
    part: dict[str, Any], path: Path, left: dict[str, Any]
) -> None:
    devices, (remark,) = without(
        {"arc": {"vendor": {"acme": part}}}, [finding("devices", "arc", "vendor", "acme", *path)]
    )
    assert devices == {"arc": {"vendor": {"acme": left}}}
    assert remark.summary == "It is wrong; it is left alone"


def test_what_is_not_there_is_nothing_to_say() -> None:
    devices = {"arc": {"vendor": {"acme": {"a": 1}}}}
    assert without(devices, [finding("devices", "other", "vendor", "acme", "a")]) == (devices, [])
