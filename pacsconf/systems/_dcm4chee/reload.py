"""Telling archives to read their configuration again: they keep a copy, and do not notice a change by themselves.

`POST ctrl/reload` answers 204, or 409 with what is wrong in the new configuration; the archive then goes on with
the former one. So a reload also proves what was written. Each process of an archive is told by itself.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

from pacsconf.core.address import Address
from pacsconf.core.change import Outcome, Status
from pacsconf.core.errors import OperatorError, PacsconfError, SystemFault
from pacsconf.inventory.systems import DirectoryConfig
from pacsconf.systems._http import Web
from pacsconf.systems._http.answers import Answer
from pacsconf.systems.base import Secrets

RELOAD = "reload"
"""The kind of address of an instance that is told: `directory/reload/arc-1`."""
_INVALID = 409
_STANDS = "What was written stands in the directory."


class Reloads:
    """The archives of one directory that are to be told."""

    def __init__(self, system: str, config: DirectoryConfig, secrets: Secrets) -> None:
        self._system = system
        self._webs = {
            name: Web(one.model_copy(update={"name": f"{system}: {name}"}), secrets, one.token)
            for name, one in config.reload.items()
        }

    def outcomes(self) -> Iterator[Outcome]:
        """What became of telling each, in order of name; one that fails does not keep the others from it."""
        for name in sorted(self._webs):
            began = time.perf_counter()
            status, error = self._told(self._webs[name])
            took = (time.perf_counter() - began) * 1000
            yield Outcome(Address.of(self._system, RELOAD, name), "reload", status, error, took)

    def close(self) -> None:
        for web in self._webs.values():
            web.close()

    def _told(self, web: Web) -> tuple[Status, str]:
        try:
            answer = web.ask("POST", "ctrl", "reload")
        except (SystemFault, OperatorError) as fault:
            return "unknown", _not_told(fault)
        if answer.ok:
            return "applied", ""
        if answer.status == _INVALID:
            return "failed", _refusal(answer)
        return "unknown", _not_told(web.fault(answer, "the archive could not be told to reload"))


def _refusal(answer: Answer) -> str:
    """Why an archive did not take its new configuration."""
    said = answer.remark or "it does not say what"
    return (
        f"the archive refuses its new configuration: {said}. It goes on with the former one. {_STANDS} "
        "Correct the inventory, or take this change set back."
    )


def _not_told(fault: PacsconfError) -> str:
    """Why nobody knows whether an archive goes by its new configuration."""
    fix = "pacsconf doctor says what is missing." if isinstance(fault, OperatorError) else fault.fix
    return f"{fault.message.rstrip('.')}. {_STANDS} {fix}".rstrip()
