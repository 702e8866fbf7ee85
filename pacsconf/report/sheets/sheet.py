"""The sheet for a person at a console: which rows to add, change and remove, why, and what to type then. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path

from pacsconf.core.change import Action, Change, FieldChange
from pacsconf.core.finding import Path as InventoryPath
from pacsconf.core.resource import Fields, Value
from pacsconf.inventory import peers
from pacsconf.inventory.flows import Entity
from pacsconf.inventory.model import Inventory
from pacsconf.inventory.systems import ConsoleConfig
from pacsconf.report.sheets.context import Cell, Hospital, Row, Sheet
from pacsconf.report.sheets.hospital import hospital, peer_of
from pacsconf.report.sheets.render import Templates
from pacsconf.report.sheets.services import RIGHTS, in_words

NAME = "console-sheet"
"""The name of its templates."""

Told = Callable[[InventoryPath], str]
"""Where something was declared, as people are told: `inventory/flows.yaml:12`."""

_ACTIONS: Mapping[Action, tuple[str, str]] = {
    "create": ("add", "+"),
    "update": ("change", "~"),
    "delete": ("remove", "-"),
}
_LABELS: Mapping[str, str] = {
    "ae_title": "AE title",
    "host": "Host or IP address",
    "port": "Port",
    "tls": "Encryption (TLS)",
    "uses": "This system asks of it",
    "allow": "It may ask for",
    "calls_from": "Calls come from",
    "manufacturer": "Manufacturer",
    "local_ae_title": "Call it as",
    "timeout": "Timeout (seconds)",
}
"""What fields are called, in the order in which consoles ask for them."""


def console_sheet(
    inventory: Inventory,
    system: str,
    changes: Sequence[Change],
    *,
    environment: str,
    changeset: str,
    printed: str,
    command: str,
    templates: Path | None,
    day: date,
    operator: str = "",
    ticket: str = "",
    told: Told | None = None,
) -> Mapping[str, str]:
    """The sheet of one console system by form (`html`, `md`).

    `changes` are what waits there, in order; `changeset` handed it over, for `operator` by `ticket`. `printed` is a
    moment in words and `day` its day, `command` how pacsconf is called here, `templates` the repository's folder.

    Raises: TemplateFault when the site's own template cannot be used.
    """
    seen = hospital(inventory, day=day, environment=environment)
    made = sheet(
        inventory,
        system,
        changes,
        seen=seen,
        changeset=changeset,
        printed=printed,
        command=command,
        operator=operator,
        ticket=ticket,
        told=told,
    )
    known = Templates(templates)
    return {form: known.render(NAME, form, seen.values(sheet=made)) for form in ("html", "md")}


def sheet(
    inventory: Inventory,
    system: str,
    changes: Iterable[Change],
    *,
    seen: Hospital,
    changeset: str,
    printed: str,
    command: str,
    operator: str = "",
    ticket: str = "",
    told: Told | None = None,
) -> Sheet:
    """What templates get as `sheet`. `seen` is the hospital as they get it, of the same inventory."""
    config = inventory.systems[system]
    assert isinstance(config, ConsoleConfig), "sheets are for consoles"
    holder = peers.entity(inventory, config.ae)
    table = {peer.alias: peer for peer in peers.peer_table(inventory, config)[0]}
    return Sheet(
        system=system,
        contact=config.contact or "",
        title=holder[1].title if holder else "",
        device=seen.device(holder[0].name) if holder else None,
        rows=tuple(_row(inventory, change, table, holder, told) for change in changes),
        changeset=changeset,
        operator=operator,
        ticket=ticket,
        printed=printed,
        commands=(f"{command} attest {system}",),
    )


def _row(
    inventory: Inventory,
    change: Change,
    table: Mapping[str, peers.Peer],
    holder: Entity | None,
    told: Told | None,
) -> Row:
    action, sign = _ACTIONS[change.action]
    is_peer = change.address.kind == "peer"
    name = change.address.parts[-1]
    declared = table.get(name) if is_peer else None
    return Row(
        action=action,
        sign=sign,
        address=str(change.address),
        what="peer" if is_peer else "own settings",
        name=name,
        title=_title(change),
        cells=_cells(change),
        why=tuple(_why(inventory, change, declared, told)),
        peer=peer_of(inventory, declared, holder) if declared and holder else None,
    )


def _title(change: Change) -> str:
    title = change.state.fields.get("ae_title", "")
    return title if isinstance(title, str) else ""


def _cells(change: Change) -> tuple[Cell, ...]:
    """Every field of the row, those that consoles ask for first."""
    before = change.before.fields if change.before else {}
    after = change.after.fields if change.after else {}
    order = {name: at for at, name in enumerate(_LABELS)}
    names = sorted(before.keys() | after.keys(), key=lambda name: (order.get(name, len(order)), name))
    return tuple(_cell(name, before, after) for name in names)


def _cell(name: str, before: Fields, after: Fields) -> Cell:
    field = FieldChange(name, before.get(name), after.get(name))
    is_set = isinstance(field.before, tuple) or isinstance(field.after, tuple)
    return Cell(
        field=name,
        label=_LABELS.get(name, name.replace("_", " ").capitalize()),
        before=_text(name, field.before),
        after=_text(name, field.after),
        added=tuple(_word(name, member) for member in field.added) if is_set else (),
        removed=tuple(_word(name, member) for member in field.removed) if is_set else (),
    )


def _text(name: str, value: Value | None) -> str:
    if value is None and name == "tls":
        return "no"  # a switch that is off has no field
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(_word(name, member) for member in value)
    return "" if value is None else str(value)


def _word(name: str, member: str) -> str:
    """A member of a set in words; what is no word of ours (it was read from a console) stays as it is."""
    if name == "allow":
        return RIGHTS.get(member, member)
    if name == "uses":
        try:
            return in_words(member)
        except ValueError:
            return member
    return member


def _why(
    inventory: Inventory, change: Change, declared: peers.Peer | None, told: Told | None
) -> Iterable[str]:
    """The flows that a peer comes from, where it is declared, and what the plan says."""
    for name in declared.flows if declared else ():
        flow = inventory.flows[name]
        place = _place(("flows", name), told)
        yield f"flow {name}{f': {flow.description}' if flow.description else ''}{place}"
    if declared and (declared.explicit or not declared.flows):
        yield f"listed{_place(declared.path, told)}"
    if change.reason:
        yield change.reason
    elif change.action == "delete":
        yield "not declared any more"


def _place(path: InventoryPath, told: Told | None) -> str:
    place = told(path) if told else ""
    return f" ({place})" if place else ""
