"""A diagnosis as JSON, for scripts."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from pacsconf.dicom.diagnose.cause import Cause
from pacsconf.dicom.diagnose.diagnosis import Diagnosis
from pacsconf.dicom.diagnose.evidence import End
from pacsconf.report.as_json import FORMAT_VERSION, as_text


def diagnosis_json(found: Diagnosis, environment: str, command: str) -> str:
    """The diagnosis with every cause, ranked; `command` is how pacsconf is called here."""
    body = {
        "format_version": FORMAT_VERSION,
        "environment": environment,
        "from": _end(found.caller),
        "to": _end(found.called),
        "verdict": found.verdict,
        "works_as": found.works_as or None,
        "layers": [asdict(layer) for layer in found.layers],
        "causes": [_cause(cause, command) for cause in found.causes],
        "unknown": [
            {"text": one.text, "how": one.how, "command": _typed(command, one.command)}
            for one in found.unknowns
        ],
        "next": [_typed(command, each) for each in found.next],
    }
    return as_text(body)


def _end(end: End) -> dict[str, Any]:
    return {
        "ae_title": end.title,
        "device": end.device or None,
        "host": end.host or None,
        "port": end.port,
        "place": end.place or None,
    }


def _cause(cause: Cause, command: str) -> dict[str, Any]:
    return {
        "key": cause.key,
        "layer": cause.layer,
        "score": cause.score,
        "wrong": cause.wrong,
        "remark": cause.remark,
        "sentence": cause.sentence,
        "details": list(cause.details),
        "evidence": [asdict(proof) for proof in cause.proofs],
        "direction": cause.direction or None,
        "place": cause.place or None,
        "ways": [
            {"when": way.when, "text": way.text, "command": _typed(command, way.command)}
            for way in cause.ways
        ],
        "refusal": asdict(cause.refusal) if cause.refusal else None,
    }


def _typed(command: str, words: str) -> str | None:
    return f"{command} {words}" if words else None
