"""What rules of a kind look at: that alone is handed to CEL, and to other processes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pacsconf.policy.scan import HOLDERS, Looks, alias
from pacsconf.policy.subject import Facts, Subject
from pacsconf.policy.vocabulary import KINDS
from pacsconf.policy.vocabulary.hints import empty


@dataclass(frozen=True, slots=True)
class Wanted:
    """Of a kind, the fields that its rules look at: nothing else is handed to CEL, or to another process."""

    names: frozenset[str]
    """Declared fields by their own name."""
    below: Mapping[str, frozenset[str]]
    """By holder, its fields; a holder that is used as such has all."""
    aliases: tuple[tuple[str, str], ...]
    nowhere: Mapping[str, Any]
    """What rules see as the site of what is of none."""

    @classmethod
    def of(cls, kind: str, several: Iterable[Looks]) -> Wanted:
        known = KINDS[kind]
        fields = {
            "self": known.fields("declared"),
            "site": KINDS["site"].fields("declared"),
            "configured": known.fields("configured"),
            "observed": known.fields("observed"),
        }
        names: set[str] = set()
        below: dict[str, set[str]] = {}
        for found in several:
            names |= found.names & fields["self"].keys()
            for holder in found.names & fields.keys():
                asked = fields[holder] if holder in found.whole else found.of(holder)
                below.setdefault(holder, set()).update(asked)
        nowhere = {name: empty(hint) for name, hint in fields["site"].items()}
        return cls(
            frozenset(names),
            {holder: frozenset(asked) for holder, asked in below.items() if holder in HOLDERS},
            tuple((name, alias(name)) for name in sorted(names)),
            nowhere,
        )

    def evidence(self, tier: str) -> frozenset[str]:
        return self.below.get(tier, frozenset())

    def of_subject(self, subject: Subject) -> dict[str, Any]:
        """The variables of an expression. A field that is None is absent: to CEL, null is a value like others."""
        declared = subject.declared
        data: dict[str, Any] = {
            called: declared[name] for name, called in self.aliases if declared.get(name) is not None
        }
        held = {
            "self": declared,
            "site": self.nowhere if subject.site is None else subject.site,
            "configured": subject.configured or {},
            "observed": subject.observed or {},
        }
        for holder, asked in self.below.items():
            facts = held[holder]
            data[holder] = {name: facts[name] for name in asked if facts.get(name) is not None}
        return data

    def cut(self, subject: Subject) -> Subject:
        """The subject with nothing but what rules look at."""
        asked = self.names | self.below.get("self", frozenset())
        return Subject(
            subject.kind,
            "",
            _only(subject.declared, asked),
            None if subject.configured is None else _only(subject.configured, self.evidence("configured")),
            None if subject.observed is None else _only(subject.observed, self.evidence("observed")),
            None if subject.site is None else _only(subject.site, self.below.get("site", frozenset())),
            blind=subject.blind,
        )


def _only(facts: Facts, names: frozenset[str]) -> Facts:
    return {name: facts[name] for name in names if name in facts}
