"""Looking for garbage is put off, and never left off by accident."""

from __future__ import annotations

import gc

import pytest

from pacsconf.core import garbage


def test_it_waits_for_as_long_as_something_grows_and_goes_on_after():
    with garbage.waits():
        assert not gc.isenabled()
        with garbage.waits():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()


def test_it_goes_on_after_something_went_wrong():
    with pytest.raises(ValueError, match="x"), garbage.waits():
        raise ValueError("x")
    assert gc.isenabled()


def test_who_looks_for_none_at_all_is_left_in_peace():
    gc.disable()
    try:
        with garbage.waits():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_a_process_that_is_one_command_does_not_look_through_what_grew():
    usual, frozen = gc.get_threshold(), gc.get_freeze_count()
    try:
        garbage.seldom()
        with garbage.waits():
            grown = [[] for _ in range(100)]
        assert gc.isenabled()
        assert gc.get_freeze_count() >= frozen + len(grown)
    finally:
        gc.set_threshold(*usual)
        gc.unfreeze()
