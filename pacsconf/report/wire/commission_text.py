"""An acceptance run as a person reads it: each step with its sign, what went wrong, what is left to do."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from io import StringIO
from typing import Any

from pacsconf.core.moment import iso_in_words
from pacsconf.dicom.commission.run import BY_NAME, STEPS, AcceptanceRun, Item, Result, Ticked
from pacsconf.inventory import uids
from pacsconf.report.lines import Line, Lines, Span, Style, columns, commanded, line, padded, wrapped
from pacsconf.report.words import counted

SIGNS: Mapping[Result, tuple[str, Style]] = {
    "passed": ("✓", "good"),
    "failed": ("✗", "error"),
    "skipped": ("–", "faint"),  # noqa: RUF001 - a dash
    "not done": ("·", "faint"),
    "unknown": ("?", "warning"),
}
_LOOK: tuple[str, Style] = ("!", "warning")
_NAME = max(len(plan.name) for plan in STEPS)
_ITEMS = 8
"""What went wrong in one step, line by line; of more, how much."""
_CELL = "=+-@\t\r"
"""How a cell must not begin, since a spreadsheet would compute it."""


def run_text(run: AcceptanceRun, width: int, *, verbose: bool = False) -> Lines:
    """The whole run."""
    room = columns(width)
    return (
        *_head(run, room),
        *(row for step in run.all for row in step_text(step, room, verbose=verbose)),
        *wrapped(counts(run), room, style="strong"),
    )


def _head(run: AcceptanceRun, room: int) -> Lines:
    who = f"{run.device}/{run.title}"
    head = f"Acceptance run {run.id} of {who} · {run.environment} · began {iso_in_words(run.began)}"
    rows = list(wrapped(head, room, style="strong"))
    if run.impersonated:
        own = f"under the modality's own title, {run.title}"
        others = ", ".join(title for title in run.calling if title != run.title)
        text = f"Called {own}; other calls were as {others}" if others else f"Called {own}"
        rows += wrapped(text, room, first=line("  "))
    rows += [
        row
        for peer, said in sorted(run.software.items())
        for row in wrapped(said, room, first=line("  ", Span(f"{peer}: ", "faint")))
        if said
    ]
    return tuple(rows)


def step_text(step: Ticked, width: int, *, verbose: bool = False) -> Lines:
    """One step: its sign, what it is about, what came of it; below, the parts that went wrong (all: `verbose`)."""
    sign, style = SIGNS[step.result]
    first = line("  ", Span(sign, style), f" {padded(step.name, _NAME)}  ")
    text = f"{BY_NAME[step.name].title}: {step.result}" + (f", {step.text}" if step.text else "")
    told = ("not done", "failed", "unknown")
    several = len(step.items) > 1
    shown = [one for one in step.items if verbose or (several and (one.look or one.result in told))]
    rows = [*wrapped(text, width, first=first)]
    for item in shown if verbose else shown[:_ITEMS]:
        rows += _item(item, width)
    if not verbose and len(shown) > _ITEMS:
        rows.append(line(" " * (_NAME + 6), f"… {len(shown) - _ITEMS} more (--verbose)"))
    if step.by:
        rows += wrapped(f"by {step.by}", width, first=_margin())
    if step.accepted:
        rows += wrapped(f"accepted: {step.accepted}", width, first=_margin())
    return tuple(rows)


def short_text(step: Ticked) -> Lines:
    """One step in a line, while others are still to come."""
    sign, style = SIGNS[step.result]
    return (line("  ", Span(sign, style), f" {step.name}: {step.result}"),)


def _margin() -> Line:
    return line(" " * (_NAME + 6))


def _item(item: Item, width: int) -> Lines:
    sign, style = _LOOK if item.look else SIGNS[item.result]
    first = line(" " * (_NAME + 6), Span(sign, style), " ")
    return wrapped(f"{item.what}: {item.text or item.result}", width, first=first)


def counts(run: AcceptanceRun) -> str:
    """How many steps came to what; what was accepted counts as that."""
    found = Counter("accepted" if step.accepted else step.result for step in run.all)
    order = ("passed", "failed", "unknown", "accepted", "skipped", "not done")
    return " · ".join(f"{found[one]} {one}" for one in order if found[one])


# --- what is left behind ------------------------------------------------------------------------------------------


def left_text(run: AcceptanceRun, file: str, width: int) -> Lines:
    """Which test objects lie where, and who removes them."""
    room = columns(width)
    if not run.stored:
        return ()
    nouns = ("object", "procedure step")
    found = Counter((one.peer, nouns[one.sop_class == uids.MPPS]) for one in run.stored)
    what = ", ".join(f"{counted(number, noun)} at {peer}" for (peer, noun), number in sorted(found.items()))
    studies = sorted({one.study_uid for one in run.stored})
    listed = f" The list is {file}." if file else ""
    return (
        *wrapped(f"Left behind: {what}.{listed}", room),
        *(row for study in studies for row in wrapped(study, room, first=line(Span("  study  ", "faint")))),
        *wrapped(
            "Nothing of it is deleted by pacsconf: hand the list to those who may remove test objects there.",
            room,
        ),
    )


def left_csv(run: AcceptanceRun) -> str:
    """The test objects as a table: where each lies, its UIDs, what it is. `stored`: no, or nobody knows."""
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(
        ("where", "study_uid", "series_uid", "instance_uid", "sop_class", "transfer_syntax", "stored")
    )
    for one in run.stored:
        names = uids.title(one.sop_class), uids.title(one.transfer_syntax)
        stored = "yes" if one.taken else "unknown"
        writer.writerow(
            map(_cell, (one.peer, one.study_uid, one.series_uid, one.instance_uid, *names, stored))
        )
    return out.getvalue()


def _cell(text: str) -> str:
    return f"'{text}" if text[:1] and text[0] in _CELL else text


# --- what comes next ----------------------------------------------------------------------------------------------


def next_text(run: AcceptanceRun, command: str, place: str, width: int, listen: str = "") -> Lines:
    """What to type next: what is still open, who signs, and in the end which line of the inventory to change.

    `listen` is the option by which archives can call back, empty where none is needed.
    """
    room = columns(width)
    call = f"{command} commission {run.device}"
    if run.signatures and not run.missing:
        return (
            *signed_text(run, width),
            *wrapped(f"Next: set lifecycle: active ({place}), commit, plan and apply.", room),
        )
    if run.open:
        return tuple(_to_do(run, call, room, listen))
    role = run.missing[0]
    return (
        *signed_text(run, width),
        *commanded(line("Next: "), f"{call} --sign {role} --reason TEXT", room),
    )


def signed_text(run: AcceptanceRun, width: int) -> Lines:
    """Who signed, when and why."""
    room = columns(width)
    return tuple(
        row
        for one in run.signatures
        for row in wrapped(
            f"signed by {one.by} as {one.role}, {iso_in_words(one.at)}: {one.reason}",
            room,
            first=line("  ", Span("✓", "good"), " "),
        )
    )


def _to_do(run: AcceptanceRun, call: str, room: int, listen: str) -> Iterator[Line]:
    """At most one hint of each kind."""
    open_steps = {step.name: step for step in run.open}
    yield line("Still open:")
    storing = " ".join(filter(None, ("--yes-store-test-objects", listen)))
    hints: list[tuple[Sequence[str], str]] = [
        (("store", "commitment", "mpps"), storing),
        (("retrieve",), listen if "store" not in open_steps else ""),
        (("strangers",), "--negatives"),
        (("echo-back", "clock"), "--assist"),
    ]
    for names, options in hints:
        found = [name for name in names if name in open_steps and open_steps[name].result == "not done"]
        if found and options:
            yield from commanded(line(f"  {', '.join(found)}: "), f"{call} {options}", room)
    wrong = [step.name for step in run.open if step.result in ("failed", "unknown")]
    if wrong:
        again = " ".join(f"--step {name}" for name in wrong)
        needs = (
            storing if any(BY_NAME[name].stores for name in wrong) else listen if "retrieve" in wrong else ""
        )
        command = " ".join(filter(None, (call, again, needs)))
        yield from commanded(line("  correct what failed, then: "), command, room)
    manual = [name for name in open_steps if BY_NAME[name].how == "manual"]
    if manual:
        first = f"{call} --attest {manual[0]} --note TEXT"
        yield from commanded(line(f"  a person's word ({', '.join(manual)}): "), first, room)


# --- as a page ----------------------------------------------------------------------------------------------------


def page_values(run: AcceptanceRun, printed: str) -> Mapping[str, Any]:
    """What the template of the printed page gets."""
    return {
        "run": run,
        "printed": printed,
        "counts": counts(run),
        "began": iso_in_words(run.began),
        "steps": [
            {
                "sign": SIGNS[step.result][0],
                "name": step.name,
                "title": BY_NAME[step.name].title,
                "how": BY_NAME[step.name].how,
                "step": step,
                "at": iso_in_words(step.at) if step.at else "",
                "items": [{"sign": SIGNS[item.result][0], "item": item} for item in step.items],
            }
            for step in run.all
        ],
        "stored": [
            {"one": one, "class": uids.title(one.sop_class), "syntax": uids.title(one.transfer_syntax)}
            for one in run.stored
        ],
        "signatures": [{"one": one, "at": iso_in_words(one.at)} for one in run.signatures],
        "missing": run.missing,
        "facts": sorted(run.facts.items()),
        "software": sorted(run.software.items()),
    }
