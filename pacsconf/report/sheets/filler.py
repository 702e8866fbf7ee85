"""The process in which a site's own template is filled in: started by `bounded`, it bounds itself and answers."""

from __future__ import annotations

import json
import pickle
import sys

from pacsconf.core.errors import TemplateFault
from pacsconf.report.sheets.bounded import MOST_MEMORY
from pacsconf.report.sheets.render import Templates


def serve() -> None:
    """The process: bound itself, fill in, answer."""
    request = sys.stdin.buffer.read()
    folder, file, values, seconds = pickle.loads(request)  # noqa: S301 - from the process that started this one
    _bound(seconds)
    try:
        answer = {"text": Templates(folder).filled(file, values)}
    except TemplateFault as fault:
        answer = {"message": fault.message, "fix": fault.fix}
    sys.stdout.write(json.dumps(answer))


def _bound(seconds: int) -> None:
    try:
        import resource
    except ImportError:  # not on Windows: there the time is bounded by the other process
        return
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
