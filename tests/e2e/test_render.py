"""Sheets, registers and a site's own documents through the command line."""

from __future__ import annotations

import csv
import json
import os
import shutil
from io import StringIO
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HOSPITAL = """\
sites:
  main: {networks: [10.20.0.0/16]}
devices:
  pacs: {type: archive, site: main, ae_title: PACS, host: 10.20.0.5, port: 11112, offers: [ct-image-storage]}
  ct-1: {type: modality, modality: [CT], site: main, description: "<script>alert(1)</script> Größe",
         ae_title: CT1, host: 10.20.4.17, port: 104, uses: [ct-image-storage], offers: [verification]}
  ct-2: {type: modality, modality: [CT], site: main, description: "=HYPERLINK(1)",
         ae_title: CT2, host: 10.20.4.18, port: 104, uses: [ct-image-storage], offers: [verification]}
flows:
  images: {from: {type: modality}, to: {ae_title: PACS}, services: [storage]}
systems:
  heart: {type: console, ae: pacs, mode: write, contact: "Frau Größe, 4711"}
  ct-console: {type: console, ae: ct-1, mode: write}
environments: {lab: {dial: {"*": none}}, production: {}}
"""


@pytest.fixture
def hospital(repository):
    return repository(hospital=HOSPITAL)


@pytest.fixture
def example(repository):
    """The example hospital with its templates, in a repository of its own."""
    made = repository()
    shutil.copytree(ROOT / "inventory", made.path / "inventory", dirs_exist_ok=True)
    shutil.copytree(ROOT / "templates", made.path / "templates")
    made.commit("the example hospital")
    return made


def template(hospital, name: str, text: str) -> Path:
    (hospital.path / "templates").mkdir(exist_ok=True)
    path = hospital.path / "templates" / name
    path.write_text(text, encoding="utf-8")
    return path


# --- what there is ------------------------------------------------------------------------------------------------


def test_templates_are_listed_with_the_sites_own_files(example):
    template(example, "no-form.j2", "")
    assert example.ok("render", "--list").out == (
        "  accounts-sheet       csv, html, md\n"
        "  ae-titles            csv, html, md\n"
        "  console-sheet        html, md\n"
        "  firewall-requests    csv           templates/firewall-requests.csv.j2\n"
        "  modality-sheet       html, md\n"
        "  orthanc-permissions  json\n"
        "  orthanc-users        json\n"
        "  ! templates/no-form.j2 is no template by its name: NAME.FORM.j2\n"
        "Next: pacsconf -e lab render NAME\n"
    )
    listed = example.ok("render", "--list", "--format", "json").json
    assert listed["format_version"] == 1
    assert {"name": "ae-titles", "form": "csv", "own": ""} in listed["templates"]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ((), 64, "name a template; pacsconf render --list shows which there are"),
        (("modality-shet",), 1, 'there is no template "modality-shet"; did you mean "modality-sheet"?'),
        (("modality-sheet",), 64, "modality-sheet is about a device: pacsconf render modality-sheet DEVICE"),
        (("modality-sheet", "ct-3"), 1, 'there is no device "ct-3"; did you mean "ct-2"?'),
        (("modality-sheet", "ct-1", "ct-2"), 64, "2 documents need a folder"),
        (("ae-titles", "ct-1"), 64, "ae-titles is about the whole hospital, so no device is named with it"),
        (("ae-titles", "--format", "pdf"), 1, 'template ae-titles has no form "pdf"'),
        (("ae-titles", "--out", "titles.xlsx"), 1, 'template ae-titles has no form "xlsx"'),
        (("console-sheet", "hart"), 1, 'there is no console "hart"; did you mean "heart"?'),
        (("console-sheet", "heart"), 1, "nothing waits for a person at heart"),
        (("console-sheet",), 1, "nothing waits for a person at ct-console, heart"),
        (("../inventory/hospital",), 1, 'there is no template "../inventory/hospital"'),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_what_cannot_be_done_is_said_with_the_way_on(hospital, words, code, said):
    ran = hospital("render", *words)
    assert (ran.code, ran.out) == (code, "")
    assert said in ran.said


# --- sheets and registers -----------------------------------------------------------------------------------------


def test_a_sheet_needs_no_live_system_no_environment_and_no_git(example):
    ran = example.run("render", "modality-sheet", "ct-er-2")
    assert ran.code == 0
    assert ran.out.startswith(
        "# DICOM settings for ct-er-2\n\nSIEMENS SOMATOM go.Top · CT · Riverside Main Campus"
    )
    shutil.rmtree(example.path / ".git")
    assert example.run("render", "ae-titles").out.startswith("# AE titles\n\n")


def test_an_inventory_that_does_not_stand_is_shown_as_ever(hospital):
    hospital.edit("port: 11112", "port: 111120")
    ran = hospital("render", "ae-titles")
    assert ran.code == 3
    assert "error[PACS-HOST-002]" in ran.err


def test_the_form_follows_the_name_of_the_file(hospital):
    assert hospital.ok("render", "modality-sheet", "ct-1", "--out", "ct.html").err == "  + ct.html\n"
    text = (hospital.path / "ct.html").read_text(encoding="utf-8")
    assert "<h1>DICOM settings for ct-1</h1>" in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt; Größe" in text
    assert "<script" not in text


def test_several_devices_get_a_file_each_in_a_folder(hospital):
    ran = hospital.ok(
        "render", "modality-sheet", "ct-1", "ct-2", "ct-1", "--format", "html", "--out", "new/sheets"
    )
    assert ran.err == "  + new/sheets/modality-sheet-ct-1.html\n  + new/sheets/modality-sheet-ct-2.html\n"
    hospital.ok("render", "modality-sheet", "pacs", "--out", "new/sheets")
    assert (hospital.path / "new" / "sheets" / "modality-sheet-pacs.md").is_file()


def test_nothing_is_written_over_without_force(hospital):
    (hospital.path / "sheets").mkdir()
    (hospital.path / "sheets" / "modality-sheet-ct-2.md").write_text("mine")
    ran = hospital("render", "modality-sheet", "ct-1", "ct-2", "--out", "sheets")
    assert ran.code == 1
    assert "sheets/modality-sheet-ct-2.md is there already and is not written over" in ran.said
    assert [path.name for path in (hospital.path / "sheets").iterdir()] == ["modality-sheet-ct-2.md"]
    hospital.ok("render", "modality-sheet", "ct-1", "ct-2", "--out", "sheets", "--force")
    assert (hospital.path / "sheets" / "modality-sheet-ct-2.md").read_text() != "mine"


def test_a_place_that_cannot_be_written_is_told(hospital):
    (hospital.path / "file").write_text("")
    ran = hospital("render", "ae-titles", "--out", "file/titles.md")
    assert ran.code == 1
    assert "file/titles.md cannot be written: a file is where its folder should be" in ran.said


def test_a_register_as_csv_is_read_by_a_spreadsheet_and_computes_nothing(hospital):
    hospital.ok("render", "ae-titles", "--out", "titles.csv")
    body = (hospital.path / "titles.csv").read_bytes()
    assert body.startswith(b"\xef\xbb\xbfae_title,")
    rows = {row["ae_title"]: row for row in csv.DictReader(StringIO(body.decode("utf-8-sig"), newline=""))}
    assert rows["CT2"]["description"] == "'=HYPERLINK(1)"
    assert hospital.ok("render", "ae-titles", "--format", "csv").out.startswith("ae_title,")


def test_the_register_names_titles_that_are_kept_free_until_when(small):
    small.ok("record", "init")
    small.ok("plan", "--out", "plan.json")
    small.ok("apply", "plan.json")
    small.edit("ct-2: {profile: ct,", "ct-2: {profile: ct, lifecycle: retired,")
    small.ok("plan", "--out", "plan.json")
    small.ok("apply", "plan.json")
    (row,) = [row for row in small.ok("render", "ae-titles").out.splitlines() if "`CT2`" in row]
    assert "| retired, kept free until " in row


# --- what waits at a console --------------------------------------------------------------------------------------


def test_what_waits_at_consoles_is_printed_again(hospital):
    hospital.ok("record", "init")
    hospital.ok("plan", "--out", "plan.json")
    hospital.ok("apply", "plan.json", "--sheets", "none", "--ticket", "PACS-118")
    text = hospital.ok("render", "console-sheet", "heart").out
    for said in (
        "# To key in at heart",
        "- environment: lab",
        "- asked for by: `Maria Weber <mweber@example.org>`",
        "ticket PACS-118",
        "- contact: Frau Größe, 4711",
        "Why: flow images (inventory/hospital.yaml:10)",
        "`pacsconf -e lab attest heart`",
    ):
        assert said in text
    assert hospital.ok("render", "console-sheet", "--format", "html", "--out", "sheets").err == (
        "  + sheets/console-sheet-ct-console.html\n  + sheets/console-sheet-heart.html\n"
    )


def test_a_sheet_of_a_console_needs_to_know_the_environment(hospital):
    ran = hospital.run("render", "console-sheet")
    assert ran.code == 3
    assert "error[PACS-ENV-001]" in ran.err


# --- a site's own -------------------------------------------------------------------------------------------------


def test_the_example_of_an_own_template_works(example):
    rows = list(csv.DictReader(StringIO(example.ok("render", "firewall-requests").out)))
    assert {row["from_site"] == row["to_site"] for row in rows} == {False}


def test_one_file_is_a_template_about_the_hospital_or_about_a_device(hospital):
    template(hospital, "listeners.txt.j2", "{% for ae in aes if ae.is_called %}{{ ae.title }} {% endfor %}")
    template(hospital, "label.txt.j2", "{{ device.name }}: {{ device.description }}\n")
    assert hospital.ok("render", "listeners").out == "CT1 CT2 PACS \n"
    assert hospital.ok("render", "label", "ct-1").out == "ct-1: <script>alert(1)</script> Größe\n"
    assert hospital("render", "label").code == 64


def test_an_own_template_replaces_a_built_in_one(hospital):
    template(hospital, "ae-titles.md.j2", "{{ titles | length }} titles\n")
    assert hospital.ok("render", "ae-titles").out == "3 titles\n"
    assert hospital.ok("render", "ae-titles", "--format", "csv").out.count("\n") == 4


def test_a_template_sees_no_variable_of_the_environment_and_no_file(hospital):
    for text in ("{{ env }}", "{% include '../inventory/hospital.yaml' %}", "{{ ''.__class__ }}"):
        template(hospital, "x.txt.j2", text)
        ran = hospital("render", "x")
        assert (ran.code, ran.out) == (3, "")
        assert "error  templates/x.txt.j2:1: " in ran.err
        assert "Traceback" not in ran.err


def test_a_mistake_in_a_template_names_file_line_and_what_there_is(hospital):
    template(hospital, "x.txt.j2", "one\n{% for d in devices %}\n{{ d.hots }}\n{% endfor %}\n")
    ran = hospital("render", "x")
    assert ran.code == 3
    assert 'templates/x.txt.j2:3: Device has no "hots"' in ran.said
    assert "It has: aes, character_sets, connections," in ran.said


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda path: path.write_bytes(b"Gr\xfc\xdfe"), "templates/x.txt.j2:1: this is not UTF-8"),
        (lambda path: path.write_bytes(b"\x00\xff" * 200_000), "templates/x.txt.j2 has 400,000 bytes"),
        (lambda path: path.symlink_to("/etc/hostname"), "templates/x.txt.j2 leads out of the repository"),
        (lambda path: path.mkdir(), "templates/x.txt.j2 is no file"),
        (lambda path: os.mkfifo(path), "templates/x.txt.j2 is no file"),
    ],
    ids=["not UTF-8", "huge", "a link outside", "a folder", "a pipe"],
)
def test_what_is_no_template_is_told(hospital, make, said):
    (hospital.path / "templates").mkdir()
    make(hospital.path / "templates" / "x.txt.j2")
    ran = hospital("render", "x")
    assert (ran.code, ran.out) == (3, "")
    assert said in ran.said
    assert json.loads(hospital.ok("render", "--list", "--format", "json").out)["templates"]
