"""The page as its reader has it: opened from a disk, filtered, sorted, printed."""

from __future__ import annotations

import re

import pytest

from pacsconf.report.audit.html import audit_html
from tests.browser import PROGRAM, browser
from tests.report.audit.sample import AUDIT, TITLES, TREND, large

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="no chromium here (scripts/setup tests installs it)")

SHOWN = """Array.from(document.querySelectorAll("tr.r")).filter(row => row.checkVisibility())
    .map(row => row.cells[0].innerText.trim() + " " + row.cells[2].innerText.split("\\n")[0])"""
STATUS = "document.getElementById('status').textContent"


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """The busy audit's page."""
    file = tmp_path_factory.mktemp("page") / "report.html"
    file.write_text(audit_html(AUDIT, TREND, TITLES), encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def chromium(tmp_path_factory):
    with browser(tmp_path_factory.mktemp("chromium")) as found:
        yield found


@pytest.fixture
def tab(chromium):
    """The browser; that a page complains of nothing is asked after each test."""
    chromium.complaints.clear()
    chromium.resize(1280)
    yield chromium
    assert chromium.complaints == []


def click(tab, selector: str) -> None:
    tab.value(f"document.querySelector({selector!r}).click()")


def test_it_opens_without_a_complaint_and_shows_everything(tab, page):
    tab.open(page)
    assert tab.value("document.title") == "Audit 20261127-050214-8c1e of production"
    assert tab.value("getComputedStyle(document.querySelector('.tile')).borderLeftWidth") == "6px"
    assert tab.value(STATUS) == ""
    assert tab.value("document.querySelectorAll('.gone').length") == 0


def test_the_policy_stops_what_is_not_its_own(chromium, page):
    """The one test that wants a complaint: it shows that the others would see one."""
    chromium.open(page)
    chromium.complaints.clear()
    chromium.value(
        "document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=document.title=1 style=color:red>')"
    )
    chromium.value("new Promise(done => setTimeout(done, 100))")
    assert len(chromium.complaints) >= 2
    assert chromium.value("document.title").startswith("Audit ")


def test_words_typed_into_the_box_filter_rules_and_devices(tab, page):
    tab.open(page)
    tab.type("/")  # goes to the box
    tab.type("mr-1 answer")
    tab.value("new Promise(done => setTimeout(done, 250))")
    assert tab.value("document.activeElement.id") == "find"
    assert tab.value(SHOWN) == ["✗ fail mr-1/MR_1"]
    assert tab.value(STATUS).startswith("Filtered: 1 of ")
    click(tab, "#reset")
    assert tab.value(STATUS) == ""


def test_boxes_choose_states_severities_and_sites(tab, page):
    tab.open(page, "#state=fail&severity=high,critical&site=main")
    shown = tab.value(SHOWN)
    assert shown[:3] == ["✗ fail orthanc", "✗ fail mr-1/MR_1", "✗ fail archive-to-telerad"]
    assert tab.value("document.querySelectorAll('#overview tr[data-of]:not(.gone)').length") == 3
    click(tab, "input[name=state][value=unknown]")
    click(tab, "input[data-name=north]")
    assert "? unknown pacs-2" in tab.value(SHOWN)


def test_a_filter_unfolds_what_it_finds_and_folds_it_again(tab, page):
    tab.open(page)
    folded = "document.getElementById('rule-PACS-USR-001').open"
    assert tab.value(folded) is False
    tab.open(page, "#find=u0050")
    assert tab.value(folded) is True
    click(tab, "#reset")
    assert tab.value(folded) is False


def test_a_link_to_a_rule_unfolds_it_even_where_it_is_filtered_away(tab, page):
    tab.open(page, "#find=mr-1")
    tab.value("location.hash = '#rule-PACS-USR-001'")
    tab.value("new Promise(done => setTimeout(done, 100))")
    assert tab.value("document.getElementById('rule-PACS-USR-001').open") is True
    assert tab.value(STATUS) == ""


def test_heads_sort_by_keyboard(tab, page):
    tab.open(page)
    first = "document.querySelector('#overview tbody tr a').textContent"
    tab.value("document.querySelectorAll('#overview thead [role=button]')[7].focus()")  # passes
    tab.press("Enter", 13)
    assert tab.value(first) == "PACS-USR-001"
    assert (
        tab.value("document.querySelectorAll('#overview thead th')[7].getAttribute('aria-sort')")
        == "descending"
    )
    tab.press("Enter", 13)
    assert tab.value(first) != "PACS-USR-001"


@pytest.mark.parametrize("width", [1280, 400])
def test_no_page_is_wider_than_its_window(tab, page, width):
    tab.resize(width)
    tab.open(page)
    assert tab.value("document.documentElement.scrollWidth") <= width


def test_paper_has_everything_unfolded_and_heads_on_every_sheet(tab, page, tmp_path):
    tab.open(page)
    paper = tab.paper()
    assert 8 <= len(re.findall(rb"/Type\s*/Page\b", paper)) <= 14
    tab.ask("Emulation.setEmulatedMedia", media="print")
    visible = tab.value(
        "document.querySelector('#rule-PACS-USR-001 dl').checkVisibility({contentVisibilityAuto: true})"
    )
    tools = tab.value("document.getElementById('find').checkVisibility()")
    tab.ask("Emulation.setEmulatedMedia", media="")
    assert (visible, tools) == (True, False)
    # A head that holds a <button> is on the first sheet alone.
    assert tab.value("document.querySelectorAll('thead button').length") == 0


def test_it_can_be_read_without_its_script(chromium, page):
    chromium.ask("Emulation.setScriptExecutionDisabled", value=True)
    try:
        chromium.open(page)
        document = chromium.ask("DOM.getDocument")["root"]["nodeId"]
        tools = chromium.ask("DOM.querySelector", nodeId=document, selector="#tools[hidden]")["nodeId"]
        assert tools
        assert len(re.findall(rb"/Type\s*/Page\b", chromium.paper())) >= 8
    finally:
        chromium.ask("Emulation.setScriptExecutionDisabled", value=False)


def test_a_large_audit_is_filtered_too(tab, tmp_path):
    file = tmp_path / "large.html"
    file.write_text(audit_html(large(1_000)), encoding="utf-8")
    tab.open(file, "#find=modality-00042")
    shown = tab.value(SHOWN)
    assert shown[-1] == "✗ modality-00042 0"  # under its site, which was folded
    assert len(shown) == 31  # and once for each of 30 rules
    assert tab.value(STATUS).startswith("Filtered: ")
