"""Progress of one command on stderr: what is being read, what became of each change, what the wire said."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from pacsconf.cli.screen import Screen
from pacsconf.core.moment import iso_in_words

if TYPE_CHECKING:
    from types import TracebackType

    from rich.progress import Progress

    from pacsconf.core.change import Outcome, Status
    from pacsconf.core.changeset import ChangeSet, Proof
    from pacsconf.dicom.observation import Verdict
    from pacsconf.report.plan.apply_text import Told

_LINES = 40
"""Changes that are shown one by one as they are made; of more, only what went wrong."""


class Reporter:
    """Tells a person how far it is; in a pipe nothing overwrites itself."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._status = screen.stderr.status("") if screen.shows_progress else None
        self._total = 0
        self._done = 0
        self._told: Told = {}
        self._alike: Counter[tuple[Status, str]] = Counter()
        self.seconds: dict[str, float] = {}
        """How long each system took to read."""

    def reading(self, system: str) -> None:
        self._say(f"reading {system} …")

    def read(self, system: str, count: int, seconds: float) -> None:
        self.seconds[system] = seconds
        self._say("")

    def opened(self, changeset: ChangeSet, total: int) -> None:
        from pacsconf.report.plan.apply_text import apply_header
        from pacsconf.report.plan.in_out import told_of

        self._total = total
        self._told = told_of(changeset.plan.runs) if total <= _LINES else {}
        until = iso_in_words(changeset.lease_until)
        self._screen.note(
            apply_header(changeset.plan, holder=changeset.runner, until=until, width=self._screen.width)
        )

    def outcome(self, outcome: Outcome) -> None:
        from pacsconf.core.change import BESIDE
        from pacsconf.report.plan.apply_text import outcome_text

        if outcome.action in BESIDE:
            self._say("")
            self._screen.note(outcome_text(outcome, self._screen.width))
            return
        self._done += 1
        if self._total <= _LINES or (outcome.status != "applied" and self._is_new(outcome)):
            self._say("")
            self._screen.note(outcome_text(outcome, self._screen.width, self._told))
        self._say(f"{self._done} of {self._total} changes …")

    def _is_new(self, outcome: Outcome) -> bool:
        from pacsconf.report.plan.apply_text import ALIKE

        way = (outcome.status, outcome.error)
        self._alike[way] += 1
        return self._alike[way] <= ALIKE

    def proved(self, proof: Proof) -> None:
        self._say(f"proving on the wire: {proof.subject} …")

    def stop(self) -> None:
        """End what overwrites itself, and count what was not shown one by one."""
        self._say("")
        if not self._alike:
            return
        from pacsconf.report.plan.apply_text import ALIKE, more_alike

        for (status, error), number in self._alike.items():
            if number > ALIKE:
                self._screen.note(more_alike(status, number - ALIKE, error, self._screen.width))
        self._alike.clear()

    def _say(self, text: str) -> None:
        if self._status is None:
            return
        if text:
            self._status.update(text)
            self._status.start()
        else:
            self._status.stop()


class SweepBar:
    """How far a sweep of the network is: a bar with the counts so far, on a terminal alone."""

    def __init__(self, screen: Screen, total: int) -> None:
        self._screen = screen
        self._total = total
        self._counts: Counter[Verdict] = Counter()
        self._progress: Progress | None = None

    def __enter__(self) -> SweepBar:
        if self._screen.shows_progress and self._total:
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

            self._progress = Progress(
                TextColumn("probing"),
                BarColumn(bar_width=24),
                MofNCompleteColumn(),
                TextColumn("{task.description}"),
                console=self._screen.stderr,
                transient=True,
            )
            self._progress.add_task("", total=self._total)
            self._progress.start()
        return self

    def seen(self, verdict: Verdict) -> None:
        """One more target."""
        self._counts[verdict] += 1
        if self._progress is not None:
            told = " · ".join(f"{number} {word}" for word, number in self._counts.items())
            self._progress.update(self._progress.task_ids[0], advance=1, description=told)

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if self._progress is not None:
            self._progress.stop()
