"""The built-in documents on the example hospital, and on paper."""

from __future__ import annotations

import csv
import re
import shutil
import subprocess
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from io import StringIO
from pathlib import Path

import pytest

from pacsconf.inventory.loader import load
from pacsconf.report.sheets.context import Device, Hospital
from pacsconf.report.sheets.hospital import hospital
from pacsconf.report.sheets.render import Templates

ROOT = Path(__file__).parents[2]
DAY = date(2026, 11, 24)
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture(scope="module")
def seen() -> Hospital:
    inventory = load(ROOT, DAY).inventory
    assert inventory is not None
    reserved = {"US_OLD": date(2027, 2, 24)}
    return hospital(inventory, day=DAY, environment="production", commit="3f2a9c1", reserved=reserved)


def device(seen: Hospital, name: str) -> Device:
    found = seen.device(name)
    assert found is not None
    return found


def sheet(seen: Hospital, this: Device, form: str = "html") -> str:
    return Templates().render("modality-sheet", form, seen.values(device=this))


class Elements(HTMLParser):
    """The elements of a page; one that is closed by another, or never, is a mistake."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.names: set[str] = set()
        self.links: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.links += [value or "" for name, value in attrs if name in ("src", "href", "data", "action")]
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def pages(text: str, folder: Path) -> int:
    """How many sheets of paper a browser prints a page on."""
    assert CHROMIUM
    (folder / "page.html").write_text(text, encoding="utf-8")
    subprocess.run(
        [
            CHROMIUM,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--no-pdf-header-footer",
            f"--user-data-dir={folder / 'profile'}",
            f"--print-to-pdf={folder / 'page.pdf'}",
            (folder / "page.html").as_uri(),
        ],
        check=True,
        capture_output=True,
        timeout=60,
    )
    return len(re.findall(rb"/Type\s*/Page\b", (folder / "page.pdf").read_bytes()))


on_paper = pytest.mark.skipif(CHROMIUM is None, reason="no browser here that prints")


def test_every_device_has_a_sheet_in_every_form_and_each_page_is_whole(seen: Hospital):
    for each in seen.devices:
        elements = Elements(sheet(seen, each))
        assert (elements.open, elements.links, elements.names & {"script", "img", "link"}) == ([], [], set())
        assert f"# DICOM settings for {each.name}\n" in sheet(seen, each, "md")


def test_a_sheet_says_all_that_is_typed_in(seen: Hospital):
    text = sheet(seen, device(seen, "ct-er-2"), "md")
    for row in (
        "| AE title | `CT_ER_2` |",
        "| host or IP address | `10.20.4.18` |",
        "| port it listens on | `104` |",
        "| subnet mask | |",
        "| images | `ARCHIVE` | `archive.example.org` | `11112` | no | ☐ |",
        "| storage commitment | `ARCHIVE` | `archive.example.org` | `11112` | no | ☐ |",
        "| worklist | `RIS_MWL` | `ris.example.org` | `11112` | no | ☐ |",
        "| MPPS | `RIS_MPPS` | `ris.example.org` | `11112` | no | ☐ |",
        "| `RIS_MWL` | `CT_ER_2` | CT |",
        "Storage commitment is answered later: `ARCHIVE` calls back on a connection of its own.",
        "This device must listen on port `104` and let it in.",
        "| `PACS_ADMIN` | `10.20.6.5` | echo (C-ECHO) |",
        "Nobody else needs to be let in.",
        "Responsible: radiology.",
    ):
        assert f"{row}\n" in text or f"{row} " in text


def test_a_missing_way_back_of_storage_commitment_is_told(seen: Hospital):
    this = device(seen, "ct-er-2")
    (ae,) = this.aes
    deaf = tuple(replace(peer, asks=replace(peer.asks, names=(), kinds=())) for peer in ae.peers)
    text = sheet(seen, replace(this, aes=(replace(ae, peers=deaf),)), "md")
    assert "**!** No flow lets `ARCHIVE` call back to answer storage commitment." in text


def test_a_planned_device_without_flows_says_so(seen: Hospital):
    assert "No flow of the inventory lets it call anybody yet: it is planned." in sheet(
        seen, device(seen, "mr-3"), "md"
    )


def test_what_stands_in_the_inventory_is_no_markup(seen: Hospital):
    evil = "<script>alert(1)</script><img src=x> *b* [l](javascript:x) | `x`"
    this = replace(device(seen, "ct-er-2"), description=evil, owner=evil, station_name=evil, product=evil)
    whole = replace(seen, titles=(replace(seen.titles[0], description=evil, host=evil),), environment=evil)
    for text in (sheet(whole, this), Templates().render("ae-titles", "html", whole.values())):
        assert not Elements(text).names & {"script", "img"}
    for text in (sheet(whole, this, "md"), Templates().render("ae-titles", "md", whole.values())):
        outside = re.sub(r"``? ?<script>.*?`x` ``", "", text)
        assert not re.search(r"<script|<img|\*b\*|\]\(", outside)


def test_the_register_has_every_title_in_every_form(seen: Hospital):
    text = Templates().render("ae-titles", "csv", seen.values())
    rows = list(csv.DictReader(StringIO(text, newline=""), strict=True))
    assert [row["ae_title"] for row in rows] == [one.title for one in seen.titles]
    (old,) = [row for row in rows if row["ae_title"] == "US_OLD"]
    assert (old["lifecycle"], old["reserved_until"], old["device"]) == ("reserved", "2027-02-24", "")
    for form in ("html", "md"):
        text = Templates().render("ae-titles", form, seen.values())
        assert [one.title for one in seen.titles if one.title not in text] == []
        assert "kept free until 24 Feb 2027" in text


def test_the_example_of_a_sites_own_template_holds_what_crosses_sites(seen: Hospital):
    text = Templates(ROOT / "templates").render("firewall-requests", "csv", seen.values())
    rows = list(csv.DictReader(StringIO(text, newline=""), strict=True))
    assert {(row["from_site"] == row["to_site"]) for row in rows} == {False}
    assert {
        "from": "203.0.113.0/28",
        "from_site": "Nightwatch Teleradiology, outside the group",
        "from_devices": "nightwatch",
        "to": "telerad.example.org",
        "port": "2762",
        "encrypted": "yes",
        "to_site": "Riverside Main Campus",
        "to_devices": "telerad-gw",
        "services": "basic-text-sr-storage encapsulated-pdf-storage",
        "flows": "partner-to-gateway",
    } in rows


def _with_peers(this: Device, number: int) -> Device:
    """The device with so many peers that call it, of long names."""
    (ae,) = this.aes
    (caller,) = (peer for peer in ae.callers if peer.title == "PACS_ADMIN")
    more = tuple(
        replace(caller, title=f"LONG_TITLE_{at:04}", calls_from=(f"host-{at}.radiologie.example.org",))
        for at in range(number - len(ae.peers))
    )
    return replace(
        this,
        description="Computertomograph im Schockraum der Zentralen Notaufnahme, Gebäude Süd",
        aes=(replace(ae, peers=(*ae.peers, *more)),),
    )


@on_paper
@pytest.mark.parametrize("number", [0, 20], ids=["as it is", "20 peers"])
def test_the_sheet_of_a_scanner_is_one_page(seen: Hospital, tmp_path: Path, number: int):
    assert pages(sheet(seen, _with_peers(device(seen, "ct-er-2"), number)), tmp_path) == 1


@on_paper
def test_a_long_register_goes_on_over_pages(seen: Hospital, tmp_path: Path):
    assert pages(Templates().render("ae-titles", "html", seen.values()), tmp_path) > 1
