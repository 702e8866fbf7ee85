"""Why a result drifted from one audit to the next, as far as it can be told. Pure.

What is looked at, the nearest first: the rule itself; the waiver; whether the system could be looked at; the lines
of the inventory that declare the resource, in the commits between the two audits; and the change sets of pacsconf
between them. Where none of these moved and the evidence is live, it was changed outside pacsconf. What cannot be
told apart is said to be either.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from pacsconf.core.address import Address
from pacsconf.core.moment import day_in_words
from pacsconf.policy.audit import Audit, AuditedResult, AuditedSystem
from pacsconf.policy.drift import Applied, ChangedRule, Drifted, Edited, Key, changed_rules, seen
from pacsconf.policy.packs import SITE
from pacsconf.policy.unknowns import cause_of
from pacsconf.policy.waivers import FILE as WAIVERS

CONFIGURATION = "configuration"
"""The kind of the live resource that is a server's own settings (`orthanc`)."""

CauseKind = Literal["rule", "waiver", "evidence", "inventory", "change set", "outside", "time", "unclear"]


@dataclass(frozen=True, slots=True)
class Cause:
    """Why, in words, and by which commits of the inventory or which change of pacsconf."""

    how: CauseKind
    text: str
    commits: tuple[Edited, ...] = ()
    applied: Applied | None = None


@dataclass(frozen=True)
class Between:
    """What is known of the time between two audits that follow each other."""

    earlier: Audit
    later: Audit
    applied: Sequence[Applied] = ()
    edited: Mapping[tuple[str, int], tuple[Edited, ...]] = field(default_factory=dict)
    """By file and line of `later` (of `earlier` where it is gone), the commits that touched the block there; line 0
    means the file as a whole. `places` are those that are asked for."""
    commits: int | None = 0
    """Commits of the inventory between them; None: not known here, as in a shallow clone."""

    @cached_property
    def then(self) -> Mapping[Key, AuditedResult]:
        """Results of the earlier one."""
        return {one.key: one for one in self.earlier.results}

    @cached_property
    def now(self) -> Mapping[Key, AuditedResult]:
        """Results of the later one."""
        return {one.key: one for one in self.later.results}

    @cached_property
    def servers(self) -> Mapping[str, str]:
        """By system, the device that it is."""
        return {one.name: one.device for one in self.later.results if one.kind == "system" and one.device}

    @cached_property
    def rules(self) -> Mapping[str, ChangedRule]:
        """The rules that judge otherwise, by id."""
        changed = changed_rules(self.earlier, self.later)
        return {one.id: one for one in changed if one.judges_otherwise}


def places(drifted: Iterable[Drifted], between: Between) -> frozenset[tuple[str, int]]:
    """Where commits are to be looked up to tell why these drifted."""
    found = {(SITE, 0), (WAIVERS, 0)}
    for one in drifted:
        result = between.now.get(one.key) or between.then.get(one.key)
        if result is not None and result.file:
            found.add((result.file, result.line))
        if one.key[0] in between.rules:
            found.update(_places_of(between.rules[one.key[0]]))
    return frozenset(found)


def _places_of(changed: ChangedRule) -> Iterator[tuple[str, int]]:
    place = changed.after or changed.before
    yield (place.file, place.line) if place and place.file else (SITE, 0)


def causes(one: Drifted, between: Between) -> tuple[Cause, ...]:
    """Why a result became what it is; at least one, since "nobody knows" is said too."""
    then, now = between.then.get(one.key), between.now.get(one.key)
    rule = _rule(one, between)
    if rule is not None:
        return (rule,)
    waiver = _waiver(then, now, between)
    if waiver is not None:
        return (waiver,)
    found = (*_evidence(then, now, between), *_made_here(then, now, between))
    return found or (_from_elsewhere(then, now, between),)


# --- what judges --------------------------------------------------------------------------------------------------


def _rule(one: Drifted, between: Between) -> Cause | None:
    changed = between.rules.get(one.key[0])
    if changed is None:
        return None
    at = next(iter(_places_of(changed)))
    edited = between.edited.get(at) or between.edited.get((SITE, 0), ())
    return Cause("rule", f"the rule {_in_words(changed)}", edited)


def _in_words(changed: ChangedRule) -> str:
    if changed.how == "changed":
        names = [name for name, _, _ in changed.fields]
        return f"was changed: {', '.join(names)}"
    off = changed.after.off if changed.after else ""
    how = {"added": "was added", "gone": "is not there any more"}.get(changed.how, f"was {changed.how}")
    return f"{how}: {off}" if off else how


def _waiver(then: AuditedResult | None, now: AuditedResult | None, between: Between) -> Cause | None:
    if now is not None and now.state == "waived":
        until = _until(between.later, now.waiver)
        text = f"waived by {now.waiver}" + (f" until {day_in_words(until)}" if until else "")
        return Cause("waiver", text, between.edited.get((WAIVERS, 0), ()))
    if then is None or then.state != "waived" or now is None or now.state in ("pass", "n/a"):
        return None
    until = _until(between.earlier, then.waiver)
    if until and until < between.later.at[:10]:
        return Cause("waiver", f"waiver {then.waiver} ended on {day_in_words(until)}")
    text = f"waiver {then.waiver} does not count for it any more"
    return Cause("waiver", text, between.edited.get((WAIVERS, 0), ()))


def _until(audit: Audit, waiver: str) -> str:
    return next((one.until for one in audit.waivers if one.id == waiver), "")


# --- what is judged -----------------------------------------------------------------------------------------------


def _evidence(then: AuditedResult | None, now: AuditedResult | None, between: Between) -> Iterator[Cause]:
    """Whether it could be looked at, where that is what differs."""
    one = now or then
    system = one.system if one else ""
    was, is_ = (_system(audit, system) for audit in (between.earlier, between.later))
    if now is not None and now.state == "unknown":
        why = is_.why if is_ and is_.how == "unreached" else cause_of(now.message)
        yield Cause("evidence", f"it could not be looked at: {why}" if why else "it could not be looked at")
    elif _is_out_of_sight(then, now, between):
        why = is_.why if is_ else "it is no system of this environment any more"
        yield Cause(
            "evidence", f"{system} could not be looked at: {why}" if why else f"{system} was not read"
        )
    elif then is not None and then.state == "unknown" and now is not None:
        why = was.why if was and was.how == "unreached" else cause_of(then.message)
        yield Cause(
            "evidence", f"it could not be looked at before: {why}" if why else "it can be looked at now"
        )


def _is_out_of_sight(then: AuditedResult | None, now: AuditedResult | None, between: Between) -> bool:
    """Whether a result is gone with the system that it was found in, which was looked at before."""
    if then is None or now is not None or not then.system:
        return False
    return then.system in seen(between.earlier) - seen(between.later)


def _system(audit: Audit, name: str) -> AuditedSystem | None:
    return next((one for one in audit.coverage.systems if one.name == name), None)


def _made_here(then: AuditedResult | None, now: AuditedResult | None, between: Between) -> Iterator[Cause]:
    """The commits of the inventory, and the change of pacsconf, that are about the resource."""
    if then is None and now is not None:
        yield Cause("inventory", "the resource is new", _edited(now, between))
    elif now is None and then is not None and not _is_out_of_sight(then, now, between):
        yield Cause("inventory", "the resource is gone", _edited(then, between))
    elif now is not None and (edited := _edited(now, between)):
        yield Cause("inventory", "its lines were changed", edited)
    one = now or then
    applied = [
        each
        for each in between.applied
        if one and (is_about(each.address, one) or _is_of_its_server(each.address, one, between))
    ]
    if applied:
        yield Cause("change set", f"pacsconf changed {applied[-1].address}", applied=applied[-1])


def _edited(one: AuditedResult, between: Between) -> tuple[Edited, ...]:
    return between.edited.get((one.file, one.line), ()) if one.file else ()


def is_about(address: Address, one: AuditedResult) -> bool:
    """Whether a live resource is, or belongs to, what a result is about, as far as names tell."""
    if one.system and address.system != one.system:
        return False
    names = {one.device, *one.name.split("/")} - {""}
    return address.parts[0] in names or one.name in (address.system, address.name)


def _is_of_its_server(address: Address, one: AuditedResult, between: Between) -> bool:
    """Whether a live resource is the configuration of the very server that a result is about."""
    return (
        address.kind == CONFIGURATION
        and bool(one.device)
        and between.servers.get(address.system) == one.device
    )


def _from_elsewhere(then: AuditedResult | None, now: AuditedResult | None, between: Between) -> Cause:
    """None of what is told of the resource itself moved."""
    same = between.earlier.inventory == between.later.inventory
    live = any(one is not None and one.evidence != "declared" for one in (then, now))
    elsewhere = f"the inventory was changed elsewhere ({_commits(between.commits)})"
    one = now or then
    near = [each for each in between.applied if not (one and one.system) or each.address.system == one.system]
    if live and same and near:
        by = ", ".join(dict.fromkeys(each.changeset for each in near))
        return Cause(
            "unclear", f"it was changed outside pacsconf, or with what pacsconf changed beside it: {by}"
        )
    if live and same:
        return Cause(
            "outside", "it was changed outside pacsconf: neither the inventory nor a change set did it"
        )
    if live:
        return Cause("unclear", f"it was changed outside pacsconf, or {elsewhere}")
    if not same:
        return Cause("inventory", elsewhere)
    if between.earlier.policies != between.later.policies:
        return Cause("unclear", "the policies were changed elsewhere, or only the day is another")
    return Cause("time", "only the day is another: neither the inventory nor the rules were changed")


def _commits(number: int | None) -> str:
    if number is None:
        return "its commits are not known here"
    if not number:
        return "not committed"
    return f"{number} commit{'' if number == 1 else 's'}"
