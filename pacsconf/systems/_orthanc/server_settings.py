"""An Orthanc's own configuration brought to what is declared: in its file, where that may be written from here.

REST tells nothing of it and changes nothing. So what the file says is live, and a change is written there; then
Orthanc is told to restart (POST /tools/reset) and is waited for. Where it does not come back the former file is put
back. Where the file is a copy, or the operator file does not list it, the change waits for a person, and is over
once a later read finds the values.

Verified with Orthanc 1.10.1: it goes on answering for 0.2 s after it was told to restart, then refuses connections
for a second or two. One that cannot start ends itself.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from time import monotonic, sleep
from typing import Literal

from pacsconf.core.address import Address
from pacsconf.core.change import Change, Outcome, Status
from pacsconf.core.errors import SystemFault
from pacsconf.core.finding import Finding
from pacsconf.core.resource import Fields, State, Value
from pacsconf.inventory.systems import OrthancConfig
from pacsconf.systems._http import Lost, Web
from pacsconf.systems._orthanc import options
from pacsconf.systems._orthanc.in_place import InPlace, Unwritable, changed
from pacsconf.systems._orthanc.live import Server
from pacsconf.systems._orthanc.settings import UnreadableSettings, said
from pacsconf.systems.abilities import AccountRight
from pacsconf.systems.base import conflict, stands

RELOAD: Literal["reload"] = "reload"
_GOES = 10.0
"""Seconds within which a server that restarts stops answering."""
_PAUSE = 0.02
"""Seconds between two questions."""


class OwnSettings:
    """The configuration of one Orthanc, and whether it `may_edit` the file that it is in."""

    def __init__(self, web: Web, config: OrthancConfig, may_edit: Callable[[Path], bool]) -> None:
        self.web = web
        self.config = config
        self.wanted = config.settings.declared()
        self._may_edit = may_edit

    @property
    def path(self) -> Path:
        assert self.config.settings_file is not None, "without it nothing is live, and nothing planned"
        return Path(self.config.settings_file)

    @property
    def writes(self) -> bool:
        """Whether the file is changed from here, not by a person."""
        return self.config.settings_file is not None and self._may_edit(self.path)

    # --- what there is ----------------------------------------------------------------------------------------

    def live(self, server: Server) -> State | None:
        """What the configuration says of what is declared; None where there is none of this server that can be
        read."""
        if not self.wanted or self.config.settings_file is None:
            return None
        try:
            found = said(self.path)
        except UnreadableSettings:
            return None
        if found.get("DicomAet", "ORTHANC") != server.ae_title:
            return None
        return options.live(self.config, found)

    def findings(
        self, server: Server, found: State | None, changes: Sequence[Change], peers: int
    ) -> Iterator[Finding]:
        """What hinders that it is as declared. `peers`: how many would be lost by a restart."""
        if self.wanted and found is None:
            yield self._finding(
                "ORTHANC-SETTINGS-UNREAD",
                "Whether the settings of Orthanc {name} are as declared is not known, so none of them is planned",
                "REST does not tell them, and its configuration, or a copy of it, cannot be read here.",
                "Name the configuration that it reads, or a copy, under settings_file. It must say: "
                + self.lines(),
            )
        for name in self.wanted:
            least = options.SINCE.get(name)
            there = options.version(server.version)
            if least and there and there < least:
                yield self._finding(
                    "ORTHANC-SETTINGS-OLD",
                    f"Orthanc {{name}} is of version {server.version}, which knows no {name}",
                    "It would start with it and do as before, while the configuration says otherwise.",
                    f"Orthanc knows it from version {'.'.join(map(str, least))} on. Take it out until then.",
                    name,
                )
        if peers and self.writes and any(one.address.kind == options.CONFIGURATION for one in changes):
            yield self._finding(
                "ORTHANC-SETTINGS-FORGETS",
                f"The settings of Orthanc {{name}} are not changed: a restart would lose {peers} of its peers",
                "It keeps those that are made over REST in memory alone, and would refuse them afterwards.",
                "Set DicomModalitiesInDatabase to true in its configuration (OrthancPeersInDatabase and "
                "DicomWeb.ServersInDatabase, where it calls servers), restart it, and apply again.",
            )

    def _finding(self, rule: str, summary: str, detail: str, fix: str, key: str = "") -> Finding:
        unread = rule == "ORTHANC-SETTINGS-UNREAD"
        return Finding(
            rule,
            "warning" if unread else "error",
            summary.format(name=self.config.name),
            detail,
            fix,
            path=("systems", self.config.name, "settings", *([key] if key else ())),
            evidence="configured",
            verdict="unknown" if unread else "fail",
        )

    def lines(self, fields: Mapping[str, Value | None] | None = None) -> str:
        """The lines of a configuration that say so."""
        found = self.wanted if fields is None else fields
        return ", ".join(f"{json.dumps(name)}: {json.dumps(value)}" for name, value in found.items())

    def rights(self) -> Iterator[AccountRight]:
        """What writing needs, where it is written from here. Nothing is restarted to find out."""
        if not self.wanted or not self.writes:
            return
        try:
            closed = InPlace(self.path).closed()
        except Unwritable as fault:
            closed = str(fault)
        yield AccountRight("write its configuration", "writing", "no" if closed else "yes", closed)
        detail = "only a restart would tell: allow POST /tools/reset to this account"
        yield AccountRight("restart it", "writing", "unknown", detail)

    # --- writing ----------------------------------------------------------------------------------------------

    def asks(self, change: Change) -> str:
        """What a person is asked for; empty where it is written from here."""
        if self.writes:
            return ""
        wanted = {field.name: field.after for field in change.fields}
        return (
            f"for a person: write into the configuration of Orthanc {self.config.name} {self.lines(wanted)}; "
            f"restart it{'' if self._is_here() else ', and copy it again'}. Where {self.path} is the file that it "
            "reads, pacsconf does it once the operator file says: [orthanc] settings = "
            f"[{json.dumps(str(self.path.resolve()))}]"
        )

    def _is_here(self) -> bool:
        return self.web.endpoint.is_loopback

    def carry_out(self, change: Change, server: Server) -> tuple[Status, str]:
        """What became of one change; it counts once `restart` was heard of."""
        found = self.live(server)
        fields: Fields | None = found.fields if found else None
        there = stands(change, fields)
        if there == "after":
            return "applied", ""
        if there == "neither" or fields is None:
            return "failed", conflict(change, fields)
        if asked := self.asks(change):
            return "waiting", asked
        wanted = {field.name: field.after for field in change.fields}
        values = {
            name: value
            for name, value in wanted.items()
            if value is not None and not isinstance(value, tuple)
        }
        if values.keys() != wanted.keys():
            return "failed", "what stood there was no value of such an option, and is not known any more"
        try:
            self._write(values, change, server)
        except Unwritable as fault:
            return "failed", str(fault)
        found = self.live(server)
        if stands(change, found.fields if found else None) != "after":
            return "failed", "it was written, and says something else: somebody else wrote too"
        return "applied", ""

    def _write(self, values: Mapping[str, bool | int | str], change: Change, server: Server) -> None:
        """Change the files.

        Raises: Unwritable.
        """
        place = InPlace(self.path)
        if not self._may_edit(place.path):  # a link may lead elsewhere since it was asked
            raise Unwritable(f"{place.path} is not listed in the operator file")
        before = place.read()
        after = changed(before, values)
        # What was read for writing is what was compared, or somebody wrote meanwhile.
        found = self.live(server)
        if stands(change, found.fields if found else None) != "before":
            raise Unwritable("somebody else wrote it at the same time. Plan again.")
        place.write(before, after)

    # --- restarting -------------------------------------------------------------------------------------------

    def restart(self, written: Sequence[Change], server: Server | None) -> Iterator[Outcome]:
        """Have Orthanc read what was written, and wait for it; where it does not come back, put the former back."""
        if not self.writes:  # a person did it, and the restart as well
            return
        began = monotonic()
        status, why = self._restarted(server)
        took = (monotonic() - began) * 1000
        place = InPlace(self.path)
        if status != "failed":
            if status == "applied":
                place.forget()
            yield Outcome(Address.of(self.config.name, RELOAD, "orthanc"), RELOAD, status, why, took)
            return
        told = place.put_back()
        again, _ = self._restarted(server, waits=True)
        ends = (
            "It answers again, with the former settings."
            if again == "applied"
            else "It does not answer now: look at its log, and start it."
        )
        for one in written:
            yield Outcome(one.address, one.action, "failed", f"{why}; {told}. {ends}", took)

    def _restarted(self, server: Server | None, *, waits: bool = False) -> tuple[Status, str]:
        """Whether it was restarted; `waits`: one that is down may be started by whoever watches over it."""
        try:
            answer = self.web.ask("POST", "tools", "reset")
            if not answer.ok:
                return (
                    "failed",
                    f"Orthanc does not restart when it is told to (POST /tools/reset): {answer.text}",
                )
        except Lost:
            pass  # it may have stopped before it answered
        except SystemFault as fault:
            if not waits:
                return "failed", f"Orthanc could not be told to restart: {fault.message}"
        if not waits and not self._within(_GOES, lambda: not self._answers(server)):
            return (
                "unknown",
                "it was told to restart, and never stopped answering: whether it did is not known",
            )
        if self._within(float(self.config.timeout), lambda: self._answers(server)):
            return "applied", ""
        return "failed", f"Orthanc did not come back within {self.config.timeout} s of its restart"

    def _within(self, seconds: float, happens: Callable[[], bool]) -> bool:
        until = monotonic() + seconds
        while not happens():
            if monotonic() > until:
                return False
            sleep(_PAUSE)
        return True

    def _answers(self, server: Server | None) -> bool:
        try:
            answer = self.web.ask("GET", "system")
            told = answer.json(self.config.name, "system") if answer.ok else None
        except SystemFault:
            return False
        title = told.get("DicomAet") if isinstance(told, dict) else None
        return title is not None and (server is None or title == server.ae_title)
