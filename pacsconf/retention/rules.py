"""What `pacsconf validate` and `retention check` find in retention rules as a whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pacsconf.core.finding import Finding, Path, Place
from pacsconf.inventory.retention import Cited, Retention
from pacsconf.retention.classes import ELSEWHERE, OTHER_AE
from pacsconf.retention.days import age_on
from pacsconf.retention.policy import Prepared
from pacsconf.retention.prove import Broken, Tie
from pacsconf.retention.study import StudyFacts

TIE = "PACS-RET-013"
BELOW = "PACS-RET-017"

PlaceOf = Callable[[Path], Place | None]


def tie_finding(tie: Tie, place_of: PlaceOf) -> Finding:
    """What is to be said of two rules that tie."""
    one, other = tie.one, tie.other
    place = place_of(other.path)
    return Finding(
        TIE,
        "warning",
        f"The rules {one.name} and {other.name} keep some studies equally long",
        f"For {study_words(tie.study)} both say {tie.says.reason}. Which of them is named as the deciding one "
        "means nothing then, and an archive that wants an order of rules has none.",
        "Make one of them longer, narrow one of them, or remove the one that says nothing more than the other.",
        path=one.path,
        also=((place, f"rule {other.name}"),) if place else (),
    )


def floor_finding(broken: Broken, declared: Retention, place_of: PlaceOf) -> Finding:
    """What is to be said of a floor that is not kept."""
    floor, rule = broken.floor, broken.rule
    place = place_of(floor.path)
    without = f" while {', '.join(broken.drafts)} {_are(broken.drafts)} not approved" if broken.drafts else ""
    return Finding(
        BELOW,
        "error",
        f"{study_words(broken.study, first=True)}: kept until {broken.rule_says.until} by {rule.name}"
        f"{without}, and the minimum {floor.name} asks for {broken.floor_says.until}",
        f"The minimum is {broken.floor_says.reason}: {citation(floor, declared)}. The longest rule is "
        f"{broken.rule_says.reason}.",
        "Approve them, or make an approved rule longer."
        if broken.drafts
        else "Make a rule for these studies longer.",
        path=rule.path,
        also=((place, f"minimum {floor.name}"),) if place else (),
    )


def _are(names: tuple[str, ...]) -> str:
    return "is" if len(names) == 1 else "are"


def citation(rule: Prepared, declared: Retention) -> str:
    """By what right a rule or floor is, in words; and whether somebody read that."""
    cited = source_of(rule, declared)
    if cited is None:
        return rule.source or "no source is named"
    return cited.cite if cited.verified else f"{cited.cite} (unverified)"


def source_of(rule: Prepared, declared: Retention) -> Cited | None:
    """The source that a rule or floor names, where it is declared: a pack has its own."""
    pack = declared.packs.get(str(rule.path[2])) if rule.path[1:2] == ("packs",) else None
    return (pack.sources if pack else declared.sources).get(rule.source or "")


# --- a study in words --------------------------------------------------------------------------------------------


def study_words(study: StudyFacts, *, first: bool = False) -> str:
    """A made-up study for the eye: `an MG study of 2015-03-01, patient 40 years old`."""
    codes = "/".join(sorted(study.modalities)) or "unknown"
    words = [f"{'A' if first else 'a'} study ({codes}) of {study.study_date}", *_further(study)]
    return ", ".join(words)


def _further(study: StudyFacts) -> Iterator[str]:
    if study.birth_date and study.study_date:
        years = age_on(study.birth_date, study.study_date)
        yield f"patient born {study.birth_date} (age {years})"
    elif study.birth_date is None:
        yield "birth date not known"
    for scheme, code in sorted(study.procedure_codes or ()):
        yield f"procedure {scheme}:{code}"
    for name in ("institution", "department", "calling_ae"):
        value = getattr(study, name)
        if value not in (ELSEWHERE, OTHER_AE):
            yield f"{name.replace('_ae', ' AE')} {value or 'not known'}"
    if study.clinical_trial is not False:
        yield "in a clinical trial" if study.clinical_trial else "not known whether in a clinical trial"
    if study.last_contact and study.study_date and study.last_contact > study.study_date:
        yield f"patient here again on {study.last_contact}"
    if study.later_modalities:
        yield f"later study with {'/'.join(sorted(study.later_modalities))}"
    if study.received and study.study_date and study.received > study.study_date:
        yield f"received {study.received}"
