"""An evidence pack: what it says of itself (which audit, on which record, the SHA-256 of every file), and what
comes of checking one. Pure.

    manifest.json             this
    audit/audit.jsonl         the audit as the record keeps it
    report/                   the audit as others read it: HTML, OSCAL, SARIF, JUnit, CSV, JSON
    changesets/ID.json        every change set as it ended, with what was let through and approved
    reviews/reviews.json      reviews of access, as they stood
    acceptance/DEVICE/RUN     acceptance runs that were signed
    policies/                 packs, waivers, controls and retention minimums at the audited commit

Nothing that is received is believed: names are plain, so that no file can land elsewhere, and numbers are bounded.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import quote

from pacsconf.core.chain import digest_of
from pacsconf.core.errors import RecordError
from pacsconf.core.spelling import indented
from pacsconf.policy.audit import Chain

FORMAT_VERSION = 1
KIND = "pacsconf evidence pack"
NAME = "manifest.json"
AUDIT = "audit/audit.jsonl"
CHANGESETS = "changesets"

MOST_FILES = 50_000
LARGEST_MANIFEST = 32 * 1024 * 1024
"""Bytes; one of fifty thousand files has a third of it."""

_MISREAD = (ValueError, KeyError, TypeError, AttributeError, RecursionError)
_PART = r"[A-Za-z0-9_%][A-Za-z0-9_.,%+=@-]*"
_PATH = re.compile(rf"(?=.{{1,240}}\Z){_PART}(?:/{_PART}){{0,7}}", re.ASCII)
_COMMIT = re.compile("[0-9a-f]{40}")
_DIGEST = re.compile("[0-9a-f]{64}")
_ENVIRONMENT = re.compile("[a-z0-9][a-z0-9-]*")


@dataclass(frozen=True, slots=True)
class Filed:
    """One file of a pack: its SHA-256 and its length in bytes."""

    digest: str
    size: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a pack is: commits are of the record, but for `inventory_commit`. `left_out` says what is not in it."""

    environment: str
    by: str
    at: str
    version: str
    audit: str
    entry: str
    """The commit that recorded the audit."""
    record: str
    """The head of the record that the pack was made on."""
    inventory_commit: str
    inventory: str
    policies: str
    chain: Chain
    files: Mapping[str, Filed]
    left_out: tuple[str, ...] = ()


def filed(files: Mapping[str, bytes]) -> dict[str, Filed]:
    """The files of a pack as its manifest lists them."""
    return {path: Filed(digest_of(data), len(data)) for path, data in sorted(files.items())}


def packed_name(path: str) -> str:
    """A file's path as a pack spells it, with nothing in it that some machine could take for more than a name."""
    return "/".join(map(_part, path.split("/")))


def _part(text: str) -> str:
    quoted = quote(text, safe=",+=@").replace("~", "%7E")
    return (
        quoted if quoted[:1].isalnum() or quoted[:1] in ("_", "%") else f"%{ord(quoted[0]):02X}{quoted[1:]}"
    )


def is_environment(name: str) -> bool:
    """Whether an environment may be called this."""
    return bool(_ENVIRONMENT.fullmatch(name)) and len(name) <= 100


def is_plain(path: str) -> bool:
    """Whether a path is one that a pack may have."""
    return bool(_PATH.fullmatch(path))


def to_bytes(manifest: Manifest) -> bytes:
    """The manifest as its file."""
    body = {
        "kind": KIND,
        "format_version": FORMAT_VERSION,
        "environment": manifest.environment,
        "made": {"by": manifest.by, "at": manifest.at, "version": manifest.version},
        "audit": {"id": manifest.audit, "entry": manifest.entry},
        "record": manifest.record,
        "inventory": {"commit": manifest.inventory_commit, "sha256": manifest.inventory},
        "policies": {"sha256": manifest.policies},
        "chain": {name: getattr(manifest.chain, name) for name in Chain.__slots__},
        "left_out": list(manifest.left_out),
        "files": {path: {"sha256": one.digest, "bytes": one.size} for path, one in manifest.files.items()},
    }
    return indented(body, by=1, sort_keys=True).encode("ascii") + b"\n"


def from_bytes(data: bytes) -> Manifest:
    """The inverse of `to_bytes`, of what another machine wrote.

    Raises: RecordError.
    """
    if len(data) > LARGEST_MANIFEST:
        raise RecordError(f"{NAME} is longer than that of any evidence pack")
    try:
        return _manifest(json.loads(data))
    except _MISREAD as exc:
        raise RecordError(f"{NAME} is not that of an evidence pack") from exc


def _manifest(body: dict[str, Any]) -> Manifest:
    if body["kind"] != KIND:
        raise ValueError("it is of another kind")
    if body["format_version"] != FORMAT_VERSION:
        raise RecordError(
            f"it has format version {body['format_version']!r:.20}; this pacsconf reads {FORMAT_VERSION}",
            fix="Use the version of pacsconf that wrote it, or a newer one",
        )
    chain = body["chain"]
    return Manifest(
        environment=_matched(_ENVIRONMENT, body["environment"]),
        by=_text(body["made"]["by"]),
        at=_text(body["made"]["at"]),
        version=_text(body["made"]["version"]),
        audit=_text(body["audit"]["id"]),
        entry=_matched(_COMMIT, body["audit"]["entry"]),
        record=_matched(_COMMIT, body["record"]),
        inventory_commit=_text(body["inventory"]["commit"]),
        inventory=_text(body["inventory"]["sha256"]),
        policies=_text(body["policies"]["sha256"]),
        chain=Chain(
            _text(chain["head"]), _text(chain["changeset"]), _text(chain["digest"]), _number(chain["length"])
        ),
        files=_files(body["files"]),
        left_out=tuple(map(_text, body["left_out"])),
    )


def _files(body: dict[str, Any]) -> dict[str, Filed]:
    if len(body) > MOST_FILES or not all(map(is_plain, body)) or NAME in body:
        raise ValueError("it lists files that no pack has")
    if len({path.casefold() for path in body}) < len(body):
        raise ValueError("two files have names that some machines take for one")
    return {
        path: Filed(_matched(_DIGEST, one["sha256"]), _number(one["bytes"])) for path, one in body.items()
    }


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("a text is needed")
    return value


def _matched(pattern: re.Pattern[str], value: object) -> str:
    text = _text(value)
    if not pattern.fullmatch(text):
        raise ValueError("it is spelt otherwise")
    return text


def _number(value: object) -> int:
    if type(value) is not int or value < 0:
        raise TypeError("a number is needed")
    return value


# --- what comes of checking one -----------------------------------------------------------------------------------

Verdict = Literal["holds", "fails", "not known"]
SIGNATURE = "signature"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at, and what came of it."""

    what: str
    verdict: Verdict
    text: str


@dataclass(frozen=True, slots=True)
class Verified:
    """What was made of a pack; `manifest` and `files` are what it says where all but its author holds."""

    checks: tuple[Check, ...]
    manifest: Manifest | None = None
    files: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def holds(self) -> bool:
        """Whether nothing fails; who signed it may not be known."""
        return all(one.verdict != "fails" for one in self.checks)

    @property
    def signed(self) -> bool:
        """Whether it is known who signed it."""
        return any(one.what == SIGNATURE and one.verdict == "holds" for one in self.checks)
