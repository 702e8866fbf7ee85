"""What CEL does not take is told in plain words, at the word that is meant."""

from __future__ import annotations

import pytest

from pacsconf.policy.engine import check
from pacsconf.policy.rule import Rule


def wrong(condition: str, kind: str = "ae", **more) -> list[tuple[str, str, str]]:
    """What is wrong with it: what kind of mistake, the word that is marked, and what is said."""
    rule = Rule("X-1", "x", "low", kind, condition, **more)
    return [
        (one.what, getattr(rule, one.which)[one.at : one.at + one.length], one.summary) for one in check(rule)
    ]


@pytest.mark.parametrize(
    "condition",
    [
        "title == 'CT'",
        "type == 'archive' && self.type != 'x' && type(title) == string",
        "ports.all(p, p > 0 && p < 65536)",
        "has(configured.any_caller) ? !configured.any_caller : !observed.any_caller",
        "site.name != '' && ports.map(p, string(p)).join(', ') != ''",
        "title.matches('^[A-Z]{1,16}$')",
        "type(title) == string && string(size(ports)) + title != ''",
        "['a', 'b'].exists(x, title.startsWith(x)) && [title, zone].all(x, x != '')",
        "title.split('_').exists(x, x == 'CT') && ports.filter(p, p > 1).all(p, p in [104, 2762])",
        "ports.map(p, string(p) + '/tcp').join(', ') != '' && (acceptor ? callers : flows_in).all(c, c != '')",
        "ports.all(p, callers.all(c, c != string(p)))",
        "title in\n  services_called // that is all\n",
    ],
)
def test_what_is_right_is_taken(condition):
    assert wrong(condition) == []


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ("titel == 'x'", ("name", "titel", 'ae has no field "titel"; did you mean "title"?')),
        ("self.titel == 'x'", ("name", "titel", 'ae has no field "titel"; did you mean "title"?')),
        (
            "configured.any_callers",
            (
                "name",
                "any_callers",
                'What is configured of ae has no field "any_callers"; did you mean "any_caller"?',
            ),
        ),
        (
            "callers_beyond",
            (
                "name",
                "callers_beyond",
                '"callers_beyond" is no declared field of ae: write configured.callers_beyond',
            ),
        ),
        ("configured.weak_ciphers == []", ("name", "weak_ciphers", None)),
        ("site.nam == ''", ("name", "nam", 'Sites have no field "nam"; did you mean "name"?')),
        ("params.x == 1", ("name", "x", 'The rule has no parameter "x"')),
        ("title == 104", ("type", "==", "== cannot be put between text and a whole number")),
        (
            "ports == 104",
            ("type", "==", "== cannot be put between a list of whole numbers and a whole number"),
        ),
        ("!title", ("type", "!", "! cannot be put before text")),
        ("title in ports", ("type", "in", "in cannot look for text in a list of whole numbers")),
        ("title.startsWith(1)", ("type", "startsWith", "startsWith does not take text, a whole number")),
        ("title.foo", ("type", "foo", "text has no fields")),
        ("title.all(x, true)", ("type", "title", "A list is needed to go through, and this is text")),
        ("has(title)", ("type", "title", "has() needs a field of something")),
        ("self['title'] == ''", ("type", "[", None)),
        ("title ==", ("syntax", "==", "The expression ends too early")),
        ("acceptor and initiator", ("syntax", "and", '"and" cannot stand here; CEL writes &&')),
        ("acceptor = initiator", ("syntax", "=", '"=" cannot stand here; CEL writes ==')),
        ("acceptor == True", ("name", "True", '"True" is not known; CEL writes true')),
        ("title does not begin", ("syntax", "does", '"does" cannot stand here')),
        ("not acceptor", ("syntax", "acceptor", '"not" cannot stand here; CEL writes !')),
        ("title == 'x", ("syntax", "'", "A text begins here and does not end")),
        (
            "title.lower() == ''",
            ("name", "lower", 'There is no function "lower"; did you mean "lowerAscii"?'),
        ),
        ("title", ("type", "title", "condition must come to true or false, and this is text")),
        (
            "[true]",
            ("type", "[true]", "condition must come to true or false, and this is a list of true or false"),
        ),
        ("title.matches('(')", ("pattern", "'('", "This is no regular expression (RE2): missing ): (")),
        ("matches(title, '[')", ("pattern", "'['", None)),
        ("dyn(title) == 1", ("name", "dyn", 'There is no function "dyn"')),
        ("title.replace('', 'xx') == ''", ("name", "replace", 'There is no function "replace"')),
        (
            "[title].map(x, x + x).all(x, x != '')",
            ("loop", "map", "A loop goes through what map puts together"),
        ),
        ("[title + title].all(x, x != '')", ("loop", "+", "A loop goes through what + puts together")),
        (
            "(title + 'x').split('').all(x, x != '')",
            ("loop", "+", "A loop goes through what + puts together"),
        ),
        ("callers.join('').split('').all(x, x != '')", ("loop", "join", None)),
        ("callers.all(x, [x, x].all(y, y == x))", ("loop", "x", None)),
        ("callers.all(c, [[1, 1], [1, 1]].all(y, y == y))", ("loop", "[", None)),
        ("callers.all(c, [{'a': 1}].all(y, y == y))", ("loop", "{", None)),
        ("title.matches('" + "a" * 500 + "')", ("pattern", None, None)),
        ("ports.all(self, true)", ("hidden", "self", 'The variable of a loop hides "self"')),
        ("(" * 40 + "true" + ")" * 40, ("size", None, "The expression is nested too deeply")),
        ("(" * 30 + "true" + ")" * 30, ("size", None, "The expression is nested too deeply")),
        (
            "title == ''" + " || title == 'x'" * 300,
            ("size", None, "The expression has 4,811 characters; 4,000 are the most"),
        ),
    ],
    ids=lambda value: value[:30] if isinstance(value, str) else "",
)
def test_what_is_wrong_is_told_in_plain_words(condition, said):
    (found,) = wrong(condition)
    what, word, summary = said
    assert found == (what, found[1] if word is None else word, found[2] if summary is None else summary)


def test_the_word_is_found_in_its_line():
    condition = "title != '' &&\n  self.titel == 'é' &&\n  prts == []"
    assert [(what, word) for what, word, _ in wrong(condition)] == [("name", "titel"), ("name", "prts")]


def test_parameters_have_the_type_of_their_values():
    params = {"days": 3, "names": ("a",), "on": True, "text": "x"}
    assert wrong("title in params.names && ports[0] > params.days && params.on", params=params) == []
    (found,) = wrong("title == params.days", params=params)
    assert found[2] == "== cannot be put between text and a whole number"
    (found,) = wrong("title == params.txt", params=params)
    assert found[2] == 'The rule has no parameter "txt"; did you mean "text"?'


def test_a_pattern_that_a_parameter_holds_is_looked_at():
    (fault,) = check(Rule("X-1", "x", "low", "ae", "title.matches(params.style)", params={"style": "("}))
    assert (fault.what, fault.param) == ("pattern", "style")


def test_each_expression_must_come_to_its_own_type():
    found = wrong("true", when="title", message="acceptor")
    assert [summary for _, _, summary in found] == [
        "when must come to true or false, and this is text",
        "message must come to text, and this is true or false",
    ]


def test_members_of_a_list_have_fields():
    assert wrong("callers.all(c, c.zone != '')", kind="flow") == []
    (found,) = wrong("callers.all(c, c.zon != '')", kind="flow")
    assert found == ("name", "zon", 'There is no field "zon" here; did you mean "zone"?')
