"""What apply proves on the wire, and what the record keeps of it: a proof is a probe like any other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from pacsconf.cli.workspace import Workspace
from pacsconf.core.changeset import Proof
from pacsconf.core.errors import PacsconfError, RecordError

if TYPE_CHECKING:
    from pacsconf.dicom.observation import Observation


class Witness:
    """Looks at devices, and remembers what it saw."""

    def __init__(self, work: Workspace) -> None:
        self._work = work
        self._seen: list[Observation] = []

    def prove(self, devices: frozenset[str]) -> Iterator[Proof]:
        """What these devices say on the wire, as gently as they allow; those that may not be asked are left out."""
        from pacsconf.cli.wire import needs_tls, require_tls, targets_of, wire_of
        from pacsconf.dicom.probe.observer import observe
        from pacsconf.dicom.probe.run import subject_of

        targets, wire = targets_of(self._work, devices), wire_of(self._work)
        try:
            require_tls(wire, targets)
        except PacsconfError as exc:  # what was written stands, proven or not, and is yet to be recorded
            yield from (Proof(subject_of(one), "unknown", exc.in_full) for one in targets if needs_tls(one))
            targets = tuple(one for one in targets if not needs_tls(one))
        for seen in observe(targets, wire):
            if seen.verdict != "not probed" or seen.level != "none":  # else it asks to be left alone
                self._seen.append(seen)
                yield self._proof(seen)

    def _proof(self, seen: Observation) -> Proof:
        from pacsconf.dicom.probe.run import subject_of, telling

        verdict = "unknown" if seen.verdict == "not probed" else seen.verdict
        dial = self._work.inventory.environments[self._work.environment].dial
        unplayed = seen.verdict == "not probed" and seen.target.declared not in dial
        reason = _UNPLAYED if self._work.practice and unplayed else seen.reason
        return Proof(subject_of(seen.target), verdict, telling(replace(seen, reason=reason)))

    def evidence(self, former: Mapping[str, bytes]) -> Mapping[str, bytes]:
        """What the record keeps of the wire, after what was seen here."""
        if not self._seen:
            return former
        from pacsconf.cli.probe_run import declared, remembered, run_of

        try:
            found = remembered(run_of(self._work, self._seen), declared(self._work), former)
        except RecordError:  # another version wrote it, whose knowledge would be lost
            return former
        return {**former, **found}


_UNPLAYED = "the lab does not play this address yet (pacsconf lab up)"
