"""Apply as it goes: a line per outcome, the proof on the wire, the sum and what to do next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from pacsconf.core.address import Address
from pacsconf.core.change import BESIDE, Outcome, Status
from pacsconf.core.changeset import ChangeSet, Proof, ProofVerdict
from pacsconf.core.plan import Plan
from pacsconf.report.lines import Line, Lines, Span, Style, columns, line, padded, width_of, wrapped
from pacsconf.report.view import short
from pacsconf.report.words import ACTIONS, counted, listed

Told = Mapping[Address, tuple[Address, str]]
"""By address, whose it is and what to say of it."""
NOTHING_TOLD: Told = {}

_MARKS: Mapping[Status, tuple[str, Style]] = {
    "applied": ("✓", "good"),
    "failed": ("✗", "error"),
    "skipped": ("–", "warning"),  # noqa: RUF001
    "waiting": ("?", "warning"),
    "unknown": ("?", "error"),
}
_VERBS: Mapping[Status, str] = {
    "failed": "failed",
    "skipped": "skipped",
    "waiting": "waiting",
    "unknown": "no answer",
}
_RELOADS: Mapping[Status, str] = {"failed": "refused", "unknown": "not told"}
"""The same of programs that were told to reload."""
_SUMS: tuple[tuple[Status, str], ...] = (
    ("failed", "failed"),
    ("skipped", "skipped"),
    ("waiting", "for a person to do"),
    ("unknown", "sent without an answer"),
)
_PROOF_MARKS: Mapping[ProofVerdict, tuple[str, Style]] = {
    "healthy": ("✓", "good"),
    "failing": ("✗", "error"),
    "asleep": ("–", "faint"),  # noqa: RUF001
    "unknown": ("?", "warning"),
}
_PROOFS_SHOWN = 8
"""Healthy proofs beyond these are only counted."""


def apply_header(plan: Plan, *, holder: str, until: str, width: int = 80) -> Lines:
    """Which plan goes where, and who holds the lock until when."""
    text = f"Applying plan {short(plan.digest)} to {plan.environment} (lock held by {holder} until {until})"
    return wrapped(text, columns(width), style="strong")


def outcome_text(outcome: Outcome, width: int = 80, told: Told = NOTHING_TOLD) -> Lines:
    """One line for what became of a change, and why below it where it did not go well.

    `told` is what to say of somebody's groups instead (`in_out.told_of`).
    """
    mark, style = _MARKS[outcome.status]
    verbs = _RELOADS if outcome.action == "reload" else _VERBS
    address, words = told.get(outcome.address, (outcome.address, ""))
    verb = verbs.get(outcome.status, ACTIONS["update" if words else outcome.action])
    shown = Span(padded(verb, 9), "" if style == "good" else style)
    left = line("  ", Span(mark, style), " ", shown, f"  {address}")
    time = f"{outcome.milliseconds:,.0f} ms".replace(",", " ") if outcome.milliseconds else ""
    if fits := width_of(left) + len(words) + len(time) + 4 <= columns(width):
        left = line(*left, f"  {words}" if words else "")
    gap = max(2, columns(width) - width_of(left) - len(time)) if time else 0
    head = line(*left, " " * gap, Span(time, "faint"))
    below = () if fits or not words else wrapped(words, columns(width), first=_MARGIN, indent=17)
    reason = wrapped(outcome.error, columns(width), first=_MARGIN) if outcome.error else ()
    return (head, *below, *reason)


_MARGIN = line(" " * 15)


ALIKE = 5
"""Of many changes, those which went wrong in one way are shown up to so many; the rest is counted."""


def outcomes_text(outcomes: Iterable[Outcome], width: int = 80, told: Told = NOTHING_TOLD) -> Lines:
    """What became of changes; of many that ended alike only the first are shown."""
    by_way: dict[tuple[str, Status, str], list[Outcome]] = {}
    for outcome in outcomes:
        by_way.setdefault(
            (outcome.action if outcome.action in BESIDE else "", outcome.status, outcome.error), []
        ).append(outcome)
    return tuple(
        row
        for (_, status, error), alike in by_way.items()
        for row in (
            *(row for one in alike[:ALIKE] for row in outcome_text(one, width, told)),
            *(more_alike(status, len(alike) - ALIKE, error, width) if len(alike) > ALIKE else ()),
        )
    )


def more_alike(status: Status, number: int, reason: str, width: int = 80) -> Lines:
    """One line for further changes of which the same became."""
    mark, style = _MARKS[status]
    first = line("  ", Span(mark, style), " ", Span(padded(_VERBS.get(status, status), 9), style), "  ")
    return wrapped(
        f"… {number} more: {reason}" if reason else f"… {number} more", columns(width), first=first
    )


def proofs_text(proofs: Sequence[Proof], width: int = 80) -> Lines:
    """What the wire said, faults first; many that are healthy are counted."""
    if not proofs:
        return ()
    healthy = [proof for proof in proofs if proof.verdict == "healthy"]
    others = sorted((proof for proof in proofs if proof not in healthy), key=_worst_first)
    shown = healthy if len(healthy) <= _PROOFS_SHOWN else healthy[: _PROOFS_SHOWN - 1]
    more = len(healthy) - len(shown)
    subjects = max((width_of(line(proof.subject)) for proof in (*others, *shown)), default=0)
    return (
        line(Span("Proof on the wire", "strong")),
        *(row for proof in (*others, *shown) for row in _proof(proof, subjects, columns(width))),
        *((line(Span(f"    … {more} more healthy", "faint")),) if more else ()),
    )


def _worst_first(proof: Proof) -> tuple[int, str]:
    return ("failing", "unknown", "asleep").index(proof.verdict), proof.subject


def _proof(proof: Proof, subjects: int, width: int) -> Lines:
    mark, style = _PROOF_MARKS[proof.verdict]
    subject = padded(proof.subject, min(subjects, width // 2))
    first = line("  ", Span(mark, style), f" {subject}  {proof.verdict}", "  ")
    return wrapped(proof.text, width, first=first, indent=6) if proof.text else (first,)


def apply_summary(
    changeset: ChangeSet, *, commit: str, next_step: str = "", others: Iterable[str] = (), width: int = 80
) -> Lines:
    """How it ended, where it is recorded, and what to type next, or else."""
    room = columns(width)
    return (
        *_summary(changeset, commit, next_step, room),
        *(row for other in others for row in wrapped(other, room, first=line("  or: "), style="command")),
    )


def _summary(changeset: ChangeSet, commit: str, next_step: str, width: int) -> Iterator[Line]:
    yield from wrapped(outcomes_sum(changeset), width, style="strong")
    where = f" (commit {commit[:7]} on pacsconf/{changeset.plan.environment})" if commit else ""
    yield from wrapped(f"Recorded as change set {changeset.id}{where}", width)
    if next_step:
        yield from wrapped(next_step, width, first=line("Next: "), style="command")


def outcomes_sum(changeset: ChangeSet) -> str:
    """`4 of 6 changes done, 1 failed · on the wire: 2 healthy, 1 asleep`; words where there were none."""
    counts = Counter(outcome.status for outcome in changeset.done)
    total = max(len(changeset.done), len(changeset.plan.runs))
    if not total:
        return "Nothing was to be written; the record took in what stands"
    pending = total - len(changeset.done)
    done = listed(
        (
            f"{counts['applied']} of {counted(total, 'change')} done",
            *(f"{counts[status]} {words}" for status, words in _SUMS if counts[status]),
            f"{pending} not reached" if pending else "",
        )
    )
    return listed(
        (done, reloads_sum(changeset.told), _invitations(changeset.invited), _proven(changeset.proofs)), " · "
    )


def reloads_sum(told: Iterable[Outcome]) -> str:
    """`2 reloaded, 1 refused`; empty where nothing was told."""
    counts = Counter(one.status for one in told)
    words: tuple[tuple[Status, str], ...] = (("applied", "reloaded"), *_RELOADS.items())
    return listed(f"{counts[status]} {said}" for status, said in words if counts[status])


def _invitations(invited: Sequence[Outcome]) -> str:
    """`12 invited to set a password, 1 not`; empty where nobody was to be."""
    done = sum(one.status == "applied" for one in invited)
    rest = f"{len(invited) - done} not" if done < len(invited) else ""
    return listed((f"{done} invited to set a password", rest)) if invited else ""


def reloads_text(told: Sequence[Outcome], command: str, last: str, width: int = 80) -> Lines:
    """How telling programs again ended, and what to do then; `last` is the change set that was applied last."""
    room = columns(width)
    rows = wrapped(reloads_sum(told), room, style="strong")
    if any(one.status == "failed" for one in told) and last:
        rows += wrapped(f"{command} rollback {last}", room, first=line("Next: "), style="command")
    elif any(one.status != "applied" for one in told):
        rows += wrapped("mend the cause, then give the same command again", room, first=line("Next: "))
    return rows


def _proven(proofs: Iterable[Proof]) -> str:
    verdicts = Counter(proof.verdict for proof in proofs)
    found = listed(f"{verdicts[verdict]} {verdict}" for verdict in _PROOF_MARKS if verdicts[verdict])
    return f"on the wire: {found}" if found else ""
