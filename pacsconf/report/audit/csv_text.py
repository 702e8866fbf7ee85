"""All results of an audit as one table (RFC 4180), for whoever sorts them in a spreadsheet.

A cell that a spreadsheet would compute begins with an apostrophe. `id` stays the same from audit to audit.
"""

from __future__ import annotations

from functools import cache

from pacsconf.policy.audit import Audit, AuditedResult, AuditedRule
from pacsconf.report.audit.machine import controls, line, rules_by_id, stable_id
from pacsconf.report.sheets.forms import cell

COLUMNS = (
    *("id", "rule", "title", "severity", "state", "kind", "name", "message", "evidence", "proof", "waiver"),
    *("site", "device", "system", "file", "line", "column", "controls", "fix", "pack", "audit", "at"),
)


def render(audit: Audit) -> str:
    """A head and one row for each result, in the order of the audit."""
    rules = rules_by_id(audit)
    supported = {name: "; ".join(controls(rule)) for name, rule in rules.items()}

    @cache  # most cells stand in thousands of rows
    def written(value: str | int) -> str:
        return str(cell(line(value) if isinstance(value, str) else value))

    rows = (_cells(audit, one, rules.get(one.rule), supported.get(one.rule, "")) for one in audit.results)
    return "".join(",".join(map(written, cells)) + "\n" for cells in (COLUMNS, *rows))


def _cells(
    audit: Audit, one: AuditedResult, rule: AuditedRule | None, supported: str
) -> tuple[str | int, ...]:
    said = (rule.title, rule.severity, rule.proof, rule.fix, rule.pack) if rule else ("", "", "", "", "")
    title, severity, proof, fix, pack = said
    return (
        *(stable_id(one), one.rule, title, severity, one.state, one.kind, one.name, one.message),
        *(one.evidence, proof, one.waiver, one.site, one.device, one.system, one.file),
        *(one.line or "", one.column or "", supported, fix, pack, audit.id, audit.at),
    )
