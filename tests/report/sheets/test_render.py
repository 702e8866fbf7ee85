"""Templates by name: which there are, which wins, what they may not do, and what is said of one that is wrong."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pacsconf.core.errors import PacsconfError, TemplateFault
from pacsconf.report.sheets import bounded
from pacsconf.report.sheets.render import Template, Templates
from pacsconf.report.sheets.sandbox import Source, fill, names_in


@dataclass(frozen=True)
class Scanner:
    name: str
    host: str = "10.0.0.1"
    owner: str | None = None


VALUES = {"devices": (Scanner("ct-1"), Scanner("ct-2", "=2")), "day": "today", "names": {"a": 1}}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of templates of a repository."""
    made = tmp_path / "hospital" / "templates"
    made.mkdir(parents=True)
    return made


def filled(folder: Path, text: str, form: str = "txt") -> str:
    """What a template of this text makes of the values, in this process."""
    (folder / f"x.{form}.j2").write_text(text, encoding="utf-8")
    return Templates(folder).filled(f"x.{form}.j2", VALUES)


def fault(folder: Path, text: str) -> str:
    """What is said of a template of this text, from its file's name on."""
    with pytest.raises(TemplateFault) as caught:
        filled(folder, text)
    return caught.value.message.removeprefix(f"{folder}/")


# --- which there are ----------------------------------------------------------------------------------------------


def test_built_in_templates_are_found_without_a_folder():
    assert {(one.name, one.form) for one in Templates().all()} == {
        ("accounts-sheet", "csv"),
        ("accounts-sheet", "html"),
        ("accounts-sheet", "md"),
        ("ae-titles", "csv"),
        ("ae-titles", "html"),
        ("ae-titles", "md"),
        ("console-sheet", "html"),
        ("console-sheet", "md"),
        ("modality-sheet", "html"),
        ("modality-sheet", "md"),
        ("orthanc-permissions", "json"),
        ("orthanc-users", "json"),
    }


def test_a_file_of_the_site_is_found_by_its_name_and_wins(folder: Path):
    for name in ("mine.csv.j2", "ae-titles.md.j2", "_part.md.j2", "plan.md.j2", "README.md"):
        (folder / name).write_text("ours")
    own = [one for one in Templates(folder).all() if one.own]
    assert own == [
        Template("ae-titles", "md", str(folder / "ae-titles.md.j2")),
        Template("mine", "csv", str(folder / "mine.csv.j2")),
    ]
    assert Templates(folder).render("ae-titles", "md", {}) == "ours"


@pytest.mark.parametrize("name", ["a.j2", "a b.md.j2", ".md.j2", "a.m-d.j2", "ä.md.j2"])
def test_a_file_that_is_no_template_by_its_name_is_told(folder: Path, name: str):
    (folder / name).write_text("")
    assert Templates(folder).misnamed() == (str(folder / name),)
    assert not [one for one in Templates(folder).all() if one.own]


def test_an_unknown_name_says_which_there_are():
    with pytest.raises(PacsconfError) as caught:
        Templates().of_name("modalitysheet")
    assert caught.value.message == 'there is no template "modalitysheet"; did you mean "modality-sheet"?'
    assert caught.value.fix.startswith(
        "There are: accounts-sheet, ae-titles, console-sheet, modality-sheet, orthanc-permissions, orthanc-users."
    )


def test_what_a_template_takes_includes_what_its_parts_take(folder: Path):
    (folder / "_part.md.j2").write_text("{{ device.name }}{% include '_part.md.j2' %}")
    (folder / "x.md.j2").write_text(
        "{% set own = day %}{{ own | code }}{% include '_part.md.j2' %}{% include name %}"
    )
    assert Templates(folder).takes(Template("x", "md")) == {"day", "device", "name"}


# --- filling in ---------------------------------------------------------------------------------------------------


def test_macros_and_set_blocks_are_of_the_form_already(folder: Path):
    text = "{% macro m(x) %}<b>{{ x }}</b>{% endmacro %}{% set s %}<i>{{ m('<') }}</i>{% endset %}{{ s }}"
    assert filled(folder, text, "html") == "<i><b>&lt;</b></i>"
    assert filled(folder, text, "md") == "<i><b>&#60;</b></i>"


def test_csv_rows_are_written_by_a_filter(folder: Path):
    text = "{% for d in devices %}\n{{ [d.name, d.host, d.owner] | row }}\n{% endfor %}\n"
    assert filled(folder, text, "csv") == "ct-1,10.0.0.1,\nct-2,'=2,\n"


def test_a_byte_order_mark_is_no_part_of_a_template(folder: Path):
    assert filled(folder, "\ufeffday: {{ day }}") == "day: today"


def test_a_site_may_extend_what_comes_with_pacsconf(folder: Path):
    text = "{% extends '_page.html.j2' %}{% block content %}{{ day }}{% endblock %}"
    assert "today</body>" in filled(folder, text, "html")


# --- what is wrong, and where -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("\n{{ devcies }}", 'x.txt.j2:2: there is no name "devcies" here; did you mean "devices"?'),
        (
            "{% for d in devices %}\n{{ d.hots }}\n{% endfor %}",
            'x.txt.j2:2: Scanner has no "hots"; did you mean "host"? It has: host, name, owner',
        ),
        ("{{ names.b }}", 'x.txt.j2:1: there is no "b" in it'),
        ("{{ devices.first }}", 'x.txt.j2:1: a tuple has no "first"'),
        ("{{ devices[7].host }}", 'x.txt.j2:1: a tuple has no "7"'),
        ("\n\n{% if %}", "x.txt.j2:3: Expected an expression, got 'end of statement block'"),
        ("{% for d in devices %}", None),
        ("\n{{ day | safe }}", "x.txt.j2:2: No filter named 'safe'."),
        ("{{ 1 / 0 }}", "x.txt.j2:1: division by zero"),
        ("{{ devices | sum }}", None),
        ("{{ day() }}", "x.txt.j2:1: 'str' object is not callable"),
        ("{% macro m() %}{{ m() }}{% endmacro %}\n{{ m() }}", None),
        ("\n{% include 'x.txt.j2' %}", "x.txt.j2:2: it goes round in circles, or too deep"),
        ("{{ " + "(" * 5000, None),
        ("{% for a in day %}" * 30 + "{% endfor %}" * 30, None),
        ("{{ 'x' * 6000000 }}", "x.txt.j2: it writes more than 5,000,000 characters"),
        ("{{ range(1000000) }}", None),
        ("{{ devices | dictsort }}", None),
    ],
    ids=lambda value: str(value)[:24],
)  # fmt: skip
def test_a_mistake_is_told_with_file_and_line(folder: Path, text: str, said: str | None):
    heard = fault(folder, text)
    assert heard.startswith("x.txt.j2:")
    assert said in (None, heard)


def test_an_unknown_name_is_answered_with_those_there_are(folder: Path):
    with pytest.raises(TemplateFault) as caught:
        filled(folder, "{{ nothing }}")
    assert caught.value.fix.endswith("docs/render.md: day, devices, names.")


PIECES = (
    "{{", "}}", "{%", "%}", "{#", "#}", "for d in devices", "endfor", "if", "endif", "set x", "=", "macro m()",
    "endmacro", "d.", "name", "devices", "[0]", "|", "join", "map", "sort", "(", ")", "'", '"', "-", "+", "~", "%",
    "0", "x", "\n", " ", ".__class__", "loop", "range(3)", "include", "raw", "endraw", "\x00", "\ud7ff", "Größe",
)  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join) | st.text(max_size=40))
@example("{{ devices|map(0) }}")
@example("{% raw %}")
def test_any_text_is_a_template_or_a_fault_and_never_a_crash(text: str):
    def source(file: str) -> Source | None:
        return Source(text, "templates/x.md.j2") if file == "x.md.j2" else None

    with suppress(TemplateFault):
        fill(source, "x.md.j2", VALUES)
    with suppress(TemplateFault):
        names_in("x.md.j2", Source(text, "templates/x.md.j2"))


# --- what it may not do -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "{{ ''.__class__ }}",
        "{{ ''['__class__'] }}",
        "{{ '' | attr('__class__') }}",
        "{{ devices[0].__init__.__globals__ }}",
        "{{ devices | map(attribute='__class__') | list }}",
        "{{ '{0.__class__}'.format(day) }}",
        "{{ '{0.__class__}' | format(day) }}{{ ''.__doc__ }}",
        "{{ cycler.__init__.__globals__.os }}",
        "{{ self.__init__ }}",
        "{{ namespace.__mro__ }}",
        "{{ lipsum.__globals__ }}",
        "{% set devices[0].name = 'x' %}",
        "{{ names.update(b=2) }}",
        "{{ joiner.__subclasses__() }}",
        "{% include '/etc/passwd' %}",
        "{% include '../inventory/hospital.yaml' %}",
        "{% extends '../../outside.txt.j2' %}",
        "{% import 'sub/part.txt.j2' as part %}",
        "{% from 'C:\\\\x.txt.j2' import y %}",
        "{% include 'README.md' %}",
    ],
)
def test_neither_pythons_insides_nor_files_can_be_reached(folder: Path, text: str):
    (folder.parent.parent / "outside.txt.j2").write_text("outside")
    (folder / "README.md").write_text("no template")
    (folder / "sub").mkdir()
    (folder / "sub" / "part.txt.j2").write_text("below")
    fault(folder, text)


def test_a_link_out_of_the_repository_is_refused(folder: Path, tmp_path: Path):
    (tmp_path / "secret").write_text("secret")
    (folder / "x.txt.j2").symlink_to(tmp_path / "secret")
    with pytest.raises(TemplateFault, match=r"x\.txt\.j2 leads out of the repository"):
        Templates(folder).filled("x.txt.j2", {})


def test_a_folder_that_is_a_link_out_of_the_repository_is_refused(tmp_path: Path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "x.txt.j2").write_text("elsewhere")
    (tmp_path / "hospital").mkdir()
    (tmp_path / "hospital" / "templates").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(TemplateFault, match="leads out of the repository"):
        Templates(tmp_path / "hospital" / "templates").filled("x.txt.j2", {})


def test_a_link_within_the_repository_is_a_template(folder: Path):
    (folder.parent / "elsewhere.j2").write_text("{{ day }}")
    (folder / "x.txt.j2").symlink_to("../elsewhere.j2")
    assert Templates(folder).filled("x.txt.j2", VALUES) == "today"


def test_a_link_that_leads_nowhere_is_told(folder: Path):
    (folder / "x.txt.j2").symlink_to("gone.txt.j2")
    with pytest.raises(TemplateFault, match=r"x\.txt\.j2 cannot be read: No such file or directory"):
        Templates(folder).filled("x.txt.j2", {})


def test_what_is_not_utf_8_is_told_with_its_line(folder: Path):
    (folder / "x.txt.j2").write_bytes(b"one\nGr\xfc\xdfe\n")
    with pytest.raises(TemplateFault, match=r"x\.txt\.j2:2: this is not UTF-8"):
        Templates(folder).filled("x.txt.j2", {})


def test_a_file_that_is_too_large_is_not_read(folder: Path):
    (folder / "x.txt.j2").write_bytes(b"x" * 262_145)
    with pytest.raises(TemplateFault, match=r"x\.txt\.j2 has 262,145 bytes; a template has at most 262,144"):
        Templates(folder).filled("x.txt.j2", {})


def test_a_pipe_is_not_waited_for(folder: Path):
    os.mkfifo(folder / "x.txt.j2")
    with pytest.raises(TemplateFault, match=r"x\.txt\.j2 is no file"):
        Templates(folder).filled("x.txt.j2", {})


# --- in a process of its own --------------------------------------------------------------------------------------


def test_a_sites_template_is_filled_in_elsewhere_with_the_same_result(folder: Path):
    text = "Größe {{ day }}\n{% for d in devices %}{{ d.name }} {% endfor %}"
    (folder / "x.txt.j2").write_text(text, encoding="utf-8")
    assert Templates(folder).render("x", "txt", {"day": "ß", "devices": ()}) == "Größe ß\n"


def test_a_fault_comes_back_whole(folder: Path):
    (folder / "x.txt.j2").write_text("{{ nothing }}")
    with pytest.raises(TemplateFault) as caught:
        Templates(folder).render("x", "txt", {"day": ""})
    assert caught.value.message == f'{folder}/x.txt.j2:1: there is no name "nothing" here'
    assert caught.value.fix.endswith("docs/render.md: day.")


def test_a_template_without_end_is_ended(folder: Path):
    loop = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"
    (folder / "x.txt.j2").write_text(loop)
    with pytest.raises(TemplateFault, match=r"x\.txt\.j2: it takes longer than 1 seconds"):
        bounded.rendered(folder, "x.txt.j2", {}, seconds=1)


def test_a_text_that_grows_without_end_is_ended(folder: Path):
    text = (
        "{% set n = namespace(x='xxxxxxxx') %}{% for a in range(60) %}{% set n.x = n.x ~ n.x %}{% endfor %}"
    )
    (folder / "x.txt.j2").write_text(text)
    with pytest.raises(TemplateFault, match=r"x\.txt\.j2:1: it needs more memory than a template may have"):
        bounded.rendered(folder, "x.txt.j2", {})
