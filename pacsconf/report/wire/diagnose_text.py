"""A diagnosis on a screen: layers, the likeliest cause with what speaks for it, what is unknown, what to do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pacsconf.dicom.diagnose.cause import Cause, Proof, Way
from pacsconf.dicom.diagnose.diagnosis import Diagnosis, Unknown
from pacsconf.dicom.diagnose.layers import LayerLine
from pacsconf.report.lines import (
    BLANK,
    Line,
    Lines,
    Span,
    Style,
    beside,
    columns,
    commanded,
    line,
    padded,
    wrapped,
)

_STYLES: dict[str, Style] = {"✓": "good", "✗": "error", "?": "warning"}
_ALSO = 4
"""Further causes that are shown unless all are asked for."""


def diagnosis_text(found: Diagnosis, command: str, width: int = 80, *, verbose: bool = False) -> Lines:
    """The whole screen. `command` is how pacsconf is called here."""
    room = columns(width)
    return (
        *_head(found, room),
        *_layers(found.layers, room),
        BLANK,
        *_answer(found, command, room, verbose=verbose),
        *_unknowns(found.unknowns, command, room),
        *_next(found, command, room),
    )


def _head(found: Diagnosis, room: int) -> Lines:
    called = f"{found.called.title} ({found.called.at})" if found.called.at else found.called.title
    return wrapped(f"{found.caller.title} → {called}", room, style="strong")


def _layers(layers: Iterable[LayerLine], room: int) -> Iterator[Line]:
    shown = tuple(layers)
    names = max((len(each.name) for each in shown), default=0)
    for each in shown:
        first = line("  ", Span(each.sign, _STYLES.get(each.sign, "faint")), f" {padded(each.name, names)}  ")
        yield from wrapped(each.text, room, first=first)


# --- causes -------------------------------------------------------------------------------------------------------


def _answer(found: Diagnosis, command: str, room: int, *, verbose: bool) -> Iterator[Line]:
    wrong = found.wrong
    if not wrong:
        yield from _nothing_wrong(found, room)
    else:
        if found.works_as:
            yield from wrapped(f"On the wire it works now for {found.works_as}.", room, style="good")
        yield from _first(wrong[0], "Not as declared" if found.on_paper else "Most likely", command, room)
    yield from _further(found, command, room, verbose=verbose)
    yield from _remarks(found.remarks, command, room)


def _nothing_wrong(found: Diagnosis, room: int) -> Lines:
    if found.verdict == "works":
        text = (
            f"It works, as far as can be seen: {found.called.title} answers, and nothing stands in the way."
        )
    else:
        text = "Nothing wrong was found. Not everything could be looked at:"
    return wrapped(text, room, style="good" if found.verdict == "works" else "strong")


def _first(cause: Cause, head: str, command: str, room: int) -> Iterator[Line]:
    yield from wrapped(f"{head}: {_lowered(cause.sentence)}", room, style="strong", indent=2)
    yield from _proofs(cause.proofs, room)
    for sentence in cause.details:
        yield from wrapped(sentence, room, first=line("  "))
    if cause.refusal is not None:
        yield from _translated(cause, room)
    yield from _ways(cause.ways, command, room)


def _lowered(sentence: str) -> str:
    """A sentence that follows a colon; names keep their capitals."""
    first, _, _ = sentence.partition(" ")
    return (
        sentence
        if first.upper() == first and first not in ("A", "I")
        else sentence[:1].lower() + sentence[1:]
    )


def _proofs(proofs: Iterable[Proof], room: int) -> Iterator[Line]:
    shown = tuple(proofs)
    who = max((len(each.who) for each in shown), default=0)
    says = min(max((len(each.says) for each in shown), default=0), room - who - 8)
    for each in shown:
        left = line("  ", Span(padded(each.who, who), "faint"), "  ")
        whole = line(*left, padded(each.says, says), "  ", Span(each.where, "faint"))
        if len(each.says) <= says and sum(len(span.text) for span in whole) <= room:
            yield whole
        else:
            yield from wrapped(each.says, room, first=left)
            if each.where:
                yield from beside(line(" " * (who + 4), Span(each.where, "faint")), (), room)


def _translated(cause: Cause, room: int) -> Iterator[Line]:
    """What the refusal means, in plain words."""
    refusal = cause.refusal
    assert refusal is not None, "who calls has looked"
    margin = line("  ")
    yield from wrapped(f"{refusal.standard}. {refusal.meaning}", room, first=margin)
    if refusal.causes:
        yield from wrapped(f"Usually: {'; '.join(refusal.causes)}.", room, first=margin)


def _ways(ways: Iterable[Way], command: str, room: int) -> Iterator[Line]:
    """What to do: one way, or one for each case."""
    shown = tuple(ways)
    cases = max((len(way.when) for way in shown), default=0) + 1
    for way in shown:
        when = f"{padded(f'{way.when}:', cases)}  " if way.when else ""
        text = f"{way.text[:1].upper()}{way.text[1:]}" if way.text and not when else way.text
        first = line("  ", when)
        if not way.command:
            ended = text if text.endswith((".", ":")) else f"{text}."
            yield from wrapped(ended, room, first=first, indent=4)
            continue
        if text:
            yield from wrapped(f"{text}:", room, first=first, indent=4)
            first = line("    ")
        yield from commanded(first, f"{command} {way.command}", room)


def _further(found: Diagnosis, command: str, room: int, *, verbose: bool) -> Iterator[Line]:
    """The other causes, short; those that are only possible where all are asked for."""
    wrong = found.wrong[1:]
    possible = found.possible
    shown = (*wrong, *possible) if verbose else wrong[:_ALSO]
    if shown:
        yield BLANK
        yield line(Span("Also:" if found.wrong else "Possible:", "strong"))
    for cause in shown:
        mark = "–" if cause in wrong else "?"  # noqa: RUF001
        first = line(f"  {mark} ")
        yield from wrapped(cause.sentence, room, first=first)
        if cause.place:
            yield line("    ", Span(cause.place, "faint"))
        if verbose:
            yield from _proofs(cause.proofs, room)
            yield from _ways(cause.ways, command, room)
    left = len(wrong) + len(possible) - len(shown)
    if left and wrong:
        yield line(Span(f"  … {left} more, or only possible (--verbose)", "faint"))
    elif left:
        yield line(Span(f"  {left} only possible (--verbose)", "faint"))


def _remarks(remarks: Iterable[Cause], command: str, room: int) -> Iterator[Line]:
    """What stops nothing, in a line each, with what to do about it."""
    for cause in remarks:
        yield BLANK
        yield from wrapped(cause.sentence, room, first=line(Span("Beside that: ", "strong")), indent=2)
        yield from _ways(cause.ways, command, room)


# --- what is not known, what to do --------------------------------------------------------------------------------


def _unknowns(unknowns: Iterable[Unknown], command: str, room: int) -> Iterator[Line]:
    shown = tuple(unknowns)
    if shown:
        yield BLANK
    for each in shown:
        first = line(Span("Unknown: ", "warning"))
        yield from wrapped(f"{each.text}.", room, first=first, indent=2)
        if each.command:
            yield from commanded(line("  Run "), f"{command} {each.command}", room)
        if each.how:
            yield from wrapped(f"{each.how}.", room, first=line("  "))


def _next(found: Diagnosis, command: str, room: int) -> Iterator[Line]:
    """The command that leads on; one that only looks again comes after what a person has to do."""
    if found.next:
        again = bool(found.wrong) and found.next[0].startswith(("probe ", "listen")) and not _is_asked(found)
        yield BLANK
        yield from commanded(line("Then: " if again else "Next: "), f"{command} {found.next[0]}", room)


def _is_asked(found: Diagnosis) -> bool:
    """Whether something is to be found out first, before anybody changes anything."""
    return any(each.command == found.next[0] for each in found.unknowns)
