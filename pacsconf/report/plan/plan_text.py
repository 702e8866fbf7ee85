"""The plan as a person reads it: what would change, what was found beside it, and what to type next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from pacsconf.core.change import Change
from pacsconf.core.plan import Plan
from pacsconf.report.lines import Line, Lines, Span, itemised, joined, line, padded, wrapped
from pacsconf.report.plan.approvals_text import approvals_text
from pacsconf.report.plan.changes_text import changes_text
from pacsconf.report.plan.drift_text import drifts_text, next_text, wire_line
from pacsconf.report.plan.group import groups, highest_risk
from pacsconf.report.plan.guards_text import guards_line, refusals_text
from pacsconf.report.plan.purges_text import purges_text
from pacsconf.report.plan.rollback_text import lost_text, rollback_of, stays_text
from pacsconf.report.plan.sections import (
    held_text,
    left_text,
    recorded_text,
    reserved_text,
    unmanaged_text,
    waiting_text,
)
from pacsconf.report.view import DEFAULT_VIEW, View, short, typed
from pacsconf.report.words import counted, listed


def plan_text(plan: Plan, view: View = DEFAULT_VIEW) -> Lines:
    """The whole screen of a plan."""
    return joined(
        (
            header(plan, view),
            purges_text(plan.changes, view),
            changes_text(plan.changes, view) if plan.changes else _nothing(plan, view),
            stays_text(plan, view),
            lost_text(plan, view),
            drifts_text(plan, view),
            waiting_text(plan, view),
            held_text(plan, view),
            reserved_text(plan, view),
            recorded_text(plan, view),
            left_text(view),
            unmanaged_text(plan, view),
            approvals_text(plan, view),
            refusals_text(plan, view),
            tuple(_closing(plan, view)),
        )
    )


def header(plan: Plan, view: View) -> Lines:
    """Which environment and inventory, and what was read from each system."""
    undone = rollback_of(plan)
    what = f"Rollback of change set {undone} on" if undone else "Plan for"
    when = f" as of {plan.options.at[0]}" if plan.options.at else ""
    when += f", only what has ended by {plan.options.due[0]}" if plan.options.due else ""
    when += f", only what {plan.options.leaver[0]} has" if plan.options.leaver else ""
    head = line(Span(f"{what} {plan.environment}{when}", "strong"), " · ")
    title = wrapped(_inventory(plan, view), view.columns, first=head, indent=2)
    names = max((len(system) for system in plan.counts), default=0)
    rows = (
        line(f"  {padded(system, names)}  {counted(number, 'resource'):>15} read{_seconds(system, view)}")
        for system, number in sorted(plan.counts.items())
    )
    asked = typed(plan.options)
    label = "only as asked" if plan.options.target or plan.options.exclude else "as asked"
    only = wrapped(asked, view.columns, first=line(f"  {label}: ")) if asked else ()
    return (*title, *rows, *only, *_ahead(plan, view))


def _ahead(plan: Plan, view: View) -> Lines:
    """That a plan is of a day to come."""
    if not plan.options.at:
        return ()
    day = plan.options.at[0]
    text = f"This is a look ahead, with what is live today. Nothing of it can be applied before {day}."
    return wrapped(text, view.columns, first=line("  "), indent=2, style="warning")


def _inventory(plan: Plan, view: View) -> str:
    commit, dirty = plan.basis.commit.removesuffix("-dirty"), plan.basis.commit.endswith("-dirty")
    if not commit:
        return "inventory not in git"
    branch = f" ({view.branch})" if view.branch else ""
    return f"inventory {commit[:7]}{branch}{' with uncommitted changes' if dirty else ', clean'}"


def _seconds(system: str, view: View) -> str:
    return f" in {view.seconds[system]:.2f} s" if system in view.seconds else ""


def _nothing(plan: Plan, view: View) -> Lines:
    if rollback_of(plan):
        return (line(Span("Nothing is left to take back.", "good")),)
    read = listed(f"{counted(number, 'resource')} of {name}" for name, number in sorted(plan.counts.items()))
    compared = f"{read} compared with what the inventory declares." if read else "No system was read."
    left = plan.drifts or plan.waiting or plan.held
    head = "No changes to make; see below for what is not as declared." if left else "No changes."
    return wrapped(compared, view.columns, first=line(Span(head, "good"), " "), indent=0)


def _policies(view: View) -> Lines:
    return wrapped(view.policies, view.columns, first=line("Policies: "), indent=2) if view.policies else ()


def _closing(plan: Plan, view: View) -> Iterator[Line]:
    yield from itemised(_totals(plan, view), view.columns, style="strong")
    yield from guards_line(plan, view)
    yield from wire_line(view)
    yield from _policies(view)
    yield from _saved(plan, view)
    yield from _read_only(plan, view)
    yield from next_text(view)


def _totals(plan: Plan, view: View) -> Iterator[str]:
    """`3 to create, 1 to change, 1 to delete on 2 devices`, `1 drifted`, `2 unmanaged (--show-unmanaged)`."""
    if plan.changes:
        yield headline(plan)
    if plan.purges:
        yield f"{len(plan.purges)} of them purging"
    risk = highest_risk(plan.changes)
    if risk not in ("none", "workflow"):
        yield f"highest risk: {risk}"
    *others, last = remarks(plan) or ("",)
    yield from others
    if last:
        yield f"{last} (--show-unmanaged)" if plan.unmanaged and not view.show_unmanaged else last


def headline(plan: Plan) -> str:
    """`3 to create, 1 to change, 1 to delete on 2 devices`; nothing without changes."""
    kinds = Counter(group.root.kind for group in groups(plan.changes))
    roots = listed(counted(kinds[kind], kind) for kind in sorted(kinds))
    return f"{action_counts(plan.changes)} on {roots}" if plan.changes else ""


def remarks(plan: Plan) -> tuple[str, ...]:
    """What there is beside ordinary changes, unmanaged things last: `1 drifted`, `2 unmanaged`."""
    read_only = len(plan.changes) - len(plan.runs)
    counts = (
        (read_only, "read-only, never executed"),
        (len(plan.stays), "left as they are" if len(plan.stays) > 1 else "left as it is"),
        (len(plan.drifts), "drifted"),
        (len(plan.waiting), "waiting"),
        (len(plan.held), "held"),
        (len(plan.unmanaged), "unmanaged"),
    )
    return tuple(f"{number} {words}" for number, words in counts if number)


def action_counts(changes: Iterable[Change]) -> str:
    """`3 to create, 1 to change`."""
    counts = Counter[str](change.action for change in changes)
    verbs = {"create": "create", "update": "change", "delete": "delete"}
    return listed(f"{counts[action]} to {verbs[action]}" for action in verbs if counts[action])


def _read_only(plan: Plan, view: View) -> Lines:
    """What is to be done where nothing of a plan can be: it is in systems that pacsconf only looks at."""
    if not plan.changes or plan.runs:
        return ()
    names = sorted({one.address.system for one in plan.changes})
    told = ((name, view.setting(f"systems.{name}.mode")) for name in names)
    where = listed(f"{name} ({place})" if place else name for name, place in told)
    text = (
        f"Nothing of this is applied: {where} {'is' if len(names) == 1 else 'are'} read-only. For pacsconf to "
        "change it, write `mode: write` there; else change the inventory, or the system by hand, until they agree."
    )
    return wrapped(text, view.columns)


def _saved(plan: Plan, view: View) -> Lines:
    if not plan.changes and not view.plan_file:
        return ()
    place = f"Saved to {view.plan_file} (digest" if view.plan_file else "Not saved (digest"
    return wrapped(f"{place} {short(plan.digest)}, as of {plan.basis.as_of})", view.columns)
