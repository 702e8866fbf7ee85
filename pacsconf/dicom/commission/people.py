"""The steps for which somebody must stand at the console."""

from __future__ import annotations

import re
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pacsconf.dicom.commission.listening import Came
from pacsconf.dicom.commission.run import Ticked
from pacsconf.dicom.commission.trial import Trial
from pacsconf.dicom.upper_layer.messages import C_ECHO

SKEW = 5
"""Seconds that its clock may be off (policies: TIM-002)."""
_NEEDS = "needs a person at the console: --assist"


def echo_back(trial: Trial) -> Ticked:
    """A C-ECHO from the modality: seen at our own port where we listen, else as the person says."""
    if trial.people is None:
        return Ticked("echo-back", "not done", _NEEDS)
    if trial.port is None:
        return _said(trial)
    title, port = trial.scope.calling or "pacsconf", trial.port
    question = (
        f"On the console of {trial.scope.device.name}, verify {title} at this machine's port {port.port}"
    )
    port.forget(_is_echo)  # of others, before anybody was asked
    if trial.people.ask(f"{question}. Then press Enter (s: skip) ").lower().startswith("s"):
        return Ticked("echo-back", "not done", "the person skipped it")
    came = port.take(lambda one: _is_echo(one) and one.calling == trial.scope.title, trial.wire.timeout)
    came = came or port.take(_is_echo, 0.0)
    if came is None:
        return Ticked("echo-back", "failed", "no C-ECHO came to our port")
    return _seen(trial, came)


def _is_echo(came: Came) -> bool:
    return came.message.field == C_ECHO


def _seen(trial: Trial, came: Came) -> Ticked:
    """Whether it calls itself as declared, and from where."""
    if came.calling != trial.scope.title:
        text = f'"{came.calling}" called from {came.host}; the modality is declared as "{trial.scope.title}"'
        return Ticked("echo-back", "failed", text)
    return Ticked("echo-back", "passed", f"it called from {came.host}, as {came.calling}")


def _said(trial: Trial) -> Ticked:
    assert trial.people is not None, "somebody is asked"
    peers = ", ".join(peer.title for peer in trial.scope.storing) or "the archive"
    question = (
        f"On the console of {trial.scope.device.name}, verify {peers}. Did it succeed? (y/n, Enter: skip) "
    )
    match trial.people.ask(question).lower()[:1]:
        case "y":
            return Ticked("echo-back", "passed", f"the console reported success with {peers}")
        case "n":
            return Ticked("echo-back", "failed", f"the console reported no success with {peers}")
        case _:
            return Ticked("echo-back", "not done", "the person skipped it")


def clock(trial: Trial) -> Ticked:
    """The console's clock beside this machine's; no message of DICOM tells it."""
    if trial.people is None:
        return Ticked("clock", "not done", _NEEDS)
    said = trial.people.ask("What time does its console show, as HH:MM:SS? (Enter: skip) ")
    now = _local(trial)
    read = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d):([0-5]\d)", said)
    if read is None:
        text = f'"{said[:20]}" is no time such as 14:05:30' if said else "the person skipped it"
        return Ticked("clock", "not done", text)
    hours, minutes, seconds = map(int, read.groups())
    off = _apart(hours * 3600 + minutes * 60 + seconds, now.hour * 3600 + now.minute * 60 + now.second)
    text = (
        f"{abs(off)} s {'ahead of' if off > 0 else 'behind'} this machine's"
        if off
        else "the same to the second"
    )
    return Ticked("clock", "passed" if abs(off) <= SKEW else "failed", text)


def _local(trial: Trial) -> datetime:
    zone = trial.timezone
    try:
        return trial.clock().astimezone(ZoneInfo(zone) if zone else None)
    except (ZoneInfoNotFoundError, ValueError):
        return trial.clock().astimezone()


def _apart(shown: int, right: int) -> int:
    """Seconds by which a clock is ahead, over midnight too."""
    day = 24 * 3600
    return (shown - right + day // 2) % day - day // 2
