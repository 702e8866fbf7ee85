"""Every subject of the example hospital has what the vocabulary of its kind says, and nothing else."""

from __future__ import annotations

from typing import Annotated, Any, NotRequired, get_args, get_origin, get_type_hints, is_typeddict

import pytest

from pacsconf.policy.evidence import Evidence
from pacsconf.policy.facts import subjects
from pacsconf.policy.vocabulary import KINDS
from tests.policy.facts.conftest import MORNING


@pytest.fixture(scope="module")
def found(hospital):
    return subjects(Evidence(hospital, MORNING))


def wrong(value: Any, hint: Any, where: str) -> list[str]:
    """What of a value is not of the declared type."""
    if get_origin(hint) in (Annotated, NotRequired):
        return wrong(value, get_args(hint)[0], where)
    if is_typeddict(hint):
        return misfits(value, hint, where)
    if get_origin(hint) is list and isinstance(value, list):
        inner = get_args(hint)[0]
        return [one for number, each in enumerate(value) for one in wrong(each, inner, f"{where}[{number}]")]
    return [] if type(value) is hint else [f"{where} is not {hint}: {value!r}"]


def misfits(facts: Any, declared: Any, where: str) -> list[str]:
    """What of these fields is missing, unknown or of another type."""
    hints = get_type_hints(declared, include_extras=True)
    needed = {name for name, hint in hints.items() if get_origin(hint) is not NotRequired}
    odd = [f"{where} lacks {name}" for name in sorted(needed - facts.keys())]
    odd += [f"{where} has {name}" for name in sorted(facts.keys() - hints.keys())]
    for name in hints.keys() & facts.keys():
        odd += wrong(facts[name], hints[name], f"{where}.{name}")
    return odd


@pytest.mark.parametrize("kind", KINDS)
def test_every_subject_has_the_fields_of_its_kind(found, kind):
    assert [
        one
        for subject in found[kind]
        for one in misfits(subject.declared, KINDS[kind].declared, subject.where)
    ] == []
