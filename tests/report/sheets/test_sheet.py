"""The sheet for a person at a console."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from pacsconf.core.address import Address
from pacsconf.core.change import Change
from pacsconf.core.errors import TemplateFault
from pacsconf.core.resource import State, Value
from pacsconf.inventory.environment import for_environment
from pacsconf.inventory.loader import load
from pacsconf.inventory.model import Inventory
from pacsconf.report.sheets.context import Cell
from pacsconf.report.sheets.hospital import hospital
from pacsconf.report.sheets.sheet import console_sheet, sheet

DAY = date(2026, 11, 24)
INVENTORY = """\
devices:
  us-1: {type: modality, ae_title: US_1, host: 10.20.4.17, port: 104, uses: [storage-commitment, us-image-storage]}
  pacs: {type: archive, description: Kardiologie <PACS>, ae_title: PACS, host: 10.20.1.10, port: 11112,
         offers: [storage, storage-commitment], uses: storage-commitment}
flows:
  images: {description: Echo clips, from: {device: us-1}, to: {device: pacs}, services: storage}
systems:
  heart: {type: console, ae: pacs, contact: "Frau Größe, 4711"}
""".replace("us-image-storage", "ultrasound-image-storage")


@pytest.fixture(scope="module")
def inventory(tmp_path_factory: pytest.TempPathFactory) -> Inventory:
    folder = tmp_path_factory.mktemp("sheet")
    (folder / "inventory").mkdir()
    (folder / "inventory" / "hospital.yaml").write_text(INVENTORY)
    loaded = load(folder, DAY)
    assert loaded.inventory is not None, loaded.findings
    return for_environment(loaded.inventory)[0]


def state(kind: str, name: str, **fields: Value) -> State:
    address = Address.of("heart", kind, name)
    return State(address, address, fields)


NEW = state("peer", "US_1", ae_title="US_1", host="10.20.4.17", port=104, allow=("echo", "store"))
OLD = state("peer", "US_1", ae_title="US_1", host="10.20.4.99", port=104, tls=True, allow=("echo", "find"))
GONE = state("peer", "<b>US</b>", ae_title="<b>US</b>", host="10.20.4.98")
CHANGES = (
    Change("update", OLD, NEW),
    Change("create", None, state("network-ae", "pacs", ae_title="PACS", host="10.20.1.10", port=11112)),
    Change("delete", GONE, None),
)


def printed(inventory: Inventory, templates: Path | None = None) -> dict[str, str]:
    made = console_sheet(
        inventory,
        "heart",
        CHANGES,
        environment="production",
        changeset="20261124-1412-5be1",
        printed="24 Nov 2026 14:12 UTC",
        command="pacsconf -e production",
        templates=templates,
        day=DAY,
        operator="Maria Weber <mweber@example.org>",
        ticket="PACS-118",
        told=lambda path: f"inventory/flows.yaml:{len(path)}",
    )
    return dict(made)


def test_a_row_says_what_stands_there_and_what_is_to_be(inventory: Inventory):
    made = sheet(
        inventory,
        "heart",
        CHANGES,
        seen=hospital(inventory, day=DAY),
        changeset="",
        printed="",
        command="pacsconf",
        told=lambda path: "inventory/flows.yaml:5",
    )
    update, create, delete = made.rows
    assert update.cells == (
        Cell("ae_title", "AE title", "US_1", "US_1"),
        Cell("host", "Host or IP address", "10.20.4.99", "10.20.4.17"),
        Cell("port", "Port", "104", "104"),
        Cell("tls", "Encryption (TLS)", "yes", "no"),
        Cell(
            "allow",
            "It may ask for",
            "echo (C-ECHO), search (C-FIND)",
            "echo (C-ECHO), send images (C-STORE)",
            ("send images (C-STORE)",),
            ("search (C-FIND)",),
        ),
    )
    assert update.why == ("flow images: Echo clips (inventory/flows.yaml:5)",)
    assert update.peer is not None
    assert (update.peer.device, update.sign, create.sign, delete.sign) == ("us-1", "~", "+", "-")
    assert (create.what, create.name, create.why) == ("own settings", "pacs", ())
    assert (delete.name, delete.peer, delete.why) == ("<b>US</b>", None, ("not declared any more",))
    assert (made.contact, made.title, made.commands) == (
        "Frau Größe, 4711",
        "PACS",
        ("pacsconf attest heart",),
    )


def test_both_forms_say_everything_that_a_person_needs(inventory: Inventory):
    for text in printed(inventory).values():
        for said in (
            "To key in at heart",
            "production",
            "24 Nov 2026 14:12 UTC",
            "20261124-1412-5be1",
            "PACS-118",
            "Maria Weber",
            "Frau Größe, 4711",
            "10.20.4.99",
            "10.20.4.17",
            "inventory/flows.yaml:2",
            "pacsconf -e production attest heart",
            "stays",
        ):
            assert said in text


def test_what_was_read_from_a_console_is_no_markup(inventory: Inventory):
    made = printed(inventory)
    assert "<b>" not in made["html"]
    assert "&lt;b&gt;US&lt;/b&gt;" in made["html"]
    assert "Kardiologie &lt;PACS&gt;" in made["html"]
    assert "`<b>US</b>`" in made["md"]


def test_a_site_may_have_its_own_sheet(inventory: Inventory, tmp_path: Path):
    folder = tmp_path / "templates"
    folder.mkdir()
    (folder / "console-sheet.md.j2").write_text("{% for row in sheet.rows %}{{ row.sign }}{% endfor %}")
    assert printed(inventory, folder)["md"] == "&#126;+-"
    (folder / "console-sheet.md.j2").write_text("{{ sheet.row }}")
    with pytest.raises(TemplateFault, match=r'1: Sheet has no "row"; did you mean "rows"\?'):
        printed(inventory, folder)
