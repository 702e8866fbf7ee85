"""One association with an application entity at `AET@HOST:PORT`, which nothing else need know."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

import typer

from pacsconf.cli.exits import Exit
from pacsconf.cli.progress import Reporter
from pacsconf.cli.screen import Screen
from pacsconf.inventory import formats

if TYPE_CHECKING:
    from pacsconf.dicom.probe.knock import Knock
    from pacsconf.dicom.probe.strangers import Door
    from pacsconf.report.look_text import Called

CALLING = "PACSCONF"
"""The title that an association is requested under unless another is given."""


@dataclass(frozen=True, slots=True)
class Caller:
    """How associations are requested: under which title, whether as a stranger too, and how long to wait."""

    calling: str
    strangers: bool
    timeout: float


def look_at_entity(screen: Screen, where: str, caller: Caller, format: str) -> Exit:  # noqa: A002
    """Ask one application entity, by one association, whether it is there and what it takes."""
    title, host, port = _entity(where)
    from pacsconf.dicom.probe.knock import knock
    from pacsconf.dicom.probe.strangers import Door, try_the_door

    reporter = Reporter(screen)
    reporter.reading(where)
    try:
        seen = knock(title, host, port, caller.calling, caller.timeout)
        tries = caller.strangers and seen.came != "unreachable"
        door = try_the_door(title, host, port, caller.calling, None, caller.timeout) if tries else Door()
    finally:
        reporter.stop()
    _show(screen, _called(where, caller, seen, door), format)
    if seen.came == "accepted":
        return Exit.OK
    return Exit.UNREACHABLE if seen.came in ("unreachable", "silent") else Exit.ERROR


def _entity(where: str) -> tuple[str, str, int]:
    """Title, host and port of `AET@HOST:PORT`.

    Raises: BadParameter.
    """
    title, _, address = where.rpartition("@")
    try:
        host, _, port = formats.host_and_port(address).rpartition(":")
    except ValueError as exc:
        raise typer.BadParameter(f"AET@HOST:PORT is needed: {exc}", param_hint="WHERE") from None
    return title_of(title, "WHERE"), host, int(port)


def title_of(text: str, option: str) -> str:
    """The AE title in `text`.

    Raises: BadParameter naming the option.
    """
    try:
        return formats.ae_title(text)
    except ValueError as exc:
        raise typer.BadParameter(str(exc), param_hint=option) from None


def _called(where: str, caller: Caller, seen: Knock, door: Door) -> Called:
    """All that there is to tell, in plain values."""
    from pacsconf.report.look_text import Called

    refused: dict[str, list[str]] = {}
    for context in seen.contexts:
        if context.refused:
            refused.setdefault(context.refused, []).append(_service(context.sop_class))
    return Called(
        where=where,
        calling=caller.calling,
        strangers=caller.strangers and seen.came != "unreachable",
        good=seen.came == "accepted",
        text=seen.text,
        advice=seen.advice,
        echo=seen.echo,
        implementation=seen.implementation,
        max_pdu=seen.max_pdu,
        accepted=[_service(context.sop_class) for context in seen.contexts if not context.refused],
        refused=refused,
        milliseconds=seen.milliseconds,
        findings=door.findings,
        unseen=door.unseen,
        declaration=_declaration(*_entity(where)) if seen.came == "accepted" else "",
        command=_next(where, seen),
    )


def _declaration(title: str, host: str, port: int) -> str:
    """How an inventory has it, as far as one association tells."""
    return f"NAME: {{type: TYPE, ae_title: {_yaml(title)}, host: {_yaml(host)}, port: {port}}}"


def _yaml(text: str) -> str:
    return text if re.fullmatch("[A-Za-z0-9][A-Za-z0-9._-]*", text) else json.dumps(text)


def _show(screen: Screen, called: Called, format: str) -> None:  # noqa: A002
    from pacsconf.report.look_text import called_json, called_text

    if format == "json":
        screen.raw(called_json(called))
    else:
        screen.show(called_text(called, screen.width))


def _service(sop_class: str) -> str:
    """What an inventory calls a SOP class: the service that is it alone, or its own name."""
    from pacsconf.inventory import uids

    services = uids.services().values()
    alone = [service.name for service in services if service.covers == {sop_class}]
    first = [service.name for service in services if service.classes == (sop_class,)]
    return next(iter((*alone, *first)), uids.label(sop_class))


def _next(where: str, seen: Knock) -> str:
    """What to type after an association."""
    if seen.came == "accepted":
        return "pacsconf validate"
    title, _, address = where.rpartition("@")
    if seen.why == _CALLED_UNKNOWN:
        title = "TITLE"
    calling = " --calling TITLE" if seen.why == _CALLING_UNKNOWN else ""
    return f"pacsconf look {shlex.quote(f'{title}@{address}')}{calling}"


_CALLING_UNKNOWN, _CALLED_UNKNOWN = (1, 3), (1, 7)
"""Source and reason of a rejection (PS3.8 section 9.3.4)."""
