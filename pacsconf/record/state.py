"""The record as it was read: what pacsconf owns, or why that is unknown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from pacsconf.core.address import Address
from pacsconf.core.attestation import Attestation
from pacsconf.core.changeset import ChangeSet
from pacsconf.core.errors import RecordError, RecordUnknown
from pacsconf.core.planning import Recorded
from pacsconf.core.resource import State
from pacsconf.record.branch import Branch, Tip
from pacsconf.record.contents import Contents, Held, NewerFormat, Waiting


@dataclass(frozen=True, slots=True)
class RecordState:
    """The record as it was read.

    `known` is False when it cannot be told what pacsconf owns; `why_unknown` and `fix` say it, and the contents are
    empty. `exists` is False only when there certainly is no record, neither here nor in the remote. `note` is worth
    showing: the remote did not answer, so the record may be newer there.
    """

    tip: Tip
    exists: bool = True
    known: bool = True
    acceptable: bool = False
    why_unknown: str = ""
    fix: str = ""
    note: str = ""
    contents: Contents = field(default_factory=Contents)

    @property
    def head(self) -> str:
        """The commit that was read; empty where there is none."""
        return self.tip.head

    @property
    def open(self) -> ChangeSet | None:
        """The change set that is open, if one is."""
        return self.contents.open

    @property
    def owned(self) -> Mapping[Address, State]:
        """What pacsconf last applied, by address."""
        return self.contents.owned

    @property
    def last(self) -> Mapping[Address, State] | None:
        """The third side of the comparison: what is owned, or None when that is unknown."""
        return self.contents.owned if self.known else None

    @property
    def evidence(self) -> Mapping[str, bytes]:
        """What observers saw, by path below `evidence/`."""
        return self.contents.evidence

    @property
    def held(self) -> Mapping[Address, Held]:
        """What apply leaves alone."""
        return self.contents.held

    @property
    def waiting(self) -> Mapping[Address, Waiting]:
        """What a person must do."""
        return self.contents.waiting

    @property
    def reserved(self) -> Mapping[Address, date]:
        """Names that stay reserved, until when."""
        return self.contents.reserved

    @property
    def attested(self) -> Mapping[Address, Attestation]:
        """What stands in systems that cannot be read, as far as anybody said."""
        return self.contents.attested

    def for_planning(self) -> Recorded:
        """What planning needs of it; where none was begun yet, nothing is owned, and that is certain."""
        if not self.exists:
            return Recorded({})
        return Recorded(
            self.last,
            ". ".join(filter(None, (self.why_unknown, self.fix))),
            {address: one.declared for address, one in self.held.items()},
            {address: one.change for address, one in self.waiting.items()},
            self.reserved,
        )

    def require_known(self) -> None:
        """Go on only when it is known what is owned.

        Raises: RecordUnknown.
        """
        if not self.known:
            raise RecordUnknown(self.why_unknown, fix=self.fix)


def read_state(branch: Branch, *, fetch: bool) -> RecordState:
    """The record as it stands, or why that is unknown. A remote that does not answer is a note."""
    tip, standing, note = branch.stand(fetch=fetch)
    unknown = RecordState(tip, standing.exists, False, standing.acceptable, standing.why, standing.fix, note)
    if standing.why:
        return unknown
    try:
        return RecordState(tip, note=note, contents=branch.contents(tip.head))
    except RecordError as exc:
        accept = f"git fsck, or pacsconf -e {branch.environment} record init --accept --reason TEXT"
        return replace(
            unknown,
            acceptable=not isinstance(exc, NewerFormat),
            why_unknown=f"{branch.name} cannot be read at {tip.head[:10]}: {exc.message}",
            fix=exc.fix or accept,
        )
