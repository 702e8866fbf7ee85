"""What strangers wrote cannot take all memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pacsconf.cli.bounded import memory_bounded
from pacsconf.core.errors import PacsconfError

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="bounds of memory are Linux's")

INVENTORY = """\
devices:
  us-1: {{type: modality, ae_title: US_1, host: 10.0.0.1, port: 104, offers: verification, location: {location}}}
"""
TEN = "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]"
RULE = f"""\
rules:
  - id: OUR-LOC-001
    title: Takes all memory
    severity: high
    kind: device
    condition: size({TEN}.map(a, {TEN}.map(b, {TEN}.map(c, location.upperAscii() + location)))) == 1
"""


def test_memory_is_bounded_and_then_as_it_was():
    import resource

    before = resource.getrlimit(resource.RLIMIT_AS)
    with pytest.raises(PacsconfError, match="more than 0 GB of memory"), memory_bounded(1 << 20):
        bytearray(256 << 20)
    assert resource.getrlimit(resource.RLIMIT_AS) == before


def test_a_rule_that_takes_all_memory_is_told_as_broken(tmp_path: Path):
    (tmp_path / "inventory").mkdir()
    (tmp_path / "policies").mkdir()
    (tmp_path / "inventory" / "all.yaml").write_text(INVENTORY.format(location="x" * 4_000_000))
    (tmp_path / "policies" / "ours.yaml").write_text(RULE)
    code = (
        "from pacsconf.cli import bounded\nbounded.memory_bounded.__wrapped__.__defaults__ = (1 << 30,)\n"
        f"from pacsconf.cli.main import _code\nraise SystemExit(_code(['--chdir', {str(tmp_path)!r}, 'validate']))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert ran.returncode == 4, ran.stderr
    assert "it needs more memory than there is" in " ".join(ran.stdout.split())
