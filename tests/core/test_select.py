"""What patterns name."""

from __future__ import annotations

import pytest

from pacsconf.core.address import Address
from pacsconf.core.select import ignoring, matching, reads

DEVICE = Address.parse("directory/device/ct-1")
ENTITY = Address.parse("directory/network-ae/ct-1/CT1")


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("directory/network-ae/ct-1/CT1", True),
        ("directory/device/ct-1", True),  # what is inside goes with its root
        ("directory/device/ct-*", True),
        ("directory/*", True),
        ("directory", True),
        ("directory/network-ae", True),
        ("directory/device/ct-2", False),
        ("directory/device", False),
        ("direct", False),
        ("DIRECTORY", False),
    ],
)
def test_a_pattern_names_an_address_by_itself_its_root_its_kind_or_its_system(pattern, names):
    assert matching([pattern])(ENTITY, DEVICE) is names


@pytest.mark.parametrize(
    ("targets", "excludes", "read"),
    [
        ((), (), True),
        (("directory/device/ct-1",), (), True),
        (("archive/peer/x",), (), False),
        (("*/device/x",), (), True),
        ((), ("directory",), False),
        ((), ("directory/*",), False),
        ((), ("directory/device/*",), True),
    ],
)
def test_a_system_is_read_unless_it_is_left_out_as_a_whole(targets, excludes, read):
    assert reads(targets, excludes, "directory") is read


@pytest.mark.parametrize(
    ("pattern", "resource", "field"),
    [
        ("network-ae/ct-1/*", True, True),
        ("network-ae/ct-1/CT1:description", False, True),
        ("network-ae/*:desc*", False, True),
        ("network-ae/*:port", False, False),
        ("device/*", False, False),
    ],
)
def test_others_are_left_a_whole_resource_or_one_field(pattern, resource, field):
    ignored = ignoring([pattern])
    assert (ignored(ENTITY, ""), ignored(ENTITY, "description")) == (resource, field)


@pytest.mark.parametrize(
    ("patterns", "left"),
    [
        (("network-ae/*:description", "!network-ae/ct-1/CT1:description"), False),
        (("!network-ae/ct-1/CT1:description", "network-ae/*"), False),
        (("network-ae/*:description", "!network-ae/ct-2/*:description"), True),
        (("!network-ae/ct-1/CT1:description",), False),
    ],
)
def test_what_stands_after_an_exclamation_mark_is_compared_all_the_same(patterns, left):
    assert ignoring(patterns)(ENTITY, "description") is left
