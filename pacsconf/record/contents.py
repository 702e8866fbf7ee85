"""What one commit of the record holds, and its spelling as files.

    record.json               what kind of commit this is, who made it, when and why
    changeset.json            the change set that it opens, renews, resumes, closes or abandons; else absent
    held.json, waiting.json   addresses left alone, and changes that a person must make
    reserved.json             names that stay reserved, with the day their reservation ends
    owned/SYSTEM/KIND.jsonl   one owned state a line, by address: every field as it was last applied
    approvals.json            who must approve what, and approvals of plans that were not applied yet; often absent
    attested/SYSTEM.jsonl     what was attested of a system that cannot be read, one resource a line; often absent
    reviews.json              reviews of who has which role, with what was said of each line; often absent
    evidence/                 what observers saw, and audits; files of theirs, kept as they are
    offboardings.json         who was shut out at once, until somebody else has looked at it; often absent

Everything is canonical JSON, so that equal contents are equal files and `git diff` between two commits reads as
what changed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from typing import Any, Literal, TypeVar, get_args
from urllib.parse import quote

from pacsconf.core.address import Address
from pacsconf.core.approval import (
    ApprovalRules,
    PlanApproval,
    approval_from_json,
    approval_to_json,
    rules_from_json,
    rules_to_json,
)
from pacsconf.core.attestation import Attestation, How
from pacsconf.core.change import Change, change_from_json, change_to_json, state_from_json, state_to_json
from pacsconf.core.changeset import ChangeSet, changeset_from_json, changeset_text
from pacsconf.core.errors import PacsconfError, RecordError
from pacsconf.core.offboarding import Offboarding, offboardings_from_json, offboardings_to_json
from pacsconf.core.resource import State, one_of
from pacsconf.core.review import Reviews, reviews_from_json, reviews_to_json
from pacsconf.core.spelling import canonical, indented
from pacsconf.record.owned import MISREAD, Reader, from_lines, states_from_lines, states_to_lines

FORMAT_VERSION = 1
EVIDENCE = "evidence/"

EntryType = Literal[
    "init",
    "accept",
    "open",
    "renewed",
    "resumed",
    "closed",
    "abandoned",
    "hold",
    "release",
    "attest",
    "probe",
    "commission",
    "storage",
    "approve",
    "reload",
    "review",
    "sign-off",
    "offboard",
    "audit",
]

CHANGESET = "changeset.json"
APPROVALS = "approvals.json"
REVIEWS = "reviews.json"
OFFBOARDINGS = "offboardings.json"
RELOADED, NOT_RELOADED = "reloaded", "not reloaded"
"""What is counted of programs that were told to read again what stands."""

T = TypeVar("T")


class NewerFormat(RecordError):
    """A newer pacsconf wrote this record."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One commit of the record: `by` is `name <mail>`, `at` ISO 8601 in UTC with seconds.

    `changeset` is the id of the change set it is about, and `counts` what became of its changes (`applied`: 4), or
    how many there are (`changes`: 4) while it is open; `audit` is the id of the audit that it keeps. `commit` is
    empty until the commit is made.
    """

    type: EntryType
    by: str
    at: str
    reason: str = ""
    changeset: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)
    commit: str = ""
    audit: str = ""


def not_reloaded(entries: Iterable[Entry]) -> int:
    """Of the programs that were told last of what stands, how many did not read it; `entries` newest first."""
    told = (one.counts for one in entries if not {RELOADED, NOT_RELOADED}.isdisjoint(one.counts))
    return next(told, {}).get(NOT_RELOADED, 0)


@dataclass(frozen=True, slots=True)
class Held:
    """An address that apply leaves alone until its declared value is another one, or it is released.

    `declared` is the `core.planning.state_digest` of what was declared when it was held.
    """

    address: Address
    declared: str
    reason: str
    by: str
    at: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """A change that a person must make, since when, and by which change set."""

    change: Change
    since: str
    changeset: str


@dataclass(frozen=True, slots=True)
class Contents:
    """All that a commit of the record holds."""

    owned: Mapping[Address, State] = field(default_factory=dict)
    held: Mapping[Address, Held] = field(default_factory=dict)
    waiting: Mapping[Address, Waiting] = field(default_factory=dict)
    reserved: Mapping[Address, date] = field(default_factory=dict)
    changeset: ChangeSet | None = None
    attested: Mapping[Address, Attestation] = field(default_factory=dict)
    evidence: Mapping[str, bytes] = field(default_factory=dict)
    """What observers saw, by path below `evidence/` (`probes/last.jsonl`): files of theirs, kept as they are."""
    approval_rules: ApprovalRules = field(default_factory=dict)
    """Who must approve what, as it was declared when a change set was last closed."""
    approvals: tuple[PlanApproval, ...] = ()
    """Approvals of plans that were not applied yet, in the order in which they were given."""
    reviews: Reviews = ()
    offboardings: tuple[Offboarding, ...] = ()
    """Access that was taken away at once, and that somebody else has still to look at."""
    """Who was reviewed to have which role, and what was said of it."""

    def approvals_of(self, digest: str) -> tuple[PlanApproval, ...]:
        """Those of one plan."""
        return tuple(one for one in self.approvals if one.digest == digest)

    @property
    def open(self) -> ChangeSet | None:
        """The change set that locks the environment, if one does."""
        return self.changeset if self.changeset and self.changeset.status == "open" else None


# --- files ----------------------------------------------------------------------------------------------------


def to_files(entry: Entry, contents: Contents) -> dict[str, bytes]:
    """The files of a commit, by path."""
    files = {
        "record.json": _json(_entry_to_json(entry)),
        "held.json": _json([_held_to_json(held) for _, held in sorted(contents.held.items())]),
        "waiting.json": _json([_waiting_to_json(one) for _, one in sorted(contents.waiting.items())]),
        "reserved.json": _json({str(a): day.isoformat() for a, day in sorted(contents.reserved.items())}),
    }
    if contents.changeset is not None:
        files[CHANGESET] = changeset_text(contents.changeset).encode("ascii") + b"\n"
    if contents.approval_rules or contents.approvals:
        files[APPROVALS] = _json(_approvals_to_json(contents))
    if contents.reviews:
        files[REVIEWS] = _json(reviews_to_json(contents.reviews))
    if contents.offboardings:
        files[OFFBOARDINGS] = _json(offboardings_to_json(contents.offboardings))
    owned = sorted(contents.owned.values(), key=lambda state: state.address)
    for (system, kind), states in groupby(
        owned, key=lambda state: (state.address.system, state.address.kind)
    ):
        files[owned_path(system, kind)] = states_to_lines(states)
    attested = sorted(contents.attested.values(), key=lambda one: one.address)
    for system, attestations in groupby(attested, key=lambda one: one.address.system):
        lines = (canonical(_attestation_to_json(one)) + b"\n" for one in attestations)
        files[f"attested/{_file_name(system)}.jsonl"] = b"".join(lines)
    return files | {f"{EVIDENCE}{path}": data for path, data in contents.evidence.items()}


def owned_path(system: str, kind: str) -> str:
    """The file that holds what is owned of a kind of a system."""
    return f"owned/{_file_name(system)}/{_file_name(kind)}.jsonl"


def from_files(paths: Iterable[str], read: Callable[[str], bytes]) -> Contents:
    """The inverse of `to_files`, but for the entry.

    Raises: RecordError naming the file that cannot be understood.
    """
    present = frozenset(paths)
    entry_from_file(read("record.json"))  # first: a newer format is to be named as such
    changeset = _parsed(CHANGESET, read, changeset_from_json) if CHANGESET in present else None
    rules, approvals = approvals_from_file(read(APPROVALS)) if APPROVALS in present else ({}, ())
    reader = Reader()
    return Contents(
        owned={
            state.address: state
            for path in sorted(present)
            if path.startswith("owned/") and path.endswith(".jsonl")
            for state in states_from_lines(read(path), path, reader)
        },
        held=_parsed("held.json", read, _held_from_json),
        waiting=_parsed("waiting.json", read, _waiting_from_json),
        reserved=_parsed("reserved.json", read, _reserved_from_json),
        changeset=changeset,
        attested={
            one.address: one
            for path in sorted(present)
            if path.startswith("attested/") and path.endswith(".jsonl")
            for one in from_lines(enumerate(read(path).splitlines(), start=1), path, _attestation_from_json)
        },
        evidence={
            path.removeprefix(EVIDENCE): read(path) for path in sorted(present) if path.startswith(EVIDENCE)
        },
        approval_rules=rules,
        approvals=approvals,
        reviews=reviews_from_file(read(REVIEWS)) if REVIEWS in present else (),
        offboardings=(_parsed(OFFBOARDINGS, read, offboardings_from_json) if OFFBOARDINGS in present else ()),
    )


def entry_from_file(data: bytes, commit: str = "") -> Entry:
    """The entry in a commit's `record.json`.

    Raises: RecordError, with what to do when a newer pacsconf wrote it.
    """
    return _parsed("record.json", lambda _: data, lambda body: _entry_from_json(body, commit))


def changeset_from_file(data: bytes) -> ChangeSet:
    """The change set in a commit's `changeset.json`.

    Raises: RecordError.
    """
    return _parsed(CHANGESET, lambda _: data, changeset_from_json)


def approvals_from_file(data: bytes) -> tuple[ApprovalRules, tuple[PlanApproval, ...]]:
    """The rules and the approvals in a commit's `approvals.json`.

    Raises: RecordError.
    """
    return _parsed(APPROVALS, lambda _: data, _approvals_from_json)


def reviews_from_file(data: bytes) -> Reviews:
    """The reviews in a commit's `reviews.json`.

    Raises: RecordError.
    """
    return _parsed(REVIEWS, lambda _: data, reviews_from_json)


def _parsed(path: str, read: Callable[[str], bytes], parse: Callable[[Any], T]) -> T:
    try:
        return parse(json.loads(read(path)))
    except RecordError:
        raise
    except PacsconfError as exc:
        raise _unreadable(path, exc.message) from exc
    except MISREAD as exc:
        raise _unreadable(path, exc) from exc


def _unreadable(place: str, why: object) -> RecordError:
    return RecordError(f"{place} cannot be understood: {why}")


def _json(body: Any) -> bytes:
    return indented(body, by=1, sort_keys=True).encode("ascii") + b"\n"


def _file_name(text: str) -> str:
    return quote(text, safe="").replace(".", "%2E")


def _entry_to_json(entry: Entry) -> dict[str, Any]:
    return {
        "format_version": FORMAT_VERSION,
        "type": entry.type,
        "by": entry.by,
        "at": entry.at,
        "reason": entry.reason,
        "changeset": entry.changeset,
        "counts": dict(entry.counts),
        **({"audit": entry.audit} if entry.audit else {}),
    }


def _entry_from_json(data: dict[str, Any], commit: str) -> Entry:
    version = data["format_version"]
    if version != FORMAT_VERSION:
        raise NewerFormat(
            f"the record has format version {version}; this pacsconf reads {FORMAT_VERSION}",
            fix="Use the version of pacsconf that wrote it, or a newer one",
        )
    if data["type"] not in get_args(EntryType):
        raise ValueError(f'"{data["type"]}" is no type of entry')
    counts = {str(name): int(count) for name, count in data["counts"].items()}
    texts = {name: str(data[name]) for name in ("by", "at", "reason", "changeset")}
    return Entry(data["type"], **texts, counts=counts, commit=commit, audit=str(data.get("audit", "")))


def _held_to_json(held: Held) -> dict[str, str]:
    texts = {name: str(getattr(held, name)) for name in ("declared", "reason", "by", "at")}
    return {"address": str(held.address), **texts}


def _held_from_json(data: list[dict[str, Any]]) -> dict[Address, Held]:
    held = (
        Held(Address.parse(one["address"]), *(str(one[name]) for name in ("declared", "reason", "by", "at")))
        for one in data
    )
    return {one.address: one for one in held}


def _waiting_to_json(waiting: Waiting) -> dict[str, Any]:
    return {
        "change": change_to_json(waiting.change),
        "since": waiting.since,
        "changeset": waiting.changeset,
    }


def _waiting_from_json(data: list[dict[str, Any]]) -> dict[Address, Waiting]:
    waiting = (
        Waiting(change_from_json(one["change"]), str(one["since"]), str(one["changeset"])) for one in data
    )
    return {one.change.address: one for one in waiting}


def _reserved_from_json(data: dict[str, Any]) -> dict[Address, date]:
    return {Address.parse(address): date.fromisoformat(day) for address, day in data.items()}


def _attestation_to_json(attestation: Attestation) -> dict[str, Any]:
    texts = {name: getattr(attestation, name) for name in _ATTESTED}
    state = state_to_json(attestation.state)
    return {"address": str(attestation.address), "how": attestation.how, "state": state, **texts}


_ATTESTED = ("by", "at", "reason", "basis")


def _attestation_from_json(data: dict[str, Any]) -> Attestation:
    return Attestation(
        Address.parse(data["address"]),
        state_from_json(data["state"]),
        how=one_of(How, data["how"]),
        **{name: str(data[name]) for name in _ATTESTED},
    )


def _approvals_to_json(contents: Contents) -> dict[str, Any]:
    given = [approval_to_json(one) for one in contents.approvals]
    return {"rules": rules_to_json(contents.approval_rules), "given": given}


def _approvals_from_json(data: dict[str, Any]) -> tuple[ApprovalRules, tuple[PlanApproval, ...]]:
    return rules_from_json(data["rules"]), tuple(map(approval_from_json, data["given"]))
