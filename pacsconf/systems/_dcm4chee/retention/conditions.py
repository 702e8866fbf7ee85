"""What a retention rule asks of a study, as conditions that the archive can test on the first object of a series.

The archive looks at one series at a time, takes regular expressions for the whole of a value, and joins conditions
by "and" alone. So a rule becomes several sets of conditions, one of which fits at least one series of every study
that the rule is about. Where the archive cannot ask, nothing is asked, and more studies fit: they are kept longer.

Source: Conditions.java of dcm4chee-arc-light 5. A condition `A!=X` fits too where A has no value. An expression
that begins with a parenthesis is taken for a code, hence the `^` before it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any, NamedTuple

from pacsconf.inventory.retention import AUXILIARY, Match, OnMissing

Asked = Mapping[str, str]
"""A condition by what it asks for; one for each, since the archive knows no more."""

MOST = 32
"""More sets of conditions than this for one rule are given up: its alternatives are not asked for."""
UNTOLD = {
    "age_at_study": "how old the patient was is not known to the archive: patients of any age count",
    "scheme": "whose coding scheme a procedure code is of is not asked: the code alone counts",
    "unknown": "where {} is not known it counts too (on_missing)",
    "twice": "of two things that are asked of {}, one is enough: the archive sees one series at a time",
    "letters": "letters of {} that can be written in several ways may be any there",
    "auxiliary": "a series of SR, PR, KO or SEG that it names counts, although it does not tell what a study is",
    "many": "its alternatives are too many to be asked for one by one: they are not asked",
}


class Sets(NamedTuple):
    """Sets of conditions, one of which must fit; what could not be asked, in words; and whether all could.

    Where they are not `exact`, they fit series of studies that the match does not.
    """

    sets: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...]
    exact: bool


@dataclass
class _Notes:
    """What is said on the way."""

    words: dict[str, None] = field(default_factory=dict)
    exact: bool = True

    def add(self, words: str, *, exact: bool = False) -> None:
        self.words[words] = None
        self.exact &= exact


def disjuncts(match: Match, on_missing: OnMissing) -> Sets:
    """The sets of conditions of a match."""
    notes = _Notes()
    found = _alternatives(match, on_missing, notes)
    sets = dict.fromkeys(tuple(sorted(one.values())) for one in found)
    return Sets(tuple(one for one in sets if not _needless(one, sets)), tuple(notes.words), notes.exact)


def _needless(one: Sequence[str], among: Iterable[Sequence[str]]) -> bool:
    """Whether another set asks for less."""
    return any(set(other) < set(one) for other in among)


def _alternatives(match: Match, on_missing: OnMissing, notes: _Notes) -> list[Asked]:
    own = dict(_own(match, on_missing, notes))
    parts = [_alternatives(inner, on_missing, notes) for inner in match.all_of]
    if match.any_of:
        parts.append([one for inner in match.any_of for one in _alternatives(inner, on_missing, notes)])
    ways = 1
    for part in parts:
        ways *= len(part)
    if ways > MOST:
        notes.add(UNTOLD["many"])
        return [own]
    return [_joined((own, *chosen), notes) for chosen in product(*parts)]


def _joined(parts: Iterable[Asked], notes: _Notes) -> Asked:
    found: dict[str, str] = {}
    for part in parts:
        for what, condition in part.items():
            if found.setdefault(what, condition) != condition:
                notes.add(UNTOLD["twice"].format(_WORDS[what]))
    return found


# --- one key of a match -------------------------------------------------------------------------------------

_WORDS = {
    "modality": "the modality",
    "procedure_code": "the procedure",
    "institution": "the institution",
    "department": "the department",
    "calling_ae": "who sent it",
    "clinical_trial": "the clinical trial",
}
_ATTRIBUTES = {
    "modality": "Modality",
    "institution": "InstitutionName",
    "department": "InstitutionalDepartmentName",
    "calling_ae": "SendingApplicationEntityTitle",
}
_TRIAL = "ClinicalTrialProtocolID"
_CODE = "ProcedureCodeSequence.CodeValue"


def _own(match: Match, on_missing: OnMissing, notes: _Notes) -> Iterator[tuple[str, str]]:
    for what, attribute in _ATTRIBUTES.items():
        values = getattr(match, what)
        if values:
            yield what, _among(what, attribute, values, on_missing, notes)
    if match.procedure_code:
        notes.add(UNTOLD["scheme"])
        codes = (code for one in match.procedure_code for code in one.codes)
        yield "procedure_code", f"{_CODE}=^{_any(map(_exactly, codes))}$"
    if match.clinical_trial is not None:
        yield "clinical_trial", f"{_TRIAL}{'' if match.clinical_trial else '!'}=.+"
    if match.age_at_study:
        notes.add(UNTOLD["age_at_study"])


def _among(what: str, attribute: str, values: Sequence[str], on_missing: OnMissing, notes: _Notes) -> str:
    """That an attribute has one of these values, or none where that counts too."""
    spelled = [
        _loosely(value) if what in ("institution", "department") else _exactly(value) for value in values
    ]
    if any(_ANY in one for one in spelled):
        notes.add(UNTOLD["letters"].format(_WORDS[what]))
    if what == "modality" and AUXILIARY & set(values):
        notes.add(UNTOLD["auxiliary"])
    if getattr(on_missing, what) != "may_match":
        return f"{attribute}=^{_any(spelled)}$"
    notes.add(_unknown(what))
    if what == "modality":
        spelled += sorted(AUXILIARY - set(values))
    return f"{attribute}!=^(?!{_any(spelled)}$).*"


def _unknown(what: str) -> str:
    told = UNTOLD["unknown"].format(_WORDS[what])
    of = ", ".join(sorted(AUXILIARY))
    return f"{told}, and in each series of {of}, which alone does not tell it" if what == "modality" else told


def _any(expressions: Iterable[str]) -> str:
    return f"(?:{'|'.join(dict.fromkeys(expressions))})"


def _exactly(text: str) -> str:
    return re.sub(r"([^\w ])", r"\\\1", text)


_LIGATURES = {
    "ffi": "ffi|ﬃ|ﬀi|fﬁ", "ffl": "ffl|ﬄ|ﬀl|fﬂ", "ff": "ff|ﬀ", "fi": "fi|ﬁ", "fl": "fl|ﬂ",
    "ss": "ss|[ßẞ]", "st": "st|[ﬅﬆ]",
}  # fmt: skip
"""Letters that one other character may stand for, where capitals make no difference (Unicode full case folding)."""
_LETTERS = re.compile("|".join(_LIGATURES), re.IGNORECASE | re.ASCII)
_ANY = ".{1,3}"


def _loosely(text: str) -> str:
    """A name of a place, capitals and spaces being of no matter."""
    words = r"\s+".join(_word(word) for word in text.split())
    return rf"\s*(?iu:{words})\s*"


def _word(word: str) -> str:
    found, at = [], 0
    for match in _LETTERS.finditer(word):
        found += [_letters(word[at : match.start()]), f"(?:{_LIGATURES[match[0].lower()]})"]
        at = match.end()
    return "".join([*found, _letters(word[at:])])


def _letters(text: str) -> str:
    """What is written in several ways may be anything."""
    return "".join(_exactly(one) if len(one.casefold()) == 1 else _ANY for one in text)


# --- dates --------------------------------------------------------------------------------------------------

_LONG, _SHORT = "(?:0[13578]|1[02])(?:0[1-9]|[12][0-9]|3[01])", "(?:0[469]|11)(?:0[1-9]|[12][0-9]|30)"
_FEBRUARY = "02(?:0[1-9]|1[0-9]|2[0-8])"
_LEAP = "(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)0229"
UNDATED = f"StudyDate!=^(?:[0-9]{{4}}(?:{_LONG}|{_SHORT}|{_FEBRUARY})|{_LEAP})$"
"""There is no study date, or none that is a day of the calendar; the archive would count from receipt."""


def fits(conditions: Iterable[str], held: Mapping[str, Any]) -> bool:
    """Whether an object fits, as the archive tests it; `held` are its values by attribute, each a list of texts."""
    for text in conditions:
        key, _, expression = text.partition("=")
        negated = key.endswith("!")
        found = any(re.fullmatch(expression, value) for value in held.get(key.rstrip("!"), ()) if value)
        if found == negated:
            return False
    return True
