"""All results of an audit as one table (RFC 4180), for whoever sorts them in a spreadsheet.

A cell that a spreadsheet would compute begins with an apostrophe. `id` stays the same from audit to audit.
"""

from __future__ import annotations

from pacsconf.policy.audit import Audit, AuditedResult, AuditedRule
from pacsconf.report.audit.machine import controls, line, rules_by_id, stable_id
from pacsconf.report.sheets.forms import row

COLUMNS = (
    *("id", "rule", "title", "severity", "state", "kind", "name", "message", "evidence", "proof", "waiver"),
    *("site", "device", "system", "file", "line", "column", "controls", "fix", "pack", "audit", "at"),
)


def render(audit: Audit) -> str:
    """A head and one row for each result, in the order of the audit."""
    rules = rules_by_id(audit)
    rows = (_cells(audit, one, rules.get(one.rule)) for one in audit.results)
    return "".join(f"{row(cells)}\n" for cells in (COLUMNS, *rows))


def _cells(audit: Audit, one: AuditedResult, rule: AuditedRule | None) -> tuple[str | int, ...]:
    said = (rule.title, rule.severity, rule.proof, rule.fix, rule.pack) if rule else ("", "", "", "", "")
    title, severity, proof, fix, pack = map(line, said)
    supported = "; ".join(controls(rule)) if rule else ""
    texts = (one.message, one.evidence, proof, one.waiver, one.site, one.device, one.system, one.file)
    return (
        *(stable_id(one), line(one.rule), title, severity, one.state, line(one.kind), line(one.name)),
        *map(line, texts),
        *(one.line or "", one.column or "", supported, fix, pack, line(audit.id), line(audit.at)),
    )
