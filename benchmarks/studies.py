"""A million synthetic studies against thirty retention rules: the rules, the studies, and our side of the contest.

Of nobody: modalities, places, codes and days are drawn at random, always the same. Twenty thousand studies are
made and judged fifty times, so that making them is not what is measured.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from random import Random
from time import perf_counter

from pacsconf.inventory.loader import load
from pacsconf.retention.evaluator import Evaluator
from pacsconf.retention.policy import policy
from pacsconf.retention.study import StudyFacts, reference

MADE, TIMES = 20_000, 50
TODAY = date(2026, 1, 1)
_FIRST = date(2005, 1, 1)
_MODALITIES = ("CT", "MR", "MG", "US", "DX", "CR", "XA", "RF", "NM", "PT", "IO", "PX", "OT", "ECG", "ES")


def write_rules(folder: Path) -> None:
    """An inventory of thirty rules with the default: by modality, age, place, caller, code and trial."""
    rules = [
        f"    of-{code}: {{match: {{modality: {code}}}, keep: {{for: {5 + at}y}}"
        for at, code in enumerate(_MODALITIES)
    ]
    rules += [
        f"    under-{age}: {{match: {{age_at_study: {{under: {age}}}}}, "
        f"keep: {{until_age: {age + 7}, and_at_least: {{for: 7y, from: last_imaging_contact}}}}"
        for age in (16, 18, 21)
    ]
    rules += [
        f"    at-{at}: {{match: {{institution: Clinic {at}}}, keep: {{for: {8 + at}y}}" for at in range(6)
    ]
    rules += [f"    by-{at}: {{match: {{calling_ae: AE_{at}}}, keep: {{for: {100 + at}m}}" for at in range(3)]
    rules += ["    trial: {match: {clinical_trial: true}, keep: {for: 25y}"]
    rules += ["    screening: {match: {procedure_code: {scheme: LOCAL, in: [C1, C2]}}, keep: {for: 10y}"]
    (folder / "inventory").mkdir(parents=True)
    (folder / "inventory" / "retention.yaml").write_text(
        "retention:\n  default: {keep: {for: 7y, from: last_imaging_contact}, source: x y}\n  rules:\n"
        + "".join(f"{rule}, source: x y}}\n" for rule in rules)
    )


def studies() -> Iterator[StudyFacts]:
    """Of everything something is known, since that is what takes longest."""
    draw = Random(1)  # noqa: S311 - no secret: the same studies each time
    for number in range(MADE):
        on = _FIRST + timedelta(days=draw.randrange(7000))
        yield StudyFacts(
            reference(f"2.999.{number}"),
            frozenset(draw.sample(_MODALITIES, draw.choice((1, 1, 1, 2)))),
            on,
            on - timedelta(days=draw.randrange(33_000)),
            None,
            frozenset({("LOCAL", f"C{draw.randrange(100)}")}),
            f"Clinic {draw.randrange(8)}",
            "Radiology",
            f"AE_{draw.randrange(20)}",
            draw.random() < 0.01,
            on + timedelta(days=draw.choice((0, draw.randrange(3000)))),
            on,
            frozenset(),
        )


def evaluator(folder: Path) -> Evaluator:
    """The rules prepared, from the YAML in a folder."""
    declared = load(folder).inventory
    assert declared, "written by us"
    return Evaluator(policy(declared.retention), TODAY)


def last_days(judge: Callable[[StudyFacts], date], made: Sequence[StudyFacts]) -> int:
    """The sum of the last days, which both sides have to come to."""
    return sum(judge(study).toordinal() for study in made)


def main(name: str, judge: Callable[[StudyFacts], date]) -> None:
    """Judge all studies, and say how many that were in a second."""
    made = tuple(studies())
    started = perf_counter()
    total = sum(last_days(judge, made) for _ in range(TIMES))
    seconds = perf_counter() - started
    print(f"{name}: {MADE * TIMES / seconds:,.0f} studies a second, sum {total}")


def ours(folder: Path) -> Callable[[StudyFacts], date]:
    """Our side: until when a study is kept."""
    judge = evaluator(folder)

    def until(study: StudyFacts) -> date:
        found = judge(study).until
        assert found, "everything is known"
        return found

    return until


if __name__ == "__main__":
    main("Evaluator", ours(Path(sys.argv[1])))
