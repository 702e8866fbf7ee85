"""DICOM services in words that a person at a console knows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pacsconf.inventory import uids

_WORDS: Mapping[str, str] = {
    "verification": "echo (C-ECHO)",
    "storage": "images (C-STORE)",
    "storage-commitment": "storage commitment (N-ACTION, N-EVENT-REPORT)",
    "modality-worklist": "worklist (C-FIND)",
    "mpps": "performed procedure step, MPPS (N-CREATE, N-SET)",
    "query": "search (C-FIND)",
    "retrieve": "fetch (C-MOVE, C-GET)",
    "query-retrieve": "search and fetch (C-FIND, C-MOVE, C-GET)",
    "study-root-find": "search (C-FIND)",
    "study-root-move": "fetch by C-MOVE",
    "study-root-get": "fetch by C-GET",
    "patient-root-find": "search by patient (C-FIND)",
    "patient-root-move": "fetch by patient (C-MOVE)",
    "patient-root-get": "fetch by patient (C-GET)",
    "print": "print (Basic Grayscale Print)",
    "color-print": "print in colour (Basic Color Print)",
    "unified-procedure-step": "unified procedure steps",
    "dose-reports": "dose reports (C-STORE)",
    "secondary-captures": "secondary captures (C-STORE)",
    "waveforms": "waveforms (C-STORE)",
    "presentation-states": "presentation states (C-STORE)",
    "structured-reports": "structured reports (C-STORE)",
    "encapsulated-documents": "documents such as PDF (C-STORE)",
    "radiotherapy": "radiotherapy objects (C-STORE)",
    "visible-light": "visible light images (C-STORE)",
}
RIGHTS: Mapping[str, str] = {
    "echo": "echo (C-ECHO)",
    "find": "search (C-FIND)",
    "get": "fetch by C-GET",
    "move": "fetch by C-MOVE",
    "n-action": "ask for storage commitment (N-ACTION)",
    "n-event-report": "answer storage commitment (N-EVENT-REPORT)",
    "store": "send images (C-STORE)",
    "transcoding": "recoding of images for it (transcoding)",
    "worklist": "worklist (C-FIND)",
}
"""Rights of a peer table in words."""

_QUERY = "1.2.840.10008.5.1.4.1.2."
_PRINT = "1.2.840.10008.5.1.1."
_KINDS: Mapping[str, str] = {
    uids.VERIFICATION: "verification",
    uids.STORAGE_COMMITMENT: "storage-commitment",
    uids.MODALITY_WORKLIST: "modality-worklist",
    uids.MPPS: "mpps",
    "1.2.840.10008.3.1.2.3.4": "mpps",
    "1.2.840.10008.3.1.2.3.5": "mpps",
}


@dataclass(frozen=True, slots=True)
class Services:
    """Services as flows name them (`names`), and the `kinds` they are of.

    A kind is `storage`, `storage-commitment`, `modality-worklist`, `mpps`, `query-retrieve`, `print`,
    `verification` or `other`.
    """

    names: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()

    @property
    def words(self) -> tuple[str, ...]:
        """Each in words, for people."""
        return tuple(in_words(name) for name in self.names)

    def narrower(self, kind: str) -> tuple[str, ...]:
        """Those of one kind in words, where all that is meant is less than the whole kind."""
        own = [name for name in self.names if kind in _kinds(name)]
        return () if kind in own else tuple(map(in_words, own))


def services_of(names: Iterable[str]) -> Services:
    """The services of these names, each once."""
    told = tuple(dict.fromkeys(names))
    return Services(told, tuple(sorted({kind for name in told for kind in _kinds(name)})))


def in_words(name: str) -> str:
    """A service, or a single SOP class, in words."""
    if name in _WORDS:
        return _WORDS[name]
    if name in uids.services():
        return name
    return uids.title(uids.sop_class(name))


def _kinds(name: str) -> set[str]:
    return {_kind(uid) for uid in uids.covers(name)}


def _kind(uid: str) -> str:
    if uid in _KINDS:
        return _KINDS[uid]
    if uid.startswith(_QUERY):
        return "query-retrieve"
    if uid.startswith(_PRINT):
        return "print"
    return "storage" if uid in uids.services()["storage"].covers else "other"
