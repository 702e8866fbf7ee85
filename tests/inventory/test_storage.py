"""Sizes, numbers of patients and percentages of a declared storage."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacsconf.inventory.storage import StorageConfig, megabytes, most, percent, size


@pytest.mark.parametrize(
    ("text", "count"), [("1M", 1), ("500G", 512_000), ("2T", 2_097_152), ("none", 0), ("1024M", 1024)]
)
def test_a_size_is_in_megabytes_of_orthanc(text, count):
    assert megabytes(text) == count


@pytest.mark.parametrize(
    "text", ["500", "0G", "1.5T", "500 G", "500g", "-1G", "", "500GB", "½G", "null", True]
)
def test_what_is_no_size_is_refused(text):
    with pytest.raises(ValueError, match="a size is a whole number with M, G or T"):
        megabytes(text)


@given(st.integers(min_value=0, max_value=10**9))
def test_a_size_in_words_is_read_as_the_same(count):
    assert megabytes(size(count)) == count


@pytest.mark.parametrize("text", ["0", "-1", "many", "1.5", "010"])
def test_nobody_is_no_number_of_patients(text):
    with pytest.raises(ValueError, match="number"):
        most(text)


@pytest.mark.parametrize("text", ["0%", "101%", "80", "0.8", "80 %", "%"])
def test_what_is_no_percentage_is_refused(text):
    with pytest.raises(ValueError, match="percentage"):
        percent(text)


def test_a_storage_survives_being_written_and_read():
    declared = StorageConfig.model_validate(
        {"maximum_size": "500G", "maximum_patients": "none", "mode": "reject", "copies": "only"}
    )
    assert (declared.maximum_size, declared.maximum_patients, declared.warn_at) == (512_000, 0, 80)
    assert StorageConfig.model_validate(declared.model_dump()) == declared
