"""How full storages are and when they will be, as a person reads it and as a machine does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from pacsconf.core.moment import day_in_words
from pacsconf.report.as_json import FORMAT_VERSION, as_text
from pacsconf.report.lines import Line, Lines, Span, columns, joined, line, wrapped
from pacsconf.report.words import counted
from pacsconf.retention.capacity import FEWEST, SHORTEST, WINDOW, Forecast, Stock

_UNITS = ("bytes", "kB", "MB", "GB", "TB", "PB")


@dataclass(frozen=True, slots=True)
class Shown:
    """One storage: what it holds, what is foretold of it, and from which part on (in percent) that is a warning."""

    name: str
    stock: Stock
    forecast: Forecast
    warn_at: int

    @property
    def is_past(self) -> bool:
        """Whether it is past its threshold."""
        return self.stock.filled is not None and self.stock.filled * 100 >= self.warn_at

    @property
    def left(self) -> int | None:
        """Days until it is full, as far as that is foretold."""
        full = self.forecast.full
        return (full - self.stock.moment.date()).days if full else None


def storage_text(shown: Sequence[Shown], width: int, within: int) -> Lines:
    """A block for each storage."""
    room = columns(width)
    return joined(tuple(_block(one, room, within)) for one in shown)


def _block(one: Shown, room: int, within: int) -> tuple[Line, ...]:
    stock = one.stock
    head = line(Span(one.name, "strong"), "  ", *_filling(one))
    held = ", ".join(
        (counted(stock.patients, "patient"), f"{stock.studies} studies", counted(stock.instances, "object"))
    )
    margin = line("  ")
    return (
        head,
        *wrapped(held, room, first=margin),
        *wrapped(_trend(one), room, first=margin, style="warning" if _is_soon(one, within) else ""),
        *wrapped(_full(stock), room, first=margin, style="error" if stock.armed else ""),
    )


def _is_soon(one: Shown, within: int) -> bool:
    return one.left is not None and one.left <= within


def _filling(one: Shown) -> tuple[str | Span, ...]:
    stock = one.stock
    most = _maximum(stock)
    if stock.filled is None:
        return (f"{size(stock.bytes)}{most}",)
    percent = int(stock.filled * 100)
    text = f"{size(stock.bytes)}{most}, {percent}% full"
    return (text, "  ", Span(f"✗ past {one.warn_at}%", "warning")) if one.is_past else (text,)


def _maximum(stock: Stock) -> str:
    limits = [size(stock.maximum_bytes)] if stock.maximum_bytes else []
    limits += [counted(stock.maximum_patients, "patient")] if stock.maximum_patients else []
    if limits:
        return f" of {' or '.join(limits)}"
    known = None not in (stock.maximum_bytes, stock.maximum_patients)
    return ", no limit" if known else ", of a limit that is not known"


def _trend(one: Shown) -> str:
    found = one.forecast
    if found.trend == "too few":
        return (
            f"No forecast: {counted(found.points, 'sample')} over {counted(found.days, 'day')}; it takes {FEWEST} "
            f"over {SHORTEST.days} days (--record keeps one)."
        )
    source = f"{found.points} samples over {found.days} days"
    emptied = " It was emptied in between, so this is a poor guide." if found.emptied else ""
    if found.trend != "grows" and found.full is None:
        return f"It {'stays as it is' if found.trend == 'steady' else 'shrinks'} ({source}).{emptied}"
    rate = f"It grows by {size(int(found.per_day))} a day ({source})" if found.trend == "grows" else source
    return f"{rate}: {_when(one)}.{emptied}"


def _when(one: Shown) -> str:
    full = one.forecast.full
    if full is None:
        return "no limit is in sight"
    by = " (patients)" if one.forecast.limit == "patients" else ""
    return (
        f"full about {day_in_words(full)}, in {counted(one.left or 0, 'day')}{by}"
        if one.left
        else "it is full"
    )


def _full(stock: Stock) -> str:
    told = {
        "reject": "When full it refuses new images.",
        "recycle": "When full it deletes the oldest patients.",
    }
    if stock.mode is None:
        return "What it does when it is full is not known. Purge armed: not known."
    armed = {True: "yes", False: "no", None: "not known"}[stock.armed]
    words = told[stock.mode] if stock.filled is not None else ""
    return f"{words} Purge armed: {armed}."


def storage_json(shown: Sequence[Shown], within: int, commit: str = "") -> str:
    """The same, of all storages."""
    return as_text(
        {
            "format_version": FORMAT_VERSION,
            "within_days": within,
            "window_days": WINDOW.days,
            "recorded": commit or None,
            "storages": [_plain(one) for one in shown],
        }
    )


def _plain(one: Shown) -> dict[str, object]:
    stock, found = asdict(one.stock), asdict(one.forecast)
    full = one.forecast.full
    return {
        "name": one.name,
        "stock": stock | {"filled": one.stock.filled, "purge_armed": one.stock.armed},
        "warn_at_percent": one.warn_at,
        "past_threshold": one.is_past,
        "forecast": found
        | {
            "full": full.isoformat() if full else None,
            "limit": one.forecast.limit or None,
            "days_left": one.left,
        },
    }


def size(count: int) -> str:
    """A number of bytes as people say it; thousands of 1024, as Orthanc counts its maximum."""
    value = float(count)
    for unit in _UNITS:
        if abs(value) < 1024 or unit == _UNITS[-1]:
            break
        value /= 1024
    digits = 0 if unit == "bytes" or abs(value) >= 100 else 1
    return f"{value:,.{digits}f} {unit}"
