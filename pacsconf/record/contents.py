"""What one commit of the record holds, and its spelling as files.

    record.json               what kind of commit this is, who made it, when and why
    changeset.json            the change set that it opens, renews, resumes, closes or abandons; else absent
    held.json, waiting.json   addresses left alone, and changes that a person must make
    reserved.json             names that stay reserved, with the day their reservation ends
    owned/SYSTEM/KIND.jsonl   one owned state a line, by address: every field as it was last applied

Everything is canonical JSON, so that equal contents are equal files and `git diff` between two commits reads as
what changed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from typing import Any, Literal, TypeVar, get_args
from urllib.parse import quote

from pacsconf.core.address import Address
from pacsconf.core.change import Change, change_from_json, change_to_json, state_from_json, state_to_json
from pacsconf.core.changeset import ChangeSet, changeset_from_json, changeset_to_json
from pacsconf.core.errors import PacsconfError, RecordError
from pacsconf.core.plan import canonical
from pacsconf.core.resource import State, value_to_json

FORMAT_VERSION = 1

EntryType = Literal[
    "init", "accept", "open", "renewed", "resumed", "closed", "abandoned", "hold", "release", "adopt"
]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Entry:
    """One commit of the record: `by` is `name <mail>`, `at` ISO 8601 in UTC with seconds.

    `changeset` is the id of the change set it is about, and `counts` what became of its changes (`applied`: 4),
    or how many there are (`changes`: 4) while it is open. `commit` is empty until the commit is made.
    """

    type: EntryType
    by: str
    at: str
    reason: str = ""
    changeset: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)
    commit: str = ""


@dataclass(frozen=True, slots=True)
class Held:
    """An address that apply leaves alone until its declared value is another one, or it is released.

    `declared` is the `state_digest` of what was declared when it was held.
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

    @property
    def open(self) -> ChangeSet | None:
        """The change set that locks the environment, if one does."""
        return self.changeset if self.changeset and self.changeset.status == "open" else None


def state_digest(state: State | None) -> str:
    """SHA-256 (hex) of a state's fields; empty for no state."""
    if state is None:
        return ""
    return hashlib.sha256(
        canonical({name: value_to_json(value) for name, value in state.fields.items()})
    ).hexdigest()
