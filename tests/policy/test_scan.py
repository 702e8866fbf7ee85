"""What an expression looks at is read from its words, not from its texts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacsconf.policy import scan


@pytest.mark.parametrize(
    ("expression", "tiers"),
    [
        ("title == 'x'", ("declared",)),
        ("true", ("declared",)),
        ("configured.tls", ("configured",)),
        ("observed.tls && site.name == ''", ("declared", "observed")),
        ("has(observed.tls) ? observed.tls : configured.tls", ("configured", "observed")),
        ("title == 'configured.tls'", ("declared",)),
        ('title == r"observed.\\"', ("declared",)),
        ("title == '''observed.tls\n' '''", ("declared",)),
        ("title != '' // observed.tls", ("declared",)),
        ("self.configured", ("declared",)),
        ("configured.days < params.days", ("configured",)),
        ("ports.all(configured, configured > 1)", ("declared",)),
    ],
)
def test_the_evidence_that_is_looked_at(expression, tiers):
    assert scan.looks(expression).tiers == tiers


def test_fields_by_holder():
    found = scan.looks("has(self.a) && configured . b.c && site.name.size() > 1", "x.all(y, y in params.z)")
    assert found.of("self") == {"a"}
    assert found.of("configured") == {"b"}
    assert found.of("site") == {"name"}
    assert found.of("params") == {"z"}
    assert found.names == {"self", "configured", "site", "x", "params"}
    assert found.whole == frozenset()


@pytest.mark.parametrize("expression", ["configured", "dyn(configured)['x']", "configured == observed"])
def test_a_holder_as_such_may_be_looked_at_anywhere(expression):
    assert "configured" in scan.looks(expression).whole


def test_parameters_are_put_into_their_places():
    params = {"days": -3, "on": True, "name": 'a"\\\n', "listed": ("x", "y")}
    said = "params.days + 1 == 2 && params.on && title == params.name && title in params.listed"
    assert scan.inlined(said, params) == (
        '(-3) + 1 == 2 && true && title == "a\\"\\\\\\U0000000a" && title in ["x", "y"]'
    )
    assert scan.inlined("has(params.days) && 'params.days' != ''", {"days": 1}) == (
        "has({\"days\": (1)}.days) && 'params.days' != ''"
    )


def test_what_cel_keeps_for_itself_is_called_otherwise():
    assert scan.prepared("type == self.type && type(1) == int", frozenset({"type"})) == (
        "typE == self.type && type(1) == int"
    )


@pytest.mark.parametrize(
    ("expression", "strict"),
    [
        ("!configured.tls", True),
        ("size(configured.held_by) == 0", True),
        ("configured.tls || true", False),
        ("has(configured.tls)", False),
        ("ports.all(p, configured.tls)", False),
        ("title == 'a && b'", True),
        ("acceptor ? configured.tls : true", False),
    ],
)
def test_whether_every_part_is_looked_at(expression, strict):
    assert scan.is_strict(expression) is strict


@given(st.text())
def test_words_and_blanks_are_all_there_is(text):
    found = scan.tokens(text)
    assert all(text[one.at : one.end] == one.text for one in found)
    assert [one.at for one in found] == sorted({one.at for one in found})


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_a_literal_is_one_word(text):
    (word,) = scan.tokens(scan.literal(text))
    assert word.kind == "text"
