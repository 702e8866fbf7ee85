"""SOP classes, transfer syntaxes and services by the names people use.

A SOP class may be written by keyword (`CTImageStorage`), in kebab case (`ct-image-storage`), by its name in
the standard (`CT Image Storage`) or as a UID; private UIDs are fine. Names are compared without regard to case,
spaces and punctuation. A *service* (`storage`, `mpps`, `query-retrieve`) stands for several SOP classes.

The dictionary is pydicom's (PS3.6 Annex A). Its one file of data is loaded by itself: the package takes ten
times as long to import (170 ms against 15), and `validate` needs nothing else of it.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Literal

from pacsconf.inventory import formats

VERIFICATION = "1.2.840.10008.1.1"
STORAGE_COMMITMENT = "1.2.840.10008.1.20.1"
MODALITY_WORKLIST = "1.2.840.10008.5.1.4.31"
MPPS = "1.2.840.10008.3.1.2.3.3"
PATIENT_ROOT_FIND = "1.2.840.10008.5.1.4.1.2.1.1"
STUDY_ROOT_FIND = "1.2.840.10008.5.1.4.1.2.2.1"
STUDY_ROOT_MOVE = "1.2.840.10008.5.1.4.1.2.2.2"
STUDY_ROOT_GET = "1.2.840.10008.5.1.4.1.2.2.3"
IMPLICIT_VR_LE = "1.2.840.10008.1.2"
EXPLICIT_VR_LE = "1.2.840.10008.1.2.1"
EXPLICIT_VR_BE = "1.2.840.10008.1.2.2"
DEFLATED = "1.2.840.10008.1.2.1.99"
DEFAULT_TRANSFER_SYNTAXES = (IMPLICIT_VR_LE, EXPLICIT_VR_LE)
"""What a capability has unless it says otherwise; the first is required of everybody (PS3.5 section 10.1)."""

Kind = Literal["SOP class", "transfer syntax"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the standard's dictionary; `standard` is DICOM, or the one that borrowed the arc (DICOS)."""

    uid: str
    name: str
    keyword: str
    kind: str
    retired: bool
    standard: str

    @property
    def kebab(self) -> str:
        """The keyword in kebab case: `ct-image-storage`."""
        return kebab(self.keyword)

    @property
    def stores(self) -> bool:
        """Whether it is a SOP class of the storage service in use today (PS3.4 Annex B).

        What is of no patient (protocols, inventories) is stored by a service of its own (Annex GG).
        """
        return (
            self.kind == "SOP class"
            and "Storage" in self.keyword
            and self.keyword not in _OF_NO_PATIENT
            and not self.retired
            and self.standard == "DICOM"
            and self.uid.startswith(("1.2.840.10008.5.1.4.1.1.", "1.2.840.10008.5.1.4.34."))
        )


_OF_NO_PATIENT = frozenset(
    {
        "CTDefinedProcedureProtocolStorage",
        "InventoryStorage",
        "ProtocolApprovalStorage",
        "XADefinedProcedureProtocolStorage",
    }
)
"""PS3.4 table GG.3-1, as far as these stand in the arc of images."""

_WORD = re.compile(r"XRay|[0-9]+D(?=[A-Z]|$)|[A-Z]+[0-9]*(?![a-z])|[A-Z]?[a-z]+|[0-9]+[a-z]*")


def kebab(keyword: str) -> str:
    """A keyword in kebab case; a number stays with the capitals before it (`jpeg2000-lossless`)."""
    return "-".join(_WORD.findall(keyword)).replace("XRay", "x-ray").lower()


_PUNCTUATION = re.compile(r"[^a-z0-9]")


def plain(text: str) -> str:
    """What is compared of a name: its letters and digits in lower case, without a final `SOP Class`."""
    return _PUNCTUATION.sub("", text.lower()).removesuffix("sopclass")


@cache
def dictionary() -> Mapping[str, Entry]:
    """The standard's UIDs that are SOP classes or transfer syntaxes, by UID."""
    kinds = {"SOP Class": "SOP class", "Meta SOP Class": "SOP class", "Transfer Syntax": "transfer syntax"}
    return {
        uid: Entry(uid, name, keyword, kinds[kind], bool(retired), "DICOM" if "DICO" not in info else info)
        for uid, (name, kind, info, retired, keyword) in _rows().items()
        if kind in kinds and keyword
    }


def _rows() -> Mapping[str, tuple[str, str, str, str, str]]:
    """pydicom's table of UIDs, without importing pydicom."""
    package = find_spec("pydicom")
    assert package is not None, "pydicom is a dependency"
    assert package.submodule_search_locations, "pydicom is a package"
    file = Path(package.submodule_search_locations[0]) / "_uid_dict.py"
    spec = spec_from_file_location("pacsconf.inventory._uid_dict", file)
    assert spec is not None, "a file can be loaded"
    assert spec.loader is not None, "a file can be loaded"
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    rows: Mapping[str, tuple[str, str, str, str, str]] = module.UID_dictionary
    return rows


# --- services -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Service:
    """A name for several SOP classes.

    `classes` is what a device gets that lists the service under `uses` or `offers`; `covers` is all that a
    flow lets through that names it.
    """

    name: str
    classes: tuple[str, ...]
    covers: frozenset[str]


_QR = "1.2.840.10008.5.1.4.1.2"
_PRINT = "1.2.840.10008.5.1.1"
_SR = "1.2.840.10008.5.1.4.1.1.88"
_UPS = "1.2.840.10008.5.1.4.34.6"
_NAMED: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    # name: SOP classes for uses and offers, further ones that a flow of this name lets through
    "verification": ((VERIFICATION,), ()),
    "storage-commitment": ((STORAGE_COMMITMENT,), ()),
    "modality-worklist": ((MODALITY_WORKLIST,), ()),
    "mpps": ((MPPS,), ("1.2.840.10008.3.1.2.3.4", "1.2.840.10008.3.1.2.3.5")),
    "query": ((f"{_QR}.2.1",), (f"{_QR}.1.1",)),
    "retrieve": ((f"{_QR}.2.2", f"{_QR}.2.3"), (f"{_QR}.1.2", f"{_QR}.1.3")),
    "query-retrieve": (
        (f"{_QR}.2.1", f"{_QR}.2.2", f"{_QR}.2.3"),
        (f"{_QR}.1.1", f"{_QR}.1.2", f"{_QR}.1.3"),
    ),
    "study-root-find": ((f"{_QR}.2.1",), ()),
    "study-root-move": ((f"{_QR}.2.2",), ()),
    "study-root-get": ((f"{_QR}.2.3",), ()),
    "patient-root-find": ((f"{_QR}.1.1",), ()),
    "patient-root-move": ((f"{_QR}.1.2",), ()),
    "patient-root-get": ((f"{_QR}.1.3",), ()),
    "print": ((f"{_PRINT}.9",), (f"{_PRINT}.18", f"{_PRINT}.14", f"{_PRINT}.15", f"{_PRINT}.16.376")),
    "color-print": ((f"{_PRINT}.18",), (f"{_PRINT}.14", f"{_PRINT}.15", f"{_PRINT}.16.376")),
    "unified-procedure-step": (tuple(f"{_UPS}.{number}" for number in range(1, 6)), ()),
    "dose-reports": ((f"{_SR}.67",), (f"{_SR}.68", f"{_SR}.73", f"{_SR}.76")),
}
_FAMILIES: Mapping[str, str] = {
    # name: the arc under which its storage SOP classes stand
    "secondary-captures": "1.2.840.10008.5.1.4.1.1.7",
    "waveforms": "1.2.840.10008.5.1.4.1.1.9",
    "presentation-states": "1.2.840.10008.5.1.4.1.1.11",
    "structured-reports": _SR,
    "encapsulated-documents": "1.2.840.10008.5.1.4.1.1.104",
    "radiotherapy": "1.2.840.10008.5.1.4.1.1.481",
    "visible-light": "1.2.840.10008.5.1.4.1.1.77.1",
}
_ALIASES = {"worklist": "modality-worklist", "mwl": "modality-worklist", "echo": "verification"}


@cache
def services() -> Mapping[str, Service]:
    """Every service, by name."""
    table = {name: Service(name, ours, frozenset(ours + more)) for name, (ours, more) in _NAMED.items()}
    stored = tuple(uid for uid, entry in dictionary().items() if entry.stores)
    families = {"storage": "", **_FAMILIES}
    for name, arc in families.items():
        members = tuple(uid for uid in stored if not arc or uid == arc or uid.startswith(f"{arc}."))
        table[name] = Service(name, members, frozenset(members))
    return table


# --- from text ----------------------------------------------------------------------------------------------

_SPELLINGS = 4096
"""How many texts each of these functions remembers: a hospital writes the same few thousands of times."""
_EITHER = "service or SOP class"


@cache
def _names(kind: Kind) -> Mapping[str, str]:
    """UIDs by every plain spelling; one in use wins over a retired one of the same name."""
    index: dict[str, str] = {}
    for entry in sorted(dictionary().values(), key=lambda entry: entry.retired):
        if entry.kind == kind:
            index.setdefault(plain(entry.keyword), entry.uid)
            index.setdefault(plain(entry.name), entry.uid)
    return index


@cache
def _service_names() -> Mapping[str, str]:
    return {plain(name): name for name in services()} | {
        plain(alias): name for alias, name in _ALIASES.items()
    }


@lru_cache(_SPELLINGS)
def sop_class(text: str) -> str:
    """The UID of the SOP class that `text` names.

    Raises: ValueError naming the nearest known one.
    """
    return _known(text, "SOP class")


@lru_cache(_SPELLINGS)
def transfer_syntax(text: str) -> str:
    """The UID of the transfer syntax that `text` names.

    Raises: ValueError naming the nearest known one.
    """
    return _known(text, "transfer syntax")


@lru_cache(_SPELLINGS)
def sop_classes(text: str) -> tuple[str, ...]:
    """The UIDs a device gets that lists `text` under `uses` or `offers`: a service's, or one SOP class.

    Raises: ValueError naming the nearest known one.
    """
    name = _service_names().get(plain(text))
    return services()[name].classes if name else (_known(text, _EITHER),)


@lru_cache(_SPELLINGS)
def service(text: str) -> str:
    """The one spelling of a service or SOP class for flows: its kebab name, or a UID the standard lacks.

    Raises: ValueError naming the nearest known one.
    """
    name = _service_names().get(plain(text))
    return name or label(_known(text, _EITHER))


@lru_cache(_SPELLINGS)
def covers(name: str) -> frozenset[str]:
    """The UIDs of the SOP classes that a flow's service (as `service` spells it) lets through."""
    found = services().get(name)
    return found.covers if found else frozenset({sop_class(name)})


def label(uid: str) -> str:
    """The kebab name of a UID, or the UID where the standard has none."""
    entry = dictionary().get(uid)
    return entry.kebab if entry else uid


def title(uid: str) -> str:
    """The standard's name of a UID, or the UID where it has none."""
    entry = dictionary().get(uid)
    return entry.name if entry else uid


def keyword(uid: str) -> str:
    """The standard's keyword of a UID, or the UID where it has none."""
    entry = dictionary().get(uid)
    return entry.keyword if entry else uid


@lru_cache(_SPELLINGS)
def printed(uid: str) -> str:
    """The name of a UID as PS3.6 Annex A prints it, with `(Retired)`, and as it can stand in the name of an entry.

    A slash is a space, as archives of the dcm4che family write it; the UID where the standard has no name.
    """
    entry = dictionary().get(uid)
    if entry is None:
        return uid
    return f"{entry.name.replace('/', ' ')}{' (Retired)' if entry.retired else ''}"


def _known(text: str, what: str) -> str:
    """The UID that `text` is or names."""
    kind: Kind = "transfer syntax" if what == "transfer syntax" else "SOP class"
    if re.fullmatch(r"[0-9.]+", text):
        entry = dictionary().get(formats.uid(text))
        if entry and entry.kind != kind:
            raise ValueError(f"{text} is {entry.name}, a {entry.kind}; a {kind} belongs here")
        return text
    uid = _names(kind).get(plain(text))
    if uid:
        return uid
    raise ValueError(f'"{text}" is no {what} of the standard (PS3.6 Annex A){_hint(text, what)}')


@lru_cache(_SPELLINGS)
def _hint(text: str, what: str) -> str:
    """The words that suggest the name nearest to `text`."""
    kind = "transfer syntax" if what == "transfer syntax" else "SOP class"
    names = [entry.kebab for entry in dictionary().values() if entry.kind == kind]
    near = {plain(name): name for name in ([*services(), *_ALIASES, *names] if what == _EITHER else names)}
    best = difflib.get_close_matches(plain(text), near, n=1, cutoff=0.6)
    return f'; did you mean "{near[best[0]]}"?' if best else "; write its UID if it is private"
