"""What a device probably is, by the codes it gives itself, else by what it does.

An inventory wants a word for every device, and live systems have none. The tables are those of docs/adopt.md; a
wrong guess harms nothing (nothing live depends on it) and is put right by hand.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from pacsconf.inventory import uids

MODALITIES = frozenset(
    [
        *(
            "AR",
            "ASMT",
            "AU",
            "BDUS",
            "BI",
            "BMD",
            "CR",
            "CT",
            "CTPROTOCOL",
            "DG",
            "DMS",
            "DX",
            "ECG",
            "EEG",
            "EMG",
        ),
        *(
            "EOG",
            "EPS",
            "ES",
            "GM",
            "HD",
            "IO",
            "IVOCT",
            "IVUS",
            "KER",
            "LEN",
            "LS",
            "MG",
            "MR",
            "NM",
            "OAM",
            "OCT",
        ),
        *(
            "OP",
            "OPM",
            "OPT",
            "OPTBSV",
            "OPTENF",
            "OPV",
            "OSS",
            "OT",
            "PA",
            "POS",
            "PT",
            "PX",
            "RESP",
            "RF",
            "RG",
        ),
        *("RTIMAGE", "SC", "SM", "SRF", "TG", "US", "VA", "XA", "XC"),
    ]
)
"""Codes of what makes images or curves: (0008,0060) Modality (PS3.3 section C.7.3.1.1.1)."""

_CODES: Mapping[str, str] = {
    "ARCHIVE": "archive",
    "CAD": "cad",
    "COMP": "workstation",
    "DSS": "ris",
    "FILMD": "digitizer",
    "HC": "printer",
    "LOG": "log",
    "MCD": "media-writer",
    "PRINT": "printer",
    "VIDD": "digitizer",
    "WSD": "workstation",
}
"""Types by code of what is no modality (PS3.16 CID 30, and DSS and LOG as archives write them)."""

UNKNOWN = "other"
RESERVED = "reserved"
"""The type of what only keeps an AE title from being taken."""

_SORTS: Mapping[str, tuple[str, ...]] = {
    "ct": ("2", "2.1"),
    "mr": ("4", "4.1", "4.2"),
    "us": ("6.1", "3.1", "6.2"),
    "mg": ("1.2", "1.2.1", "13.1.3"),
    "dx": ("1.1", "1.1.1"),
    "px": ("1.3", "1.3.1"),
    "cr": ("1",),
    "xa": ("12.1", "12.1.1"),
    "rf": ("12.2", "12.2.1"),
    "nm": ("20",),
    "pt": ("128", "130"),
}
"""What sends images of these SOP classes, below the arc of storage, is called so."""
_STORAGE = "1.2.840.10008.5.1.4.1.1."
_SORT_OF = {f"{_STORAGE}{leaf}": sort for sort, leaves in _SORTS.items() for leaf in leaves}

_FIND = frozenset(f"1.2.840.10008.5.1.4.1.2.{root}.1" for root in (1, 2))
_PRINT = frozenset({"1.2.840.10008.5.1.1.9", "1.2.840.10008.5.1.1.18"})


@dataclass(frozen=True, slots=True)
class Does:
    """What a device does: UIDs of SOP classes that it asks others for, and those it does for others."""

    uses: frozenset[str] = frozenset()
    offers: frozenset[str] = frozenset()

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, str]]) -> Does:
        """From pairs of SOP class and role."""
        listed = list(pairs)
        return cls(
            frozenset(uid for uid, role in listed if role == "SCU"),
            frozenset(uid for uid, role in listed if role == "SCP"),
        )


def device_type(codes: Collection[str], does: Does) -> str:
    """The type by its codes; a code that is not known, and none, leave it to what the device does."""
    if MODALITIES.intersection(codes):
        return "modality"
    return next((_CODES[code] for code in sorted(codes) if code in _CODES), None) or _by_services(does)


def _by_services(does: Does) -> str:
    """The first line of the table that fits."""
    sends, takes = any(map(_stores, does.uses)), any(map(_stores, does.offers))
    asks, answers = bool(_FIND & does.uses), bool(_FIND & does.offers)
    table = (
        (uids.MODALITY_WORKLIST in does.offers, "ris"),
        (takes and answers, "archive"),
        (bool(_PRINT & does.offers), "printer"),
        (uids.MODALITY_WORKLIST in does.uses or uids.MPPS in does.uses, "modality"),
        (asks, "workstation"),
        (sends and takes, "router"),
        (sends, "modality"),
        (takes, "workstation"),
    )
    return next((word for fits, word in table if fits), UNKNOWN)


def _stores(uid: str) -> bool:
    entry = uids.dictionary().get(uid)
    return entry is not None and "Storage" in entry.keyword and uid.startswith(_STORAGE)


def sort_of(does: Does) -> str | None:
    """The modality, in lower case, whose images a device sends; None where that is not clear."""
    found = {_SORT_OF[uid] for uid in does.uses if uid in _SORT_OF}
    return next(iter(found)) if len(found) == 1 else None
