import os
import sys
from io import StringIO

import pytest

from pacsconf.cli.screen import Screen
from pacsconf.core.errors import PacsconfError, SystemFaults, Unavailable
from pacsconf.report.lines import Span, line


@pytest.fixture(autouse=True)
def _no_terminal(monkeypatch):
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)


def test_results_and_notes_go_to_their_streams(capsys):
    screen = Screen(None)
    screen.show((line("a result"),))
    screen.note((line("a note"),))
    assert capsys.readouterr() == ("a result\n", "a note\n")


def test_machine_output_ends_with_one_line_break(capsys):
    screen = Screen(None)
    screen.raw("{}")
    screen.raw("{}\n")
    assert capsys.readouterr() == ("{}\n{}\n", "")


def test_machine_output_is_not_marked_up(capsys):
    Screen(True).raw("[red]{}[/red]")
    assert capsys.readouterr().out == "[red]{}[/red]\n"


def test_a_pipe_is_plain_and_80_columns_wide(capsys):
    screen = Screen(None)
    screen.show((line(Span("red", "error")),))
    assert capsys.readouterr().out == "red\n"
    assert screen.width == 80
    assert not screen.shows_progress


def test_colour_can_be_forced_and_forbidden(capsys):
    Screen(True).show((line(Span("red", "error")),))
    assert capsys.readouterr().out == "\x1b[1;31mred\x1b[0m\n"
    Screen(False).show((line(Span("red", "error")),))
    assert capsys.readouterr().out == "red\n"


def test_what_looks_like_markup_is_text(capsys):
    Screen(True).show((line("[bold]ct[/bold]"),))
    assert capsys.readouterr().out == "[bold]ct[/bold]\n"


def test_several_faults_are_all_told(capsys):
    faults = [Unavailable("directory", "down"), Unavailable("orthanc", "down too", fix="Start it.")]
    Screen(None).error(SystemFaults(faults))
    told = "error  directory: down\nerror  orthanc: down too\n   fix  Start it.\n"
    assert capsys.readouterr() == ("", told)


def test_an_error_tells_no_escape_codes_of_others(capsys):
    Screen(None).error(PacsconfError("bad \x1b[2J name"))
    assert capsys.readouterr().err == "error  bad \\x1b[2J name\n"


def test_an_error_names_commands_as_they_were_called(capsys):
    Screen(None, "pacsconf -e lab").error(PacsconfError("gone", fix="Make it: pacsconf plan"))
    assert capsys.readouterr().err == "error  gone\n   fix  Make it: pacsconf -e lab plan\n"


def test_a_question_goes_to_stderr_and_the_answer_is_stripped(capsys, monkeypatch):
    monkeypatch.setattr(sys, "stdin", StringIO("  yes \nno\n"))
    assert Screen(None).ask("Really? ") == "yes"
    assert capsys.readouterr() == ("", "Really? ")


def test_nobody_is_there_to_be_asked_where_stdin_is_no_terminal(monkeypatch):
    monkeypatch.setattr(sys, "stdin", StringIO())
    assert not Screen(None).is_interactive


@pytest.mark.parametrize("said", ["show", "raw"])
def test_a_stream_that_nobody_reads_any_more_is_written_to_no_more(monkeypatch, said):
    unread, written = os.pipe()
    os.close(unread)
    with os.fdopen(written, "w") as pipe:
        monkeypatch.setattr(sys, "stdout", pipe)
        screen = Screen(None)
        for _ in range(2):
            screen.show((line("a result"),)) if said == "show" else screen.raw("a result")


def test_streams_that_are_closed_from_the_start_take_nothing(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stderr", None)
    Screen(None).note((line("a note"),))
    assert capsys.readouterr().out == "a note\n"  # where print() puts what is for a stderr that is closed
    monkeypatch.setattr(sys, "stdout", None)
    screen = Screen(None)
    screen.show((line("a result"),))
    screen.raw("{}")
    screen.error(PacsconfError("gone"))
    assert (screen.width, screen.shows_progress) == (80, False)
