"""Rules for what is declared of retention: what one value alone cannot show.

Whether rules keep long enough, and whether two keep equally long, is for `pacsconf.retention` to say.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from math import prod

from pacsconf.core.finding import Finding, Path
from pacsconf.inventory.merge import nearest
from pacsconf.inventory.model import Inventory
from pacsconf.inventory.retention import AUXILIARY, Cited, Default, Floor, LegalHold, Match, Retention
from pacsconf.inventory.scope import Scope

_RETENTION: Path = ("retention",)

_TERMS = """
    ANN AR ASMT AU BDUS BI BMD CFM CR CT CTPROTOCOL DG DMS DOC DX ECG EEG EMG EOG EPS ES FID GM HC HD IO IVOCT IVUS
    KER KO LEN LS M3D MG MR NM OAM OCT OP OPM OPT OPTBSV OPTENF OPV OSS OT PA PLAN PR PT PX REG RESP RF RG RTDOSE
    RTIMAGE RTINTENT RTPLAN RTRAD RTRECORD RTSEGANN RTSTRUCT RWV SEG SM SMR SR SRF STAIN TEXTUREMAP TG US VA XA
    XAPROTOCOL XC
"""
MODALITIES = frozenset(_TERMS.split())
"""Defined terms of Modality (0008,0060), PS3.3 section C.7.3.1.1.1."""


# --- sources -----------------------------------------------------------------------------------------------------


def without_a_source(inventory: Inventory, scope: Scope) -> Iterator[Finding]:
    """Every rule names its legal source: one of `sources`, or a citation in words."""
    declared = inventory.retention
    for rule, known, path in _sourced(declared):
        if rule.source is None:
            yield _no_source(path)
        elif rule.source not in known and " " not in rule.source and scope.read:
            yield Finding(
                "PACS-RET-008",
                "error",
                f'There is no source "{rule.source}"{nearest(rule.source, known)}',
                "Nobody could look up by what right studies are kept, or deleted.",
                "Declare it under sources, or write the citation itself here: 21 CFR 900.12(c)(4)(i)",
                path=(*path, "source"),
            )


def _sourced(declared: Retention) -> Iterator[tuple[Default | Floor, Mapping[str, Cited], Path]]:
    for name, rule in declared.rules.items():
        yield rule, declared.sources, (*_RETENTION, "rules", name)
    if declared.default:
        yield declared.default, declared.sources, (*_RETENTION, "default")
    for name, floor in declared.floors.items():
        yield floor, declared.sources, (*_RETENTION, "floors", name)
    for pack, content in declared.packs.items():
        for name, floor in content.floors.items():
            yield floor, content.sources, (*_RETENTION, "packs", pack, "floors", name)


def _no_source(path: Path) -> Finding:
    return Finding(
        "PACS-RET-009",
        "warning",
        f"{'.'.join(map(str, path))} names no source",
        "A rule that nobody can trace to a law or a decision cannot be defended, nor reviewed when that changes.",
        'Name one of sources, or write the citation: source: "21 CFR 900.12(c)(4)(i)"',
        path=path,
    )


# --- holds -------------------------------------------------------------------------------------------------------


def holds_on_nothing(inventory: Inventory, scope: Scope) -> Iterator[Finding]:
    """A legal hold names the studies that it protects."""
    for name, hold in inventory.retention.holds.items():
        if not hold.studies:
            yield Finding(
                "PACS-RET-010",
                "error",
                f"The legal hold {name} is on nothing",
                "Whoever placed it believes that studies are safe, and none is.",
                "Name its studies: pacsconf retention study-reference makes what stands here of a UID.",
                path=(*_RETENTION, "holds", name, "studies"),
            )


def days_the_wrong_way_round(inventory: Inventory, scope: Scope) -> Iterator[Finding]:
    """A hold is not reviewed or released before it began."""
    for name, hold in inventory.retention.holds.items():
        path = (*_RETENTION, "holds", name)
        for key, day in _days(hold):
            if day < hold.since:
                yield Finding(
                    "PACS-RET-011",
                    "error",
                    f"The legal hold {name} is since {hold.since}, and {key[0]} stands for {day}, before that",
                    "One of the two days is wrong, and with it whether the studies are safe.",
                    "Correct it. What was never meant to hold is removed.",
                    path=(*path, *key),
                    also=scope.also((*path, "since"), "since"),
                )


def _days(hold: LegalHold) -> Iterator[tuple[tuple[str, ...], str]]:
    if hold.review_by:
        yield ("review_by",), hold.review_by
    if hold.released:
        yield ("released", "on"), hold.released.on


def overdue(declared: Retention, today: date) -> Iterator[Finding]:
    """Holds whose day of review has passed; they go on holding."""
    for name, hold in declared.holds.items():
        if hold.review_by and not hold.released and date.fromisoformat(hold.review_by) < today:
            yield Finding(
                "PACS-RET-012",
                "warning",
                f"The legal hold {name} was to be reviewed by {hold.review_by}",
                "It still protects its studies. Whether they must be kept is for those who placed it to say.",
                f"Ask {hold.placed_by} about {hold.reason_ref}; set another day, or released: {{on, by}}.",
                path=(*_RETENTION, "holds", name, "review_by"),
            )


# --- matches -----------------------------------------------------------------------------------------------------


def modalities_that_tell_nothing(inventory: Inventory, scope: Scope) -> Iterator[Finding]:
    """Modalities of matches are those of images, as DICOM lists them."""
    for match, path in _matches(inventory.retention):
        for at, code in enumerate(match.modality):
            if code in AUXILIARY:
                why = f'"{code}" is made of images afterwards, and does not tell what kind of study it is'
            elif code not in MODALITIES:
                why = f'"{code}" is no modality that DICOM lists{nearest(code, MODALITIES)}'
            else:
                continue
            yield Finding(
                "PACS-RET-016",
                "warning",
                why,
                "As it stands, this may match no study at all.",
                "Correct it, or remove it.",
                path=(*path, "modality", at),
            )


def matches_of_everything(inventory: Inventory, scope: Scope) -> Iterator[Finding]:
    """A rule asks for something; what holds for every study is the default."""
    for name, rule in inventory.retention.rules.items():
        if rule.match.is_empty:
            yield Finding(
                "PACS-RET-027",
                "error",
                f"The rule {name} asks for nothing, so it matches every study",
                "What holds for every study is the default, and is looked for there.",
                "Write it under default, or say which studies are meant.",
                path=(*_RETENTION, "rules", name, "match"),
            )


MOST_WAYS = 1_000
"""Combinations of values by which one rule may match: more were not written by hand."""


def matches_in_too_many_ways(inventory: Inventory, scope: Scope) -> Iterator[Finding]:
    """All ways to match can be looked at, one after the other."""
    for match, path in _matches(inventory.retention):
        if path[-1] == "match" and (number := _ways(match)) > MOST_WAYS:
            yield Finding(
                "PACS-RET-027",
                "error",
                f"{'.'.join(map(str, path))} combines its lists in {number:,} ways; the limit is {MOST_WAYS:,}",
                "Nobody could prove that no legal minimum is broken.",
                "Split it into several rules. All that match count anyway.",
                path=path,
            )


def _ways(match: Match) -> int:
    """By how many combinations of values a match fits."""
    found = prod(
        len(values) or 1 for values in (match.modality, match.institution, match.department, match.calling_ae)
    )
    found *= sum(len(one.codes) for one in match.procedure_code) or 1
    found *= sum(map(_ways, match.any_of)) or 1
    return found * prod(map(_ways, match.all_of))


def _matches(declared: Retention) -> Iterator[tuple[Match, Path]]:
    for name, rule in declared.rules.items():
        yield from _within(rule.match, (*_RETENTION, "rules", name, "match"))
    for name, floor in declared.floors.items():
        yield from _within(floor.match, (*_RETENTION, "floors", name, "match"))
    for pack, content in declared.packs.items():
        for name, floor in content.floors.items():
            yield from _within(floor.match, (*_RETENTION, "packs", pack, "floors", name, "match"))


def _within(match: Match, path: Path) -> Iterator[tuple[Match, Path]]:
    yield match, path
    for key, inner in (("any", match.any_of), ("all", match.all_of)):
        for at, one in enumerate(inner):
            yield from _within(one, (*path, key, at))


# --- packs -------------------------------------------------------------------------------------------------------


def foreign_packs(inventory: Inventory, scope: Scope) -> Iterator[Finding]:
    """Packs are of a jurisdiction that applies here, where that is said."""
    declared = inventory.retention
    for name, pack in declared.packs.items():
        if declared.jurisdiction and pack.jurisdiction not in declared.jurisdiction:
            yield Finding(
                "PACS-RET-015",
                "warning",
                f"The pack {name} is of {pack.jurisdiction}; declared here is {', '.join(declared.jurisdiction)}",
                "Minimums of a law that does not apply keep studies longer than needed.",
                "Remove the pack, or add its jurisdiction.",
                path=(*_RETENTION, "packs", name),
                also=scope.also((*_RETENTION, "jurisdiction"), "declared here"),
            )
