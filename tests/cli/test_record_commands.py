"""How entries of the record are counted in words."""

from __future__ import annotations

import pytest

from pacsconf.cli.record_commands import _noun


@pytest.mark.parametrize(
    ("name", "number", "noun"),
    [
        ("addresses", 1, "address"),
        ("addresses", 2, "addresses"),
        ("changes", 1, "change"),
        ("applied", 1, "applied"),
    ],
)
def test_one_thing_is_named_in_the_singular(name: str, number: int, noun: str):
    assert _noun(name, number) == noun
