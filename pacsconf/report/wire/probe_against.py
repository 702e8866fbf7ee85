"""Two runs of `probe` beside each other: what changed, the worse first, target by target."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby

from pacsconf.core.moment import iso_in_words
from pacsconf.dicom.probe.compare import Comparison, Difference
from pacsconf.report.lines import Line, Lines, Span, Style, columns, line, padded, wrapped
from pacsconf.report.words import counted

_FEW = 8
"""Contexts of one target that are named; the rest is counted unless all is asked for."""

_SIGNS: dict[bool | None, tuple[str, Style]] = {
    True: ("✗", "error"),
    False: ("✓", "good"),
    None: ("~", "update"),
}


def against_text(
    made: Comparison,
    name: str,
    width: int = 80,
    *,
    verbose: bool = False,
    uid_name: Callable[[str], str] = lambda uid: uid,
) -> Lines:
    """What is not as it was in the run of this name; `uid_name` says what a UID is called."""
    room = columns(width)
    return (
        *wrapped(_head(made, name), room, style="strong"),
        *(
            row
            for subject, found in groupby(_worse_first(made.differences), key=lambda one: one.subject)
            for row in _target(subject, list(found), room, verbose=verbose, uid_name=uid_name)
        ),
        *_latency(made, room),
    )


def _head(made: Comparison, name: str) -> str:
    number = len({one.subject for one in made.differences})
    of_all = f"{counted(made.compared, 'target')} {'was' if made.compared == 1 else 'were'} looked at in both"
    when = iso_in_words(made.before.at)
    if not number:
        return f'Nothing changed since run "{name}" of {when}: {of_all}.'
    return f'Changed since run "{name}" of {when}: {counted(number, "target")}; {of_all}.'


def _worse_first(differences: Sequence[Difference]) -> list[Difference]:
    worse = {one.subject for one in differences if one.worse}
    return sorted(differences, key=lambda one: (one.subject not in worse, one.subject))


def _target(
    subject: str, found: Sequence[Difference], width: int, *, verbose: bool, uid_name: Callable[[str], str]
) -> Iterator[Line]:
    yield line("  ", Span(subject, "strong"))
    for one in found:
        sign, style = _SIGNS[one.worse]
        first = line("    ", Span(sign, style), f" {padded(one.what, 15)}  ")
        yield from wrapped(one.text, width, first=first)
        shown = one.items if verbose else one.items[:_FEW]
        for sop_class, syntax in shown:
            told = f"{uid_name(sop_class)}, {uid_name(syntax)}"
            yield from wrapped(told, width, first=line("        "), indent=10)
        if len(shown) < len(one.items):
            yield line(Span(f"        … {len(one.items) - len(shown)} more (-v)", "faint"))


def _latency(made: Comparison, width: int) -> Lines:
    before, after = made.echo_before, made.echo_after
    if before is None or after is None:
        return ()
    text = (
        f"Echo of {counted(before.count, 'target')}: median {before.p50:.0f} → {after.p50:.0f} ms, "
        f"p95 {before.p95:.0f} → {after.p95:.0f} ms"
    )
    return wrapped(text, width)
