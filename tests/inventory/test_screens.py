"""What a person sees of inventories in which nearly everything is wrong: the whole screen, to be read as one.

`PACSCONF_GOLDEN=write` writes the screens anew; read them before they are committed.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

CASES = Path(__file__).parent / "cases"


@pytest.mark.parametrize("case", sorted(path.name for path in CASES.iterdir()))
def test_mistakes_are_shown_together_with_place_reason_and_way_out(validate, case: str):
    code, output = validate(CASES / case)
    screen = re.sub(r"[0-9.]+ s$", "0.00 s", output.rstrip("\n")) + "\n"
    expected = CASES / case / "screen.txt"
    if os.environ.get("PACSCONF_GOLDEN") == "write":
        expected.write_text(screen, encoding="utf-8")
    assert code == 3
    assert screen == expected.read_text(encoding="utf-8")
    assert max(map(len, screen.splitlines())) <= 80
