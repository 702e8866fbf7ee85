"""What `pacsconf doctor` looks at: this machine, git, the operator file, and the way to each declared system.

Every check is yielded as it is known, so that a slow name server does not hide the rest. Nothing is written, no
password is sent, and devices are not contacted.
"""

from __future__ import annotations

import platform
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

from pacsconf import __version__
from pacsconf.cli.doctor_machine import Check, git_checks, operator_check, practice_checks, secret_check
from pacsconf.core.errors import OperatorError
from pacsconf.inventory.model import Inventory
from pacsconf.operator.file import Operator
from pacsconf.operator.needs import needs

__all__ = ["Check", "checks"]


def checks(
    root: Path,
    inventory: Inventory | None,
    operator: Operator | OperatorError,
    *,
    environ: Mapping[str, str],
    now: datetime,
    lab_folder: Path | None = None,
    timeout: float = 5.0,
) -> Iterator[Check]:
    """All checks. `inventory` is None where there is none yet, or it does not stand.

    `operator` is what loading the operator file gave; `now` knows its zone; `timeout` is in seconds, for each
    wait on the network.
    """
    yield Check("pacsconf", True, f"{__version__} on Python {platform.python_version()}, {platform.system()}")
    yield from git_checks(root, environ, now)
    yield from practice_checks(environ)
    yield operator_check(operator)
    if inventory is not None:
        systems = [inventory.systems[name] for name in sorted(inventory.systems)]
        if isinstance(operator, Operator):
            keyring = operator.secrets(lab_folder, environ=environ, root=root)
            yield from (secret_check(keyring, need) for need in needs(systems))
        from pacsconf.cli.doctor_network import network_checks

        yield from network_checks(systems, root, now, timeout)
