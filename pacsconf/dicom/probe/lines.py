"""A run of `probe` as text: a line that says what it is, then one line of JSON for each target.

Equal runs are equal text. SOP classes that were answered alike stand together, so that a run of a whole hospital
stays small enough for git. Reading trusts nothing: such a file comes from another machine.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from io import BytesIO
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from pacsconf.core.errors import PacsconfError
from pacsconf.core.spelling import canonical
from pacsconf.dicom.observation import Negotiated, Observation
from pacsconf.dicom.probe.run import Key, ProbeRun, Sighting, moment

FORMAT_VERSION = 1

MAX_BYTES = 64 * 1024 * 1024
"""Of a whole run: that of ten thousand targets stays below a tenth of it."""
_MAX_LINE = 1024 * 1024
_MAX_CONTEXTS = 16_384
"""Of one target, spelt out; a line of few bytes could else stand for millions."""
_MOST_CONTEXTS = 2_000_000
"""Of a whole run: that of ten thousand targets has half as many at the most."""
_LONGEST = 8192
"""Characters of what is told of a target, or of one of its steps."""
_MAX_WORDS = 300

_STRICT = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


class _Offer(BaseModel):
    """SOP classes that are declared with the same transfer syntaxes."""

    model_config = _STRICT
    classes: tuple[str, ...]
    syntaxes: tuple[str, ...]


class _Answer(BaseModel):
    """SOP classes that were answered alike: the result of each transfer syntax."""

    model_config = _STRICT
    classes: tuple[str, ...]
    results: dict[str, int]


class _Line(BaseModel):
    """One target: an observation with its lists of contexts apart."""

    model_config = _STRICT
    seen: Observation
    offered: tuple[_Offer, ...] = ()
    answered: tuple[_Answer, ...] = ()
    where: str = ""
    since: str = ""


class _Head(BaseModel):
    """The first line."""

    model_config = _STRICT
    kind: Literal["pacsconf probe"]
    format_version: int
    environment: str
    at: str
    by: str
    where: str
    version: str
    site: str = ""
    impersonated: str = ""
    whole: bool = True
    targets: int


_OBSERVATION = TypeAdapter(Observation)


def plain(observation: Observation) -> dict[str, Any]:
    """An observation in plain values, all of it."""
    body: dict[str, Any] = _OBSERVATION.dump_python(observation, mode="json")
    return body


# --- writing ----------------------------------------------------------------------------------------------------


def tidy(run: ProbeRun) -> ProbeRun:
    """The run as it reads back: targets and contexts in order, times to a tenth of a millisecond."""
    sightings = sorted((_tidy(one) for one in run.sightings), key=lambda one: one.key)
    return replace(run, sightings=tuple(sightings))


def _tidy(one: Sighting) -> Sighting:
    seen = one.observation
    steps = tuple(replace(step, milliseconds=round(step.milliseconds, 1)) for step in seen.steps)
    answered = {(each.sop_class, each.transfer_syntax): each for each in seen.contexts}
    contexts = tuple(answered[pair] for pair in sorted(answered))
    offered = tuple(sorted(dict(seen.target.contexts).items()))
    target = replace(seen.target, contexts=offered)
    return replace(one, observation=replace(seen, target=target, steps=steps, contexts=contexts))


def to_lines(run: ProbeRun) -> bytes:
    """The run as its file; reading it gives `tidy(run)`."""
    whole = tidy(run)
    head = {
        "kind": "pacsconf probe",
        "format_version": FORMAT_VERSION,
        "targets": len(whole.sightings),
        **{name: getattr(whole, name) for name in _HEAD},
    }
    return b"".join(canonical(body) + b"\n" for body in (head, *map(_body, whole.sightings)))


_HEAD = ("environment", "at", "by", "where", "version", "site", "impersonated", "whole")


def _body(one: Sighting) -> dict[str, Any]:
    seen = one.observation
    bare = replace(seen, target=replace(seen.target, contexts=()), contexts=())
    body = {
        "seen": _OBSERVATION.dump_python(bare, mode="json", exclude_defaults=True),
        "offered": list(_offered(seen)),
        "answered": list(_answered(seen)),
        "where": one.where,
        "since": one.since,
    }
    return {name: _sound(value) for name, value in body.items() if value}


def _sound(value: Any) -> Any:
    """The same without halves of characters, which a peer's bytes may have become and JSON cannot hold."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode(errors="replace").decode()
    if isinstance(value, dict):
        return {_sound(name): _sound(each) for name, each in value.items()}
    return list(map(_sound, value)) if isinstance(value, list) else value


def _offered(seen: Observation) -> Iterator[dict[str, Any]]:
    alike: dict[tuple[str, ...], list[str]] = {}
    for sop_class, syntaxes in seen.target.contexts:
        alike.setdefault(syntaxes, []).append(sop_class)
    for syntaxes, classes in sorted(alike.items()):
        yield {"classes": classes, "syntaxes": list(syntaxes)}


def _answered(seen: Observation) -> Iterator[dict[str, Any]]:
    of_class: dict[str, dict[str, int]] = {}
    for one in seen.contexts:
        of_class.setdefault(one.sop_class, {})[one.transfer_syntax] = one.result
    alike: dict[tuple[tuple[str, int], ...], list[str]] = {}
    for sop_class, results in of_class.items():
        alike.setdefault(tuple(sorted(results.items())), []).append(sop_class)
    for together, classes in sorted(alike.items()):
        yield {"classes": classes, "results": dict(together)}


# --- reading ----------------------------------------------------------------------------------------------------


def from_lines(data: bytes, name: str) -> ProbeRun:
    """The run in a file; `name` is for messages.

    Raises: PacsconfError with the first line that is not as `to_lines` writes it.
    """
    if len(data) > MAX_BYTES:
        raise PacsconfError(f"{name} is larger than {MAX_BYTES // 2**20} MiB: no run of probe is", fix=_FIX)
    if data and not data.endswith(b"\n"):
        raise _wrong(name, data.count(b"\n") + 1, "the file is cut short: its last line has no end")
    lines = BytesIO(data)  # one line at a time: a file of nothing but line ends would be millions of them
    head = _head(lines.readline(), name)
    found = tuple(_sightings(lines, name))
    if len(found) != head.targets:
        said = f"the file is cut short: it tells of {head.targets} targets and holds {len(found)}"
        raise _wrong(name, len(found) + 1, said)
    return ProbeRun(**{key: getattr(head, key) for key in _HEAD}, sightings=found)


class OtherFormat(PacsconfError):
    """Another version of pacsconf wrote this run."""


_FIX = "Write it anew, on the machine that it came from: pacsconf probe --out FILE"


def _wrong(name: str, number: int, what: str) -> PacsconfError:
    return PacsconfError(f"{name}:{number}: {what[:_MAX_WORDS]}", fix=_FIX)


def _head(line: bytes, name: str) -> _Head:
    try:
        body = json.loads(line[:_MAX_LINE])
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict) or body.get("kind") != "pacsconf probe":
        raise _wrong(name, 1, "this is no run of pacsconf probe")
    if body.get("format_version") != FORMAT_VERSION:
        raise OtherFormat(
            f"{name}:1: the run is of another format than {FORMAT_VERSION}, which this pacsconf reads",
            fix="Use one version of pacsconf at all sites.",
        )
    try:
        head = _Head.model_validate_json(line)
        moment(head.at)
    except ValueError as exc:
        raise _wrong(name, 1, _first(exc)) from None
    return head


def _sightings(lines: Iterable[bytes], name: str) -> Iterator[Sighting]:
    seen: dict[Key, int] = {}
    contexts = 0
    for number, line in enumerate(lines, start=2):
        if len(line) > _MAX_LINE:
            raise _wrong(name, number, "the line is longer than any that probe writes")
        try:
            one = _sighting(_Line.model_validate_json(line))
        except ValueError as exc:
            raise _wrong(name, number, _first(exc)) from None
        contexts += len(one.observation.contexts) + len(one.target.contexts)
        if contexts > _MOST_CONTEXTS:
            raise _wrong(name, number, "the run stands for more contexts than a network has")
        if one.key in seen:
            raise _wrong(name, number, f"this target stands in line {seen[one.key]} too")
        seen[one.key] = number
        yield one


def _first(error: ValueError) -> str:
    """The first mistake, without what stands there."""
    if not isinstance(error, ValidationError):
        return str(error)
    first = error.errors(include_input=False, include_url=False)[0]
    place = ".".join(map(str, first["loc"]))
    return f"{place}: {first['msg']}" if place else first["msg"]


def _sighting(line: _Line) -> Sighting:
    """A line as a value.

    Raises: ValueError.
    """
    seen = line.seen
    moment(seen.at)
    if line.since:
        moment(line.since)
    if not 0 <= seen.target.port < 65536 or any(step.milliseconds < 0 for step in seen.steps):
        raise ValueError("a port or a time is not one that can be")
    if max(map(len, (seen.reason, *(step.text for step in seen.steps)))) > _LONGEST:
        raise ValueError("a text is longer than any that probe writes")
    if sum(len(each.classes) * max(1, len(each.results)) for each in line.answered) > _MAX_CONTEXTS:
        raise ValueError("it stands for more contexts than any device has")
    if sum(len(each.classes) * max(1, len(each.syntaxes)) for each in line.offered) > _MAX_CONTEXTS:
        raise ValueError("it stands for more contexts than any device has")
    offered = sorted((sop_class, each.syntaxes) for each in line.offered for sop_class in each.classes)
    answered = sorted(
        (sop_class, syntax, result)
        for each in line.answered
        for sop_class in each.classes
        for syntax, result in each.results.items()
    )
    whole = replace(
        seen,
        target=replace(seen.target, contexts=tuple(offered)),
        contexts=tuple(Negotiated(*each) for each in answered),
    )
    return Sighting(whole, line.where, line.since)
