"""The desk at which callers are compared with the inventory, and remembered."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pacsconf.cli import workspace
from pacsconf.cli.screen import Screen
from pacsconf.core.errors import RecordError

if TYPE_CHECKING:
    from pacsconf.cli.workspace import Workspace
    from pacsconf.core.finding import Path as Keys
    from pacsconf.core.finding import Place
    from pacsconf.dicom.heard import Heard
    from pacsconf.dicom.listen.check import Case
    from pacsconf.dicom.listen.identify import Known
    from pacsconf.inventory.flows import Entity
    from pacsconf.record.heard import HeardLog
    from pacsconf.report.wire.listen_text import Compared, Reading


@dataclass(frozen=True, slots=True)
class Desk:
    """Where callers are shown and compared: with the inventory, where there is one."""

    screen: Screen
    format: str
    work: Workspace | None
    entity: Entity | None
    """The declared entity that this machine is (probe_as)."""
    titles: tuple[str, ...]
    """The called titles that are ours."""
    memory: HeardLog
    known: Known | None = None
    """The inventory, where there is one."""

    @property
    def reading(self) -> Reading:
        from pacsconf.report.wire.listen_text import Reading

        return Reading(self.place, self.line, self.screen.width)

    def place(self, path: Keys) -> Place | None:
        return self.work.loaded.sources.place(path) if self.work and path else None

    def line(self, file: str, number: int) -> str | None:
        return self.work.loaded.line(file, number) if self.work else None

    def compared(self, heard: Heard, *, listened: bool = True) -> Compared:
        from pacsconf.dicom.listen.check import case, check
        from pacsconf.report.wire.listen_text import Compared

        if self.work is None or self.known is None:
            return Compared()
        this = case(self.known, heard, self.titles if listened else ())
        findings = self.work.loaded.sources.located(check(this))
        return Compared(self._who(this), this.caller.device, findings)

    def _who(self, this: Case) -> str:
        """Whom the caller is taken for, and where that one is declared."""
        caller = this.caller
        place = self.place(caller.path)
        where = f" ({place.file}:{place.line})" if place else ""
        match caller.by:
            case "title":
                return f"this is {caller.title} of {caller.device}{where}"
            case "likeness and address":
                return f"likely {caller.title} of {caller.device}{where}: a similar title, and its address"
            case "likeness":
                return f"perhaps {caller.title} of {caller.device}{where}: a similar title"
            case "address":
                return f"by its address {caller.title} of {caller.device}{where}"
            case _:
                return "nobody who is declared"

    def next(self, heard: Heard, device: str) -> str:
        """What to type about a caller that is not as declared."""
        if self.work is None or self.known is None or not device:
            return ""
        called = self._destination(device) if heard.called_title in self.titles else heard.called_title
        if called not in self.known.answering:
            return ""  # between what is not declared nothing can be diagnosed
        return f"{self.work.command} diagnose {shlex.quote(device)} {shlex.quote(called)}"

    def _destination(self, device: str) -> str:
        """Whom a device calls in earnest, when it calls us to be heard: first one whose table is known."""
        from pacsconf.inventory.flows import pairs

        assert self.work is not None, "who calls has looked"
        inventory = self.work.inventory
        of_systems = {getattr(config, "ae", None) for config in inventory.systems.values()}
        found = {
            (pair.called_device, pair.called): None
            for ae in inventory.devices[device].ae_titles.values()
            for pair in pairs(inventory, (inventory.devices[device], ae))
            if pair.calling_device == device
        }
        called = [title for name, title in found if {name, f"{name}/{title}"} & of_systems]
        return next(iter([*called, *(title for _, title in found)]), "")

    def remember(self, heard: list[Heard], *, once: bool = False) -> None:
        """Keep what was heard for `diagnose`; `once`: without what is kept already, as a log may be read again."""
        try:
            known = set(self.memory.read()) if once else set()
            self.memory.append([each for each in heard if each not in known])
        except RecordError as error:
            if not self.memory.why:
                self.memory.why = error.message
                self.screen.error(error)


def open_desk(
    screen: Screen,
    root: Path,
    environment: str | None,
    format: str,  # noqa: A002
    own: tuple[str, ...],
) -> Desk:
    from pacsconf.cli.wire import prober_entity
    from pacsconf.dicom.listen.identify import Known
    from pacsconf.record.heard import HeardLog

    if not (root / "inventory").is_dir():
        return Desk(screen, format, None, None, own, HeardLog(None, "there is no inventory here"))
    work = workspace.opened(root, environment)
    found = prober_entity(work)
    ours = (found[1].title, *found[1].answers_to) if found else ()
    memory = HeardLog.open(root, work.environment)
    return Desk(screen, format, work, found, (*own, *ours), memory, Known(work.inventory))
