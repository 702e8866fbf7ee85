"""The resources of an Orthanc: the peers it talks to, by the names it has for them.

Types are wide on purpose: what somebody made by hand may break every rule, and must still be shown. What equals
Orthanc's own default is left out on both sides, so that it is never a difference.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from pacsconf.core.resource import Effect, Fields, Members, Resource, Risk, members
from pacsconf.systems._orthanc.options import ServerSettings

PEER, DICOMWEB, ORTHANC, HELD = "peer", "dicomweb-server", "orthanc-peer", "held-study"


def _differ(before: Fields, after: Fields, *names: str) -> bool:
    return any(before.get(name) != after.get(name) for name in names)


class PeerEntry(Resource):
    """A DICOM modality, by its symbolic name (alias). What a person counts."""

    kind: ClassVar[str] = PEER

    ae_title: str | None = None
    host: str | None = None
    port: int | None = None
    manufacturer: str | None = None
    allow: Members = ()
    local_ae_title: str | None = None
    timeout: int | None = None
    tls: bool | None = None

    @classmethod
    def risk(cls, before: Fields | None, after: Fields | None) -> Risk:
        """What a peer is allowed, and whether it is encrypted, is a matter of access."""
        if before is not None and after is not None and _differ(before, after, "allow", "tls"):
            return "access"
        return super().risk(before, after)

    @classmethod
    def effects(cls, before: Fields | None, after: Fields | None) -> frozenset[Effect]:
        """Another title or address, rights gained or lost, TLS turned off."""
        found = set(super().effects(before, after))
        if before is not None and after is not None:
            if _differ(before, after, "ae_title", "host", "port"):
                found.add("readdresses")
            gained = members(after, "allow") - members(before, "allow")
            if gained or (before.get("tls") and not after.get("tls")):
                found.add("widens")
            if members(before, "allow") - members(after, "allow"):
                found.add("removes")
        return frozenset(found)


class WebEntry(Resource):
    """A server that Orthanc calls over HTTP.

    Its password is never read back; `password_version` says which one was written last, and is left out for the
    first.
    """

    secrets: ClassVar[frozenset[str]] = frozenset({"password_version"})

    url: str | None = None
    user: str | None = None
    password_version: int | None = None

    @classmethod
    def risk(cls, before: Fields | None, after: Fields | None) -> Risk:
        """Where a password goes, and whose it is, is a matter of access."""
        has_login = any(side is not None and "user" in side for side in (before, after))
        return "access" if before != after and has_login else super().risk(before, after)

    @classmethod
    def effects(cls, before: Fields | None, after: Fields | None) -> frozenset[Effect]:
        """Another address, or one that is no longer encrypted."""
        found = set(super().effects(before, after))
        if before is not None and after is not None:
            if _differ(before, after, "url"):
                found.add("readdresses")
            if _is_encrypted(before) and not _is_encrypted(after):
                found.add("widens")
        return frozenset(found)


def _is_encrypted(fields: Fields) -> bool:
    return str(fields.get("url", "")).lower().startswith("https:")


class DicomWebEntry(WebEntry):
    """A DICOMweb server, by its name; there are such where the DICOMweb plugin is loaded."""

    kind: ClassVar[str] = DICOMWEB


class OrthancPeerEntry(WebEntry):
    """Another Orthanc, by its symbolic name."""

    kind: ClassVar[str] = ORTHANC


class HeldStudy(Resource):
    """A study under a legal hold, by the hash of its UID: its patient is protected against recycling."""

    kind: ClassVar[str] = HELD

    protected: bool = True

    @classmethod
    def purge_note(cls, before: Fields | None, after: Fields | None) -> str | None:
        """Without protection a full Orthanc may delete the patient, with all studies."""
        ends = before is not None and after is None
        return (
            "ends the protection of its patient against being deleted when Orthanc is full" if ends else None
        )


KINDS: Mapping[str, type[Resource]] = {
    kind.kind: kind for kind in (PeerEntry, DicomWebEntry, OrthancPeerEntry, HeldStudy, ServerSettings)
}
