"""What is asked of the network and of backups as a whole: `security.tls` and `security.backups`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, WithJsonSchema

from pacsconf.core.moment import iso_moment
from pacsconf.inventory.base import Model
from pacsconf.inventory.formats import date
from pacsconf.inventory.values import DateText, Flag, Minutes, OneOrMany, Texts, ruled

TLSVersion = Literal["1.2", "1.3"]
"""Older ones are forbidden (RFC 8996; PS3.15 B.12)."""
Ways = Literal["all", "cross-site", "cross-zone", "external"]
"""Which flows: every one, those between two sites, between two zones, or with a partner outside."""
Saved = Literal["configuration", "database", "directory", "images"]


def day_or_moment(text: str) -> str:
    """The day or the moment in `text`, as it was written.

    Raises: ValueError when it is neither.
    """
    if "T" not in text:
        return date(text)
    try:
        return iso_moment(text)
    except ValueError as exc:
        raise ValueError(
            "a moment is written as 2026-01-31T02:15:00Z, a day as 2026-01-31 (ISO 8601)"
        ) from exc


def moment_of(text: str) -> datetime:
    """The moment that `day_or_moment` let through; of a day its end, in UTC, in favour of who wrote it."""
    if "T" in text:
        return datetime.fromisoformat(text)
    return datetime.fromisoformat(f"{text}T23:59:59").replace(tzinfo=UTC)


DayOrMoment = Annotated[
    str,
    AfterValidator(ruled("PACS-VAL-002", day_or_moment)),
    WithJsonSchema({"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}(T.+)?$"}),
]


class TLSRules(Model):
    """Where TLS is asked for, and which."""

    minimum: TLSVersion = "1.2"
    require_for: Annotated[tuple[Ways, ...], OneOrMany] = ()
    """Flows that must be encrypted."""
    client_certificates_for: Annotated[tuple[Ways, ...], OneOrMany] = ()
    """Flows whose caller must show a certificate too."""


class Backup(Model):
    """A backup as it is arranged. pacsconf makes none, and looks at none."""

    of: Annotated[Texts, Field(min_length=1)]
    """Systems and devices that it saves."""
    what: Annotated[tuple[Saved, ...], OneOrMany, Field(min_length=1)]
    every: Minutes | None = None
    """How often it is made: `24h`."""
    last_success: DayOrMoment | None = None
    """When it last succeeded, as far as somebody wrote it down."""
    restore_tested: DateText | None = None
    """When something was last restored from it, to see whether that can be done."""
    offsite: Flag = False
    """Whether it is kept in another building."""
    encrypted: Flag = False
    """Whether it is kept encrypted."""
