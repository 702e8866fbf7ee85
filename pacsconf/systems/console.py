"""A PACS, RIS, router or scanner whose tables only a person can change, at its console.

Nothing can be read from it and nothing written to it. *Live* is the vendor's export of its peer table where there
is one, and else what was attested last: a person says, or a probe saw, that a row stands there (`pacsconf attest`).
Where both speak, an attestation counts over the export that lay there when it was made; a new export rules again,
so that what somebody keyed in meanwhile shows as drift. Of the device's own row no export tells.

`apply` changes nothing: what does not stand yet waits for a person, who gets a sheet.
"""

from __future__ import annotations

import hashlib
import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import ValidationError

from pacsconf.core.address import Address
from pacsconf.core.attestation import Attestation
from pacsconf.core.change import Action, Change, Outcome, Status
from pacsconf.core.errors import BadAnswer, Refused, SystemFault, Unavailable
from pacsconf.core.finding import Finding
from pacsconf.core.on_demand import OnDemand
from pacsconf.core.resource import Fields, Resource, Snapshot, State, Typed
from pacsconf.inventory.console_export import ExportConfig
from pacsconf.inventory.model import Inventory
from pacsconf.inventory.peers import Peer, entity, peer_table
from pacsconf.inventory.systems import ConsoleConfig, SystemConfig
from pacsconf.systems._console import evident, export, rows
from pacsconf.systems._console.rows import ConsoleRow, OwnRow, PeerRow
from pacsconf.systems.base import Declared, Secrets, conflict, stands

if TYPE_CHECKING:
    from pacsconf.policy.evidence import Configured

_KINDS: Mapping[str, type[ConsoleRow]] = {kind.kind: kind for kind in (PeerRow, OwnRow)}
_PROBLEMS = 20
"""Faults of one export that are listed; the rest is counted."""
_VERBS: Mapping[Action, str] = {"create": "enter", "update": "change", "delete": "delete"}


@dataclass(frozen=True, slots=True)
class _Live:
    """What is known of a console: rows by address, in words whence, and since when."""

    rows: Mapping[Address, ConsoleRow] = field(default_factory=dict)
    notes: Mapping[Address, str] = field(default_factory=dict)
    changed: Mapping[Address, datetime] = field(default_factory=dict)


class ConsoleSystem:
    """Keeps `System`; a change is held against the newest export before it is handed to a person."""

    kinds: ClassVar[Mapping[str, type[Resource]]] = _KINDS
    guarantee: ClassVar[Literal["atomic", "checked"]] = "checked"

    def __init__(self, name: str, config: SystemConfig, secrets: Secrets) -> None:
        self.name = name
        self.config = ConsoleConfig.model_validate(config.model_dump(exclude_unset=True))
        self._attested: Mapping[Address, Attestation] = {}
        self._basis = ""
        self._retired = False

    def declared(self, inventory: Inventory) -> Declared:
        """The device's own row and its peers; of a retired device nothing is wanted, and nothing known any more."""
        table, findings = peer_table(inventory, self.config)
        holder = entity(inventory, self.config.ae)
        self._retired = holder is not None and holder[0].lifecycle == "retired"
        if holder is None or self._retired:
            return Declared((), findings)
        own = rows.own_row(self.name, *holder).state()
        wanted = {own.address: own}
        peers: dict[Address, Peer] = {}
        for peer in table:
            state = rows.peer_state(self.name, peer, self.config)
            wanted[state.address] = state
            peers[state.address] = peer
        return Declared(
            Typed({address: wanted[address] for address in sorted(wanted)}, _KINDS),
            findings,
            retired=frozenset(rows.on_purpose(self.name, inventory)) - wanted.keys(),
            paths=OnDemand(
                wanted.keys(),
                lambda address: (
                    rows.peer_paths(inventory, peers[address], self.config)
                    if address in peers
                    else rows.own_paths(*holder)
                ),
            ),
        )

    # --- live ---------------------------------------------------------------------------------------------------

    def recall(self, attestations: Mapping[Address, Attestation]) -> None:
        """What was attested of this console so far."""
        self._attested = attestations

    def basis(self) -> str:
        """The SHA-256 of the export that was read last; empty where there is none."""
        return self._basis

    def read(self) -> Snapshot:
        """What the export says, and what was attested on top of it.

        Raises: Unavailable and Refused when the export cannot be had; BadAnswer with everything wrong in it.
        """
        live = self._live()
        found = tuple(live.rows[address] for address in sorted(live.rows))
        return Snapshot(self.name, found, live.notes, live.changed)

    def _live(self) -> _Live:
        if self._retired:
            return _Live()
        exported = self._exported(self.config.export) if self.config.export else {}
        known: dict[Address, ConsoleRow] = dict(exported)
        notes = dict.fromkeys(known, self._export_in_words())
        changed: dict[Address, datetime] = {}
        for address, attestation in sorted(self._attested.items()):
            if not self._counts(attestation):
                continue
            known.pop(address, None)
            if attestation.state is not None:
                known[address] = self._as_attested(attestation)
                notes[address] = _in_words(attestation)
                changed[address] = _moment(attestation)
        return _Live(known, {a: text for a, text in notes.items() if a in known}, changed)

    def _counts(self, attestation: Attestation) -> bool:
        """Whether nothing newer speaks: an export that arrived after it rules over it."""
        address = attestation.address
        ruled = self.config.export is not None and address.kind == PeerRow.kind
        return address.kind in _KINDS and (not ruled or attestation.basis == self._basis)

    def _as_attested(self, attestation: Attestation) -> ConsoleRow:
        assert attestation.state is not None, "only what stands has a row"
        try:
            return self._seen(_KINDS[attestation.address.kind].of(attestation.state))
        except ValidationError as exc:
            raise BadAnswer(
                self.name,
                f"what was attested of {attestation.address} is no row of a console",
                fix=f"Attest it again: pacsconf attest {attestation.address}",
            ) from exc

    def _seen(self, row: ConsoleRow) -> ConsoleRow:
        """The row as far as it can be compared: of a peer, what the export has a column for."""
        config = self.config.export
        return rows.only(row, frozenset(config.columns)) if config and row.kind == PeerRow.kind else row

    def _exported(self, config: ExportConfig) -> dict[Address, ConsoleRow]:
        data = self._bytes(Path(config.file))
        self._basis = hashlib.sha256(data).hexdigest()
        found, problems = export.parse(data, config)
        if problems:
            raise _unreadable(self.name, config.file, problems)
        return {row.address: row for row in (_of_export(self.name, one) for one in found)}

    def _bytes(self, file: Path) -> bytes:
        """The whole export. Raises: Unavailable, Refused; BadAnswer where it is no file, or too large for one."""
        with self._mapped(file):
            if not stat.S_ISREG(file.stat().st_mode):
                raise BadAnswer(self.name, f"its export {file} is no file", fix="Correct `export.file`.")
            with file.open("rb") as opened:
                data = opened.read(export.MOST_BYTES + 1)
        if len(data) > export.MOST_BYTES:
            limit = export.MOST_BYTES // 1024 // 1024
            raise BadAnswer(self.name, f"its export {file} is larger than {limit} MB", fix="Look what it is.")
        return data

    @contextmanager
    def _mapped(self, file: Path) -> Iterator[None]:
        """What goes wrong with the export, as a fault of ours."""
        try:
            yield
        except PermissionError as exc:
            raise Refused(
                self.name, f"its export {file} is closed to this user", fix="Let this user read it."
            ) from exc
        except OSError as exc:
            raise Unavailable(
                self.name,
                f"its export {file} cannot be had: {exc.strerror}",
                fix="Export the peer table at the console and put the file there, or correct `export.file`.",
            ) from exc

    def _export_in_words(self) -> str:
        file = self.config.export.file if self.config.export else ""
        dated = re.search(r"(?<!\d)(\d{4}-\d{2}-\d{2})(?!\d)", Path(file).name)
        try:
            day = f"{datetime.fromisoformat(dated[1]):%d %b %Y}" if dated else ""
        except ValueError:
            day = ""
        return f"in the export of {day}" if day else f"in {Path(file).name}"

    def evidence(self, states: Mapping[Address, State], inventory: Inventory) -> Configured:
        """What these rows mean for rules."""
        return evident.evidence(self.config, states, inventory)

    # --- changing it --------------------------------------------------------------------------------------------

    def check(self, changes: Sequence[Change]) -> Sequence[Finding]:
        """Nothing: what the console takes is for the person to see."""
        return ()

    def apply(self, layer: Sequence[Change]) -> Iterator[Outcome]:
        """What stands is applied, whoever keyed it in; the rest waits for a person."""
        try:
            live: Mapping[Address, ConsoleRow] = self._live().rows
        except SystemFault as fault:
            yield from (Outcome(one.address, one.action, "failed", fault.message) for one in layer)
            return
        for one in layer:
            row = live.get(one.address)
            status, words = self._handed_over(one, row.fields() if row is not None else None)
            yield Outcome(one.address, one.action, status, words)

    def _handed_over(self, change: Change, live: Fields | None) -> tuple[Status, str]:
        found = stands(change, live)
        if found == "after":
            return "applied", ""
        if found == "neither":
            return "failed", conflict(change, live)
        contact = f" ({self.config.contact})" if self.config.contact else ""
        return (
            "waiting",
            f"for a person to {_VERBS[change.action]} at the console of {self.config.ae}{contact}",
        )

    def settle(self, applied: Sequence[Change]) -> Iterator[Outcome]:
        """Nothing to reload."""
        yield from ()

    def close(self) -> None:
        """Nothing is held open."""


def _of_export(system: str, row: export.Row) -> ConsoleRow:
    address = Address.of(system, PeerRow.kind, row.alias)
    return PeerRow.model_validate({"address": address, "root": address, **row.fields})


def _unreadable(system: str, file: str, problems: Sequence[export.Problem]) -> BadAnswer:
    """One fault for all that is wrong with an export."""
    told = [f"{file}:{one.line}: {one.text}" for one in problems[:_PROBLEMS]]
    if more := len(problems) - len(told):
        told.append(f"and {more} more")
    count = f"{len(problems)} fault{'' if len(problems) == 1 else 's'}"
    return BadAnswer(
        system,
        f"its export has {count}; half a table would look like deleted rows, so none of it is used",
        told,
        fix="Export it again, or correct the columns, the delimiter or the encoding under `export`.",
    )


def _in_words(attestation: Attestation) -> str:
    who = attestation.by.partition(" <")[0]
    day = f"{_moment(attestation):%d %b %Y}"
    return f"attested by {who}, {day}" if attestation.how == "attested" else f"seen on the wire, {day}"


def _moment(attestation: Attestation) -> datetime:
    """When it was said; the beginning of time where the record does not tell it."""
    try:
        return datetime.fromisoformat(attestation.at).astimezone(UTC)
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
