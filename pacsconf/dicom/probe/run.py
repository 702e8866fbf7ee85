"""A run of `probe`, and what is known of the wire after several: kept, merged, looked up. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import get_args

from pacsconf.dicom.observation import Observation, Step, Verdict
from pacsconf.dicom.targets import Level, Target
from pacsconf.inventory.formats import ANYWHERE, NOWHERE
from pacsconf.inventory.model import PROBES

Key = tuple[str, str, str, str]
"""Device, AE title, connection and node (empty: the connection itself)."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """An observation as it is kept: `where` it was made from, and `since` when (ISO 8601) it has been like this.

    The latter goes back as far as the runs do that were kept one after the other.
    """

    observation: Observation
    where: str = ""
    since: str = ""

    @property
    def target(self) -> Target:
        return self.observation.target

    @property
    def key(self) -> Key:
        return key_of(self.target)

    @property
    def at(self) -> datetime:
        """When it was asked."""
        return moment(self.observation.at)


@dataclass(frozen=True, slots=True)
class ProbeRun:
    """What one run asked, or what is known after several (`by` and `at` are then those of the last).

    `by` is `name <mail>` or `user@host`, `where` the machine that it ran on, `site` what `--site` named, and
    `impersonated` the title of another device that it called as. `whole` is False where it was stopped.
    """

    environment: str
    at: str
    by: str
    where: str
    version: str
    site: str = ""
    impersonated: str = ""
    whole: bool = True
    sightings: tuple[Sighting, ...] = ()

    @property
    def observations(self) -> tuple[Observation, ...]:
        return tuple(sighting.observation for sighting in self.sightings)


def key_of(target: Target) -> Key:
    """What tells one target from all others of an environment."""
    return target.device, target.title, target.connection, target.node or ""


def subject_of(target: Target) -> str:
    """The entity, as people and change sets name it, with the node where it is one: `ris/RIS_MWL (node-2)`."""
    node = f" ({target.node})" if target.node else ""
    return f"{target.device}/{target.title}{node}"


def moment(text: str) -> datetime:
    """The moment that ISO 8601 names, in UTC.

    Raises: ValueError, also for one without a time zone, or in another.
    """
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError(f'"{text}" has no time zone')
    if found.utcoffset():
        raise ValueError(f'"{text}" is not in UTC')
    return found


# --- several runs -----------------------------------------------------------------------------------------------


def sighted(run: ProbeRun, former: ProbeRun | None) -> ProbeRun:
    """The same run, each sighting with the moment since when it has been so, as far as the former ones tell."""
    before = {one.key: one for one in former.sightings} if former else {}
    return replace(run, sightings=tuple(_since(one, before.get(one.key)) for one in run.sightings))


def _since(one: Sighting, former: Sighting | None) -> Sighting:
    if former is None or _state(one) != _state(former) or former.at > one.at:
        return replace(one, since=one.observation.at)
    return replace(one, since=former.since or former.observation.at)


def _state(one: Sighting) -> tuple[object, ...]:
    """What has to stay the same for a sighting to have lasted: verdict, step that failed, what was declared."""
    broken = next((step.name for step in one.observation.steps if step.passed is False), "")
    return one.observation.verdict, broken, _declared(one.target)


def merged(former: ProbeRun | None, later: ProbeRun, declared: Collection[Key] | None = None) -> ProbeRun:
    """What is known after both: of each target the last look.

    What was not probed says nothing, and a look that found nothing wrong but went less far does not take the place
    of one that went further, unless that failed on the way. `declared`: only these targets are kept.
    """
    known = {one.key: one for one in former.sightings} if former else {}
    for one in sighted(later, former).sightings:
        if one.observation.verdict == "not probed":
            continue
        before = known.get(one.key)
        if before is None or not _stands_beside(before, one):
            known[one.key] = _with_doors(before, one)
    kept = (known[key] for key in sorted(known) if declared is None or key in declared)
    return replace(later, site="", impersonated="", whole=True, sightings=tuple(kept))


def _stands_beside(before: Sighting, later: Sighting) -> bool:
    """Whether a former sighting still tells more than a later one."""
    if before.at > later.at:
        return True
    if later.observation.verdict != "healthy" or not fits(before.target, later.target):
        return False
    return depth(before.observation) > depth(later.observation)


def _with_doors(before: Sighting | None, later: Sighting) -> Sighting:
    """The later sighting, with what strangers met before where nobody played one since: that mends nothing."""
    if before is None or before.observation.doors is None or later.observation.doors is not None:
        return later
    if not fits(before.target, later.target) or before.target.accepts != later.target.accepts:
        return later
    former, seen = before.observation, replace(later.observation, doors=before.observation.doors)
    let_in = former.verdict == "failing" and all(step.passed is not False for step in former.steps)
    if let_in and seen.verdict == "healthy":
        seen = replace(seen, verdict="failing", reason=former.reason)
        return replace(later, observation=seen, since=before.since)
    return replace(later, observation=seen)


_DEPTHS = {
    "name": 0,
    "tcp": 1,
    "tls": 2,
    "mllp": 2,
    "association": 2,
    "echo": 2,
    "contexts": 3,
    "query": 4,
    "worklist": 4,
}


def depth(observation: Observation) -> int:
    """How far an observation got: the layer of the last step that could be taken."""
    return max(
        (_DEPTHS.get(step.name, 0) for step in observation.steps if step.passed is not None), default=0
    )


# --- what is known of what is declared --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of an environment's wire. `asked` fit what is declared now, newest or not; `unasked` are
    targets that may be probed and never were as they are declared now; `left_alone` may not be."""

    asked: tuple[Sighting, ...] = ()
    unasked: tuple[Target, ...] = ()
    left_alone: tuple[Target, ...] = ()

    @property
    def last(self) -> datetime | None:
        """When anything was asked last."""
        return max((one.at for one in self.asked), default=None)

    def counts(self) -> dict[str, int]:
        """How many of what was asked are of each verdict."""
        return counts_of(one.observation for one in self.asked)


def known(run: ProbeRun | None, targets: Iterable[Target], dial: Mapping[str, str]) -> Known:
    """What the last run says of these targets; what was declared otherwise since counts as not probed."""
    sightings = {one.key: one for one in run.sightings} if run else {}
    asked, unasked, left_alone = [], [], []
    for target in targets:
        found = sightings.get(key_of(target))
        if found is not None and fits(found.target, target):
            asked.append(found)
        elif target.level == "none" or dial.get(target.declared, dial.get(ANYWHERE)) == NOWHERE:
            left_alone.append(target)
        else:
            unasked.append(target)
    return Known(tuple(asked), tuple(unasked), tuple(left_alone))


def fits(probed: Target, now: Target) -> bool:
    """Whether what was probed is what is declared now: where it listens, and what it offers as far as was asked."""
    if _declared(probed) != _declared(now):
        return False
    return PROBES.index(probed.level) < PROBES.index("contexts") or probed.contexts == now.contexts


def _declared(target: Target) -> tuple[object, ...]:
    return target.declared, target.tls, target.standby, target.protocol


# --- counting ---------------------------------------------------------------------------------------------------

VERDICTS: tuple[Verdict, ...] = get_args(Verdict)


def counts_of(observations: Iterable[Observation]) -> dict[str, int]:
    """How many are of each verdict, all named."""
    counts: dict[str, int] = dict.fromkeys(VERDICTS, 0)
    for one in observations:
        counts[one.verdict] += 1
    return counts


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds of one step over many targets."""

    count: int
    p50: float
    p95: float
    most: float


def latency(observations: Iterable[Observation], name: str) -> Latency | None:
    """How long a step took where it passed; percentiles are by nearest rank. None where none did."""
    taken = sorted(step.milliseconds for one in observations if (step := passed(one, name)) is not None)
    if not taken:
        return None
    return Latency(len(taken), _rank(taken, 50), _rank(taken, 95), taken[-1])


def _rank(ordered: list[float], percent: int) -> float:
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]


def passed(observation: Observation, name: str) -> Step | None:
    """The step of this name, if it was taken and passed."""
    return next((step for step in observation.steps if step.name == name and step.passed), None)


def accepted(observation: Observation) -> tuple[int, int]:
    """Of how many presentation contexts how many were accepted."""
    return sum(one.result == 0 for one in observation.contexts), len(observation.contexts)


def lowered(target: Target, most: Level) -> Target:
    """The same target, asked no further than `most`: nothing raises what is declared."""
    if PROBES.index(target.level) <= PROBES.index(most):
        return target
    return replace(target, level=most)


def telling(observation: Observation) -> str:
    """What came of it, in a few words: `echo 3 ms, 6 of 6 presentation contexts accepted, query answered`."""
    if observation.reason and observation.verdict != "healthy":
        return observation.reason
    echo = passed(observation, "echo")
    took, of_all = accepted(observation)
    queries = [name for name in ("query", "worklist") if passed(observation, name)]
    asked = passed(observation, "mllp")
    parts = (
        f"HL7 {observation.acknowledged} {asked.milliseconds:.0f} ms" if asked else "",
        f"echo {echo.milliseconds:.0f} ms" if echo else "",
        f"{took} of {of_all} presentation contexts accepted" if of_all else "",
        f"{' and '.join(queries)} answered" if queries else "",
    )
    said = (
        ", ".join(part for part in parts if part) or f"{observation.level} {observation.milliseconds:.0f} ms"
    )
    return f"{said}; {observation.reason}" if observation.reason else said
