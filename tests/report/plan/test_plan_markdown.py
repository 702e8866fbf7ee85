import re
from dataclasses import replace
from pathlib import Path

import pytest

from pacsconf.core.errors import TemplateFault
from pacsconf.core.plan import Basis, Plan
from pacsconf.report.markdown import code, escaped, fence, link
from pacsconf.report.plan.plan_markdown import plan_markdown
from pacsconf.report.sheets.render import Templates
from pacsconf.report.view import View


def test_a_plan_as_a_comment(plan, view, golden):
    linked = replace(view, link=lambda origin: "" if "(" in origin else f"https://git.example.org/{origin}")
    golden("plan.md", plan_markdown(plan, linked))


def test_what_is_needed_comes_before_the_changes(busy_plan, view, golden):
    golden("plan-busy.md", plan_markdown(busy_plan, replace(view, next_step="")))


def test_nothing_to_change_is_a_headline():
    plan = Plan("lab", Basis("", "", "", "", "", "2026-11-24"), counts={"directory": 212})
    assert plan_markdown(plan, View()) == (
        f"<!-- pacsconf plan lab -->\n## Plan for lab: No changes\n\n"
        f"as of 2026-11-24 · digest `{plan.digest[:8]}`\n"
    )


@pytest.mark.parametrize("room", [60_000, 4_000, 2_500, 600])
@pytest.mark.parametrize("name", ["plan", "busy_plan", "first_plan"])
def test_a_comment_never_exceeds_its_budget(name, room, view, request):
    text = plan_markdown(request.getfixturevalue(name), replace(view, verbose=True), max_bytes=room)
    assert len(text.encode()) <= room
    assert text.startswith("<!-- pacsconf plan ")


def test_a_budget_is_used_before_anything_is_cut_beyond_need(plan, view):
    verbose = replace(view, verbose=True)
    whole = len(plan_markdown(plan, verbose).encode())
    room = whole * 2 // 3
    assert room * 0.9 < len(plan_markdown(plan, verbose, max_bytes=room).encode()) <= room


def test_what_was_cut_is_said_with_where_to_see_it(plan, view):
    text = plan_markdown(plan, view, max_bytes=2_400)
    assert re.search(
        r"_\d+ more lines were cut here to keep this comment short\. All of it: `pacsconf -e lab show plan\.json`_",
        text,
    )
    assert text.count("```") % 2 == 0
    assert text.count("<details") == text.count("</details>") == 3


def test_data_cannot_break_out_of_the_comment(hostile_plan, view):
    text = plan_markdown(hostile_plan, replace(view, show_unmanaged=True))
    assert text.count("\n<details") == text.count("\n</details>")
    outside = re.sub(
        r"^(`{3,})diff$.*?^\1$|(`+)(?!`).*?(?<!`)\2(?!`)", "", text, flags=re.MULTILINE | re.DOTALL
    )
    assert "<script" not in outside
    assert "@team" not in outside
    assert "![i]" not in outside
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f\u202e]", text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("CT *bold* <b>", "CT &#42;bold&#42; &#60;b&#62;"),
        ("@team #12", "&#64;team &#35;12"),
        ("see https://x.org or www.x.org", "see https&#58;//x.org or www&#46;x.org"),
        ("a\nb", "a\\nb".replace("\\", "&#92;")),
        ("inventory/ct.yaml:31", "inventory/ct.yaml:31"),
    ],
    ids=["emphasis", "mention", "address", "line", "place"],
)
def test_text_is_shown_literally(text, shown):
    assert escaped(text) == shown


def test_a_code_span_and_a_fence_outlast_the_backticks_in_them():
    assert code("a`b``c") == "```a`b``c```"
    assert code("`a") == "`` `a ``"
    assert fence("a\n````\nb") == "`````diff\na\n````\nb\n`````"


def test_only_web_addresses_become_links():
    assert (
        link("ct.yaml:3", "https://git.example.org/x?a=1#L3")
        == "[ct.yaml:3](<https://git.example.org/x?a=1#L3>)"
    )
    assert link("ct.yaml:3", "javascript:alert(1)") == "`ct.yaml:3`"
    assert link("ct.yaml:3", "https://x> [evil](y") == "`ct.yaml:3`"


def own(folder: Path, text: str) -> Templates:
    """The templates of a repository that has its own form of the plan."""
    (folder / "plan.md.j2").write_text(text)
    return Templates(folder)


def test_an_own_template_is_filled_in_and_escaped(plan, view, tmp_path):
    text = plan_markdown(
        plan,
        replace(view, next_step="*now*"),
        templates=own(tmp_path, "{{ environment }}: {{ next_step }}\n"),
    )
    assert text == "lab: &#42;now&#42;\n"


def test_an_own_template_that_cannot_be_used_says_why(plan, view, tmp_path):
    with pytest.raises(TemplateFault) as caught:
        plan_markdown(plan, view, templates=own(tmp_path, "\n{{ enviroment }}"))
    assert caught.value.message == (
        f'{tmp_path}/plan.md.j2:2: there is no name "enviroment" here; did you mean "environment"?'
    )
