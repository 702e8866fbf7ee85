"""Errors of our own tree."""

from __future__ import annotations

import pytest

from pacsconf.core.errors import PacsconfError


@pytest.mark.parametrize(
    ("message", "fix", "text"),
    [
        ("it is full", "Make room.", "it is full. Make room."),
        ("It is full.", "Make room.", "It is full. Make room."),
        ("it is full", "", "it is full"),
    ],
    ids=["as-a-message-ends", "a-sentence-already", "nothing-to-do"],
)
def test_what_is_wrong_and_what_to_do_are_sentences_of_one_text(message, fix, text):
    assert PacsconfError(message, fix=fix).in_full == text
