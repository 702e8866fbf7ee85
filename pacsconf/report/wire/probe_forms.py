"""A run of `probe` for machines: JSON with every observation, and JUnit XML, which CI servers show as tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any
from xml.etree import ElementTree

from pacsconf.dicom.observation import Observation
from pacsconf.dicom.probe.compare import Comparison
from pacsconf.dicom.probe.findings import findings
from pacsconf.dicom.probe.lines import plain
from pacsconf.dicom.probe.run import ProbeRun, Sighting, counts_of, latency, subject_of, telling
from pacsconf.report.as_json import FORMAT_VERSION, as_text, finding_as_json
from pacsconf.report.diagnostics import PlaceOf
from pacsconf.report.lines import visible

_TIMED = ("name", "tcp", "tls", "mllp", "association", "echo", "query", "worklist")


def run_body(run: ProbeRun, place_of: PlaceOf = lambda _path: None) -> dict[str, Any]:
    """A run in plain values: what it was, the counts, latencies by step, and every observation."""
    latencies = {name: latency(run.observations, name) for name in _TIMED}
    return {
        "environment": run.environment,
        **{name: getattr(run, name) for name in ("at", "by", "where", "version", "site", "impersonated")},
        "whole": run.whole,
        "counts": counts_of(run.observations),
        "latency": {name: asdict(found) for name, found in latencies.items() if found is not None},
        "observations": [_observation(one, place_of) for one in run.sightings],
    }


def probe_json(
    run: ProbeRun,
    *,
    place_of: PlaceOf = lambda _path: None,
    comparison: Comparison | None = None,
    commit: str = "",
) -> str:
    """The run as a document of its own; `commit` is where it is recorded."""
    body = {"format_version": FORMAT_VERSION, **run_body(run, place_of), "commit": commit}
    return as_text(body | ({"against": _comparison(comparison)} if comparison else {}))


def runs_json(runs: Mapping[str, ProbeRun], *, commit: str, reason: str, place_of: PlaceOf) -> str:
    """The runs that a commit of the record holds, by path."""
    bodies = {path: run_body(run, place_of) for path, run in runs.items()}
    return as_text({"format_version": FORMAT_VERSION, "commit": commit, "reason": reason, "runs": bodies})


def _observation(one: Sighting, place_of: PlaceOf) -> dict[str, Any]:
    found = [
        finding_as_json(finding, finding.place or place_of(finding.path))
        for finding in findings(one.observation)
    ]
    kept = {"where": one.where, "since": one.since}
    return {"subject": subject_of(one.target), **plain(one.observation), **kept, "findings": found}


def _comparison(made: Comparison) -> dict[str, Any]:
    return {
        "at": made.before.at,
        "compared": made.compared,
        "echo": {
            "before": asdict(made.echo_before) if made.echo_before else None,
            "after": asdict(made.echo_after) if made.echo_after else None,
        },
        "differences": [asdict(one) for one in made.differences],
    }


# --- JUnit ------------------------------------------------------------------------------------------------------

_SKIPPED: Mapping[str, str] = {
    "asleep": "asleep: it did not answer, and need not",
    "not probed": "not probed",
    "unknown": "unknown: it could not be looked at",
}


def junit(run: ProbeRun) -> str:
    """The run as JUnit XML: one test case for each target; only what fails is a failure."""
    counts = counts_of(run.observations)
    suite = ElementTree.Element(
        "testsuite",
        name=_safe(f"pacsconf probe {run.environment}"),
        tests=str(len(run.sightings)),
        failures=str(counts["failing"]),
        errors="0",
        skipped=str(sum(counts[verdict] for verdict in _SKIPPED)),
        time=f"{sum(one.milliseconds for one in run.observations) / 1000:.3f}",
        timestamp=run.at,
        hostname=_safe(run.where),
    )
    for seen in run.observations:
        suite.append(_case(seen))
    whole = ElementTree.Element("testsuites")
    whole.append(suite)
    ElementTree.indent(whole)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(whole, encoding="unicode") + "\n"


def _case(seen: Observation) -> ElementTree.Element:
    target = seen.target
    case = ElementTree.Element(
        "testcase",
        classname=_safe(f"{target.site or 'no site'}.{target.device}"),
        name=_safe(_name(seen)),
        time=f"{seen.milliseconds / 1000:.3f}",
    )
    if seen.verdict == "failing":
        found = [one for one in findings(seen) if one.severity == "error"]
        rule = found[0].rule if found else "WIRE"
        failure = ElementTree.SubElement(case, "failure", type=rule, message=_safe(seen.reason))
        failure.text = "\n".join(_safe(f"{one.summary}: {one.detail} {one.fix}".strip()) for one in found)
    elif seen.verdict != "healthy":
        reason = f": {seen.reason}" if seen.reason else ""
        ElementTree.SubElement(case, "skipped", message=_safe(_SKIPPED[seen.verdict] + reason))
    out = ElementTree.SubElement(case, "system-out")
    out.text = _safe(telling(seen) if seen.verdict == "healthy" else _steps(seen))
    return case


def _name(seen: Observation) -> str:
    target = seen.target
    node = f" node {target.node}" if target.node else ""
    return f"{target.title} {target.connection}{node} ({target.level})"


def _steps(seen: Observation) -> str:
    words: Sequence[str] = [
        f"{step.name}: {'ok' if step.passed else '?' if step.passed is None else 'FAILED'}, {step.text}"
        for step in seen.steps
    ]
    return "; ".join(words)


def _safe(text: str) -> str:
    """Text without what XML cannot hold: controls come as escapes, as on the screen."""
    return visible(text)
