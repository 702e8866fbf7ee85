from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pacsconf.dicom.upper_layer.proposals import proposal
from pacsconf.lab import relay

TITLES = st.text(
    st.characters(codec="ascii", exclude_characters="\\ \0", categories=["L", "N", "P"]),
    min_size=1,
    max_size=16,
)


@given(TITLES, TITLES)
def test_the_titles_of_a_request_are_read(calling: str, called: str):
    assert relay.titles(proposal(calling, called)) == (called, calling)


@given(TITLES, TITLES, TITLES)
def test_another_called_title_changes_nothing_else(calling: str, called: str, other: str):
    request = proposal(calling, called)
    assert relay.renamed(request, other) == proposal(calling, other)
    assert relay.renamed(relay.renamed(request, other), called) == request


@given(st.binary(max_size=80))
def test_what_is_no_request_has_no_titles(said: bytes):
    found = relay.titles(said)
    assert (found is None) == (len(said) < relay.HEAD or said[0] != relay.REQUEST)


def test_a_refusal_is_as_the_standard_has_it():
    assert relay.refused(7) == bytes.fromhex("03000000000400010107")
