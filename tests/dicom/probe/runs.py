"""Runs of `probe` as tests and hypothesis make them."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import strategies as st

from pacsconf.dicom.observation import (
    Doors,
    Encryption,
    Fault,
    Negotiated,
    Observation,
    Software,
    Step,
)
from pacsconf.dicom.probe.run import VERDICTS, ProbeRun, Sighting
from pacsconf.dicom.targets import Target

AT = "2026-11-26T06:10:00Z"
CT, MR = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4"
IMPLICIT, EXPLICIT = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1"


def a_target(device: str = "ct-1", title: str = "CT1", **more) -> Target:
    usual = {"connection": "dicom", "host": "10.20.4.17", "port": 104, "declared": "10.20.4.17:104"}
    return Target(device, title, **(usual | {"level": "echo", "calling": "WS1", "site": "main"} | more))


def step(name: str, passed: bool | None = True, milliseconds: float = 1.0, text: str = "", **more) -> Step:
    return Step(name, passed, text, milliseconds, **more)


def healthy(
    device: str = "ct-1", title: str = "CT1", *, at: str = AT, echo: float = 3.0, **more
) -> Observation:
    target = more.pop("target", None) or a_target(device, title)
    steps = (step("tcp"), step("association"), step("echo", milliseconds=echo))
    return Observation(target, "healthy", **({"steps": steps, "at": at} | more))


def shut(
    device: str = "ct-1", title: str = "CT1", *, at: str = AT, verdict: str = "failing", **more
) -> Observation:
    """Nobody listens."""
    fault = Fault("refused", (111,))
    reason = "connection refused: nothing listens at port 104"
    target = more.pop("target", None) or a_target(device, title)
    return Observation(target, verdict, (step("tcp", False, text=reason, fault=fault),), reason, at, **more)


def acknowledging(code: str = "AR", *, at: str = AT, took: float = 3.0, **more) -> Observation:
    """An HL7 application that answers."""
    spoken = {"connection": "hl7", "port": 2575, "declared": "10.20.4.17:2575", "protocol": "hl7"}
    target = a_target("ris", "RIS|HOSP", **(spoken | more))
    steps = (step("tcp"), step("mllp", milliseconds=took, text=f"{code}: refused"))
    return Observation(target, "healthy", steps, at=at, acknowledged=code)


def left_alone(
    device: str, title: str, *, site: str = "south", why: str = "do not probe (site south)"
) -> Observation:
    target = a_target(device, title, level="none", site=site, why=why)
    return Observation(target, "not probed", reason=why, at=AT)


def a_run(*seen: Observation, at: str = AT, **more) -> ProbeRun:
    sightings = tuple(Sighting(one, "ws-3") for one in seen)
    usual = {
        "environment": "lab",
        "by": "Maria Weber <mweber@example.org>",
        "where": "ws-3",
        "version": "0.1",
    }
    return ProbeRun(at=at, **(usual | {"sightings": sightings} | more))


# --- hypothesis ---------------------------------------------------------------------------------------------------

texts = st.text(st.characters(codec="utf-8"), max_size=12)
names = st.text("abc-1", min_size=1, max_size=4)
uids = st.text("0123456789.", min_size=1, max_size=12)
moments = st.integers(0, 2**31).map(lambda at: f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}")
milliseconds = st.floats(0, 1e5, allow_nan=False)
faults = st.builds(
    Fault,
    st.sampled_from(("refused", "rejected", "TLS")),
    st.lists(st.integers(0, 300), max_size=3).map(tuple),
    texts,
)
steps = st.builds(
    Step,
    st.sampled_from(("name", "tcp", "tls", "mllp", "association", "contexts", "echo", "query", "worklist")),
    st.sampled_from((True, False, None)),
    texts,
    milliseconds,
    st.none() | faults,
)
offers = st.dictionaries(uids, st.lists(uids, max_size=3).map(tuple), max_size=4).map(
    lambda one: tuple(one.items())
)
targets = st.builds(
    Target,
    device=names,
    title=names,
    connection=names,
    host=texts,
    port=st.integers(0, 65535),
    declared=texts,
    level=st.sampled_from(("none", "tcp", "echo", "contexts", "services")),
    calling=st.none() | texts,
    node=st.none() | names,
    standby=st.booleans(),
    may_sleep=st.booleans(),
    tls=st.booleans(),
    why=texts,
    site=st.none() | names,
    contexts=offers,
    negatives=st.booleans(),
    protocol=st.sampled_from(("dicom", "hl7", "hl7-mllp2")),
)
answers = st.lists(
    st.builds(Negotiated, uids, uids, st.integers(0, 4)),
    max_size=5,
    unique_by=lambda one: (one.sop_class, one.transfer_syntax),
).map(tuple)
opens = st.sampled_from(("refused", "open", "unknown"))
taken = st.none() | st.lists(st.sampled_from(("TLS 1.0", "NULL-SHA", "AES128-SHA")), max_size=2).map(tuple)
observations = st.builds(
    Observation,
    targets,
    st.sampled_from(VERDICTS),
    st.lists(steps, max_size=3).map(tuple),
    texts,
    moments,
    answers,
    st.none() | st.builds(Software, texts, texts, st.integers(0, 2**32)),
    st.none()
    | st.builds(
        Encryption,
        texts,
        texts,
        texts,
        texts,
        texts,
        st.none() | st.integers(-400, 4000),
        st.lists(texts, max_size=2).map(tuple),
        texts,
        st.none() | st.booleans(),
    ),
    st.none() | st.builds(Doors, opens, opens, opens, opens, opens, opens, taken, taken),
    st.sampled_from(("", "AA", "AR")),
)
sightings = st.builds(Sighting, observations, texts, st.just("") | moments)
runs = st.builds(
    ProbeRun,
    environment=names,
    at=moments,
    by=texts,
    where=texts,
    version=texts,
    site=texts,
    impersonated=texts,
    whole=st.booleans(),
    sightings=st.lists(sightings, max_size=4, unique_by=lambda one: one.key).map(tuple),
)
