import io

from rich.console import Console

from pacsconf.report.lines import plain
from pacsconf.report.plan.plan_text import plan_text
from pacsconf.report.terminal import to_rich


def shown(lines, **options):
    console = Console(file=io.StringIO(), width=80, **options)
    console.print(to_rich(lines), soft_wrap=True, end="")
    return console.file.getvalue()


def test_without_colour_nothing_is_lost(busy_plan, view):
    lines = plan_text(busy_plan, view)
    text = shown(lines, force_terminal=True, color_system=None)
    assert [row.rstrip() for row in text.splitlines()] == plain(lines).splitlines()
    assert "\x1b[3" not in text


def test_colour_adds_codes_and_changes_no_character(busy_plan, view):
    lines = plan_text(busy_plan, view)
    coloured = to_rich(lines)
    assert [row.rstrip() for row in coloured.plain.splitlines()] == plain(lines).splitlines()
    assert "\x1b[33m" in shown(lines, force_terminal=True, color_system="standard")


def test_markup_in_data_is_text(hostile_plan, view):
    assert "[bold red]x[/]" in shown(plan_text(hostile_plan, view), color_system=None).replace("\n", "")
