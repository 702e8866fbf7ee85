"""A site's own template, filled in by a process of its own: it cannot hang a command, fill memory, or see secrets.

The process (`filler`) gets the template's folder and the values on its standard input, and answers with JSON. It
has no environment variables, a bound on its time everywhere, and one on its memory where the system has such bounds
(not on Windows). A template that comes with pacsconf needs none of this.
"""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pacsconf.core.errors import TemplateFault

MOST_SECONDS = 10
MOST_MEMORY = 1 << 30
"""Bytes of address space."""

_CHILD = "import sys; sys.path[:] = sys.argv[1:]; from pacsconf.report.sheets.filler import serve; serve()"


def rendered(folder: Path, file: str, values: Mapping[str, Any], *, seconds: int = MOST_SECONDS) -> str:
    """What this template makes of the values, within so many seconds of work.

    Raises: TemplateFault when it cannot be used, or takes more time or memory than a template may.
    """
    command = [sys.executable, "-I", "-c", _CHILD, *sys.path]
    request = pickle.dumps((folder, file, dict(values), seconds))
    try:
        done = subprocess.run(
            command, input=request, capture_output=True, timeout=2 * seconds, check=False, env={}
        )
    except subprocess.TimeoutExpired as exc:
        raise _too_long(folder / file, seconds) from exc
    if done.returncode in _ENDED_BY_TIME:
        raise _too_long(folder / file, seconds)
    answer = _answer(done.stdout)
    if done.returncode or answer is None:
        said = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise TemplateFault(
            f"{folder / file}: the process that fills it in ended with {done.returncode}: {' '.join(said)}",
            fix="Look for a loop that goes over more than it should, or for text that grows without end.",
        )
    if "text" in answer:
        return answer["text"]
    raise TemplateFault(answer["message"], fix=answer["fix"])


_ENDED_BY_TIME = (-24, -9)
"""SIGXCPU at the bound, SIGKILL a second later."""


def _too_long(file: Path, seconds: int) -> TemplateFault:
    return TemplateFault(
        f"{file}: it takes longer than {seconds} seconds",
        fix="Look for a loop within a loop that goes over more than it should.",
    )


def _answer(body: bytes) -> dict[str, str] | None:
    try:
        answer: dict[str, str] = json.loads(body)
    except ValueError:
        return None
    return answer
