"""What several ask of one value is worked out once."""

from __future__ import annotations

import pytest

from pacsconf.core.once import for_the_last


def test_the_last_value_is_kept_and_no_other():
    asked: list[list[int]] = []
    total = for_the_last(lambda of: asked.append(of) or sum(of))
    one, alike = [1, 2], [1, 2]
    assert [total(one), total(one), total(alike), total(one)] == [3, 3, 3, 3]
    assert [each is one for each in asked] == [True, False, True]


def test_what_could_not_be_worked_out_is_asked_again():
    first = for_the_last(lambda of: of[0])
    row: list[int] = []
    with pytest.raises(IndexError):
        first(row)
    row.append(7)
    assert first(row) == 7
