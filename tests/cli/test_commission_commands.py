"""An address that was typed for `--listen` is spelt so that it can be typed again."""

from __future__ import annotations

import pytest

from pacsconf.cli.commission_commands import _address, _typed


@pytest.mark.parametrize("text", ["11113", "10.20.0.1:11113", "archive.test:11113", "[::1]:11113"])
def test_what_is_told_to_type_again_is_what_was_typed(text):
    assert _typed(*_address(text)) == text
