"""How far two application entities get with each other, layer by layer, one line each. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from pacsconf.dicom.diagnose.causes import entries, peers
from pacsconf.dicom.diagnose.evidence import Evidence, Table
from pacsconf.dicom.observation import StepName

Sign = Literal["✓", "✗", "?", "–"]  # noqa: RUF001


@dataclass(frozen=True, slots=True)
class LayerLine:
    """One layer: `✓` works, `✗` does not, `?` cannot be told, `–` was not tried."""  # noqa: RUF002

    name: str
    sign: Sign
    text: str


_NAMES: dict[StepName, str] = {"association": "assoc"}


def layers(evidence: Evidence) -> Iterator[LayerLine]:
    yield from _flow_layer(evidence)
    yield from _wire_layers(evidence)
    yield from _caller_layer(evidence)
    for table in evidence.tables:
        yield _table_layer(evidence, table)
    yield from _worklist_layer(evidence)
    yield from (LayerLine("log", "✓", words) for words in evidence.looked)
    if evidence.heard or evidence.caller.title != evidence.probed_as:
        yield _heard_layer(evidence)


def _flow_layer(evidence: Evidence) -> Iterator[LayerLine]:
    if not (evidence.caller.declared and evidence.called.declared):
        return
    if evidence.flows:
        names = ", ".join(flow.name for flow in evidence.flows)
        yield LayerLine("flow", "✓", f"{names}: {', '.join(evidence.services) or 'nothing'}")
    elif evidence.caller.title != evidence.probed_as:
        yield LayerLine("flow", "✗", "no flow of the inventory lets the one call the other")


def _wire_layers(evidence: Evidence) -> Iterator[LayerLine]:
    if evidence.wire is None or not evidence.wire.steps:
        reason = evidence.unsent or (evidence.wire.reason if evidence.wire else "")
        words = reason.removeprefix("not called: ") or "nothing was to be sent"
        yield LayerLine("wire", "–", f"not called: {words}")  # noqa: RUF001
        return
    if evidence.seen_at:
        when = evidence.seen_at[:16].replace("T", " ")
        yield LayerLine("wire", "?", f"as the last recorded probe saw it, {when} UTC, and not now:")
    for step in evidence.wire.steps:
        sign: Sign = "?" if step.passed is None else "✓" if step.passed else "✗"
        asleep = step.passed is False and evidence.wire.verdict in ("asleep", "unknown")
        text = step.text.partition("; ")[0] if step.name == "contexts" else step.text
        yield LayerLine(_NAMES.get(step.name, step.name), "?" if asleep else sign, text)


def _caller_layer(evidence: Evidence) -> Iterator[LayerLine]:
    """What a call under the caller's own title came to."""
    seen = evidence.impersonated
    if seen is None:
        return
    kept = f"not recorded: {evidence.unrecorded}" if evidence.unrecorded else "recorded"
    step = next((step for step in seen.steps if step.passed is False), None)
    if not seen.steps:
        yield LayerLine("as caller", "–", f"not called: {seen.reason.removeprefix('not called: ')}")  # noqa: RUF001
    elif step is None:
        yield LayerLine("as caller", "✓", f"{evidence.caller.title} is let in, from this machine; {kept}")
    else:
        where = "" if step.text.startswith(step.name) else f"{step.name}: "
        told = f"{where}{step.text}; from this machine, so it proves nothing; {kept}"
        yield LayerLine("as caller", "?", told)


def _table_layer(evidence: Evidence, table: Table) -> LayerLine:
    if table.fault:
        return LayerLine(table.system, "?", f"could not be read: {table.fault}")
    if table.holder == "directory":
        return _directory_layer(evidence, table)
    other = evidence.caller if table.holder == "called" else evidence.called
    rows = [row for row in table.rows if row.live is not None and row.title]
    if any(row.title in other.titles for row in rows):
        differ = list(peers.causes(replace(evidence, tables=(table,))))
        return LayerLine(
            table.system,
            "✗" if differ else "✓",
            f"knows {other.title}{', not as declared' if differ else ''}",
        )
    if rows:
        return LayerLine(table.system, "✗", f"knows {rows[0].title}, not {other.title}")
    return LayerLine(table.system, "✗" if table.complete else "?", f"knows nobody called {other.title}")


def _directory_layer(evidence: Evidence, table: Table) -> LayerLine:
    if not table.rows:
        return LayerLine(table.system, "–", "has nothing to do with the two")  # noqa: RUF001
    waiting = entries.not_applied(table)
    found = list(entries.causes(replace(evidence, tables=(table,))))
    missing = sum(row.live is None and row.declared is not None and row not in waiting for row in table.rows)
    differ = sum(cause.key in entries.DIFFER for cause in found)
    if not (waiting or missing or differ):
        return LayerLine(table.system, "✓", f"has both as declared ({len(table.rows)} entries)")
    all_ = len(table.rows)
    words = (
        f"{missing} of {all_} entries missing" if missing else "",
        f"{differ} of {all_} entries not as declared" if differ else "",
        f"{len(waiting)} of {all_} entries not applied yet" if waiting else "",
    )
    return LayerLine(table.system, "✗", ", ".join(filter(None, words)))


def _worklist_layer(evidence: Evidence) -> Iterator[LayerLine]:
    seen = evidence.worklist
    if seen is None:
        return
    if seen.step is not None and seen.step.passed is False:
        yield LayerLine("entries", "✗", seen.step.text)
    elif seen.matching is None:
        yield LayerLine("entries", "?", "not asked")
    else:
        entries_ = "1 entry" if seen.matching == 1 else f"{seen.matching} entries"
        sign: Sign = "✓" if seen.matching else "✗"
        yield LayerLine("entries", sign, f"{entries_} on the worklist for {evidence.caller.title} today")


def _heard_layer(evidence: Evidence) -> LayerLine:
    if not evidence.heard:
        return LayerLine("heard", "?", f"{evidence.caller.title} itself was never heard")
    heard = evidence.heard[-1]
    sent = heard.calling_title
    return LayerLine(
        "heard",
        "✓" if sent in evidence.caller.titles else "✗",
        f"it calls under {sent}, from {heard.host or 'an address that is not told'} ({heard.source})",
    )
