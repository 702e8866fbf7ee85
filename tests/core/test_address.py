from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacsconf.core.address import Address

parts = st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), min_size=1, max_size=3)


@given(parts)
def test_any_name_comes_back_from_its_text(names):
    address = Address.of("directory", "entity", *names)

    assert Address.parse(str(address)) == address
    assert address.parts == tuple(names)


@given(parts)
def test_an_address_is_one_harmless_word_in_a_shell_and_no_pattern(names):
    """Names come from live systems, and commands that hold them are shown to be pasted."""
    assert re.fullmatch(r"[A-Za-z0-9_.~+,:=@%/-]+", str(Address.of("directory", "entity", *names)))


ESCAPED = {
    "a title with a space": ("MY CT", "MY%20CT"),
    "a title with a slash": ("CT/1", "CT%2F1"),
    "a percent sign": ("100%", "100%25"),
    "a wildcard": ("CT_*", "CT_%2A"),
    "a command": ("$(reboot);", "%24%28reboot%29%3B"),
    "a name of an entry": ("cn=ct,dc=org", "cn=ct,dc=org"),
    "a host and port": ("[::1]:104", "%5B::1%5D:104"),
    "an umlaut": ("Röntgen", "R%C3%B6ntgen"),
}


@pytest.mark.parametrize(("name", "text"), ESCAPED.values(), ids=ESCAPED.keys())
def test_what_is_escaped(name, text):
    assert str(Address.of("directory", "device", name)) == f"directory/device/{text}"


@pytest.mark.parametrize("text", ["MY CT", "MY%20CT", "%4DY CT"])
def test_two_spellings_of_a_name_are_one_address(text):
    assert Address.parse(f"directory/device/{text}") == Address.of("directory", "device", "MY CT")


@pytest.mark.parametrize(
    "text", ["", "ct-1", "directory/device", "directory/device/", "/device/a", "a//b", "a/b/c//d"]
)
def test_what_is_no_address_is_refused_with_an_example(text):
    with pytest.raises(ValueError, match=r'"[^"]*" is not an address; write system/kind/name, such as'):
        Address.parse(text)


@pytest.mark.parametrize("names", [(), ("",), ("ct", "")])
def test_an_empty_name_cannot_be_addressed(names):
    with pytest.raises(ValueError, match="a name in directory/device is empty"):
        Address.of("directory", "device", *names)


def test_what_stands_below_has_one_part_more():
    device = Address.of("d", "device", "ct/1")
    assert device.below("network-ae", "A B") == Address.of("d", "network-ae", "ct/1", "A B")
    with pytest.raises(ValueError, match="empty"):
        device.below("network-ae", "")
