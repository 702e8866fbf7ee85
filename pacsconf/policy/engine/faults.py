"""What CEL says of an expression, in plain words and with its place in the expression."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from pacsconf.inventory.merge import nearest
from pacsconf.policy.bounds import FUNCTIONS
from pacsconf.policy.scan import HOLDERS, Token, alias, tokens
from pacsconf.policy.vocabulary import KINDS

Which = Literal["when", "condition", "message"]
What = Literal["syntax", "name", "type", "pattern", "size", "hidden", "loop"]
"""What is wrong: it is no CEL; a name that nothing has; types that do not fit; a broken regular expression; too
much of it; the variable of a loop that hides one of ours; a loop over what is put together on the way."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with an expression: `at` is its first character, from 0, of `length`."""

    which: Which
    what: What
    summary: str
    fix: str = ""
    at: int = 0
    length: int = 1
    param: str = ""
    """The parameter whose value is wrong, where it is not the expression itself."""


@dataclass(frozen=True, slots=True)
class Told:
    """What CEL said: its words, and the character they are about, from 0."""

    text: str
    at: int


_TOLD = re.compile(r"^ERROR: <input>:(-?\d+):(-?\d+): (.*)$", re.MULTILINE)
_FIRST = re.compile(r"^[A-Z_]+: (?=ERROR: )")


def told(error: str, expression: str) -> Iterator[Told]:
    """What stands in CEL's own report, which counts lines and columns from 1."""
    starts = [0, *(found.end() for found in re.finditer("\n", expression))]
    for line, column, text in _TOLD.findall(_FIRST.sub("", error)):
        row = min(max(int(line), 1), len(starts)) - 1
        yield Told(text, min(starts[row] + max(int(column) - 1, 0), len(expression)))


def faults(which: Which, error: str, expression: str, kind: str, params: Iterable[str]) -> Iterator[Fault]:
    """The faults of one expression that CEL does not take. Of a broken syntax the first is told: others follow."""
    words = tokens(expression)
    known = _Known(kind, frozenset(params), words, expression)
    found = list(told(error, expression)) or [Told(error, 0)]
    broken = [one for one in found if one.text.startswith(("Syntax error", "Exceeded"))]
    for one in broken[:1] or found:
        for form, say in _SAID:
            match = form.match(one.text)
            if match:
                fault = say(known, one, match)
                break
        else:
            fault = Fault(which, "syntax", f"CEL does not take this: {one.text}", at=one.at)
        at, length = _meant(fault.at, words, expression)
        yield Fault(which, fault.what, fault.summary, fault.fix, at, length)


def no_function(which: Which, token: Token) -> Fault:
    """A function that rules may not call, or that does not exist."""
    return Fault(
        which,
        "name",
        f'There is no function "{token.text}"{nearest(token.text, FUNCTIONS)}',
        "Functions are: " + ", ".join(sorted(FUNCTIONS)) + ".",
        token.at,
        len(token.text),
    )


def _meant(at: int, words: Iterable[Token], expression: str) -> tuple[int, int]:
    """The word that a place is about: behind a dot the name, else the word that stands there."""
    row = list(words)
    for position, token in enumerate(row):
        if token.at <= at < token.end:
            if token.text == "." and position + 1 < len(row):
                token = row[position + 1]
            elif token.text == "(" and position:  # CEL marks the bracket of a function, not its name
                token = row[position - 1]
            return token.at, len(token.text.split("\n")[0])
    if at >= len(expression.rstrip()) and row:  # it ends too early: its last word
        return row[-1].at, len(row[-1].text.split("\n")[0])
    return at, 1


# --- CEL's words in ours ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Known:
    kind: str
    params: frozenset[str]
    words: tuple[Token, ...]
    expression: str

    def fields(self, holder: str) -> frozenset[str]:
        """The fields of a holder."""
        tiers = {"self": "declared", "configured": "configured", "observed": "observed"}
        if holder == "params":
            return self.params
        return frozenset(
            KINDS["site"].fields("declared") if holder == "site" else KINDS[self.kind].fields(tiers[holder])
        )

    def elsewhere(self, name: str) -> str:
        """Which holders have such a field, as rules write it; empty for none."""
        return " or ".join(
            f"{holder}.{name}" for holder in HOLDERS if holder != "self" and name in self.fields(holder)
        )


def _undeclared(known: _Known, told: Told, match: re.Match[str]) -> Fault:
    name = match[1]
    holder, _, field = name.partition(".")
    if field and holder in HOLDERS:
        return _no_field(known, holder, field, told.at)
    spelt = _SPELT.get(name)
    if spelt:
        return Fault("when", "name", f'"{name}" is not known; CEL writes {spelt}', at=told.at)
    elsewhere = known.elsewhere(name)
    if elsewhere:
        return Fault(
            "when",
            "name",
            f'"{name}" is no declared field of {known.kind}: write {elsewhere}',
            "Fields of live systems stand below configured, those seen on the wire below observed.",
            told.at,
        )
    names = {*known.fields("self"), *HOLDERS}
    return Fault(
        "when", "name", f'{known.kind} has no field "{name}"{nearest(name, names)}', _listing(known), told.at
    )


def _listing(known: _Known) -> str:
    return f"All fields: pacsconf policy explain --kind {known.kind}"


_SPELT = {"True": "true", "False": "false", "None": "null, or has(...)", "and": "&&", "or": "||", "not": "!"}


def _undefined(known: _Known, told: Told, match: re.Match[str]) -> Fault:
    name, struct = match[1], match[2].rpartition(".")[2]
    if struct in HOLDERS:
        return _no_field(known, struct, name, told.at)
    from pacsconf.policy.vocabulary import network

    members = getattr(network, struct, None)
    near = nearest(name, members.__annotations__) if members else ""
    return Fault("when", "name", f'There is no field "{name}" here{near}', at=told.at)


def _no_field(known: _Known, holder: str, name: str, at: int) -> Fault:
    fields = known.fields(holder)
    if holder == "params":
        fix = "The parameters of a rule are those below its own `params`."
        return Fault("when", "name", f'The rule has no parameter "{name}"{nearest(name, fields)}', fix, at)
    words = {
        "self": f"{known.kind} has no field",
        "site": "Sites have no field",
        "configured": f"What is configured of {known.kind} has no field",
        "observed": f"What is observed of {known.kind} has no field",
    }
    near = nearest(name, fields)
    others = "" if near else known.elsewhere(name) or (name if name in known.fields("self") else "")
    meant = f"; write {others}" if others else ""
    return Fault("when", "name", f'{words[holder]} "{name}"{near}{meant}', _listing(known), at)


def _overload(known: _Known, told: Told, match: re.Match[str]) -> Fault:
    name, types = match[1], _types(match[2])
    operator = re.fullmatch(r"_?(\W+?)_?", name)
    if name == "_[_]":
        summary = f"Members cannot be taken by [...] from {types[0]}"
        return Fault("when", "type", summary, "Write a field's name after a dot: self.title.", told.at)
    if operator and len(types) == 2:
        summary = f"{operator[1]} cannot be put between {types[0]} and {types[1]}"
    elif operator:
        summary = f"{operator[1]} cannot be put before {types[0]}"
    elif name == "@in":
        summary = f"in cannot look for {types[0]} in {types[1]}"
    elif name == "_?_:_":
        summary = f"? : cannot choose between {' and '.join(types[1:])}, by {types[0]}"
    else:
        summary = f"{name} does not take {', '.join(types)}"
    return Fault("when", "type", summary, _DIFFERENT, told.at)


_DIFFERENT = "Compare values of one type: a text in quotes, a whole number without, true or false."
_TYPE_WORDS: Mapping[str, str] = {
    "string": "text",
    "int": "a whole number",
    "double": "a broken number",
    "uint": "a number without sign",
    "bool": "true or false",
    "null_type": "null",
    "dyn": "anything",
    "bytes": "bytes",
}


def _types(text: str) -> list[str]:
    """The types in CEL's list of them, in words."""
    parts, depth, begun = [], 0, 0
    for position, char in enumerate(text):
        depth += (char == "(") - (char == ")")
        if char == "," and not depth:
            parts.append(text[begun:position])
            begun = position + 1
    return [in_words(part.strip()) for part in (*parts, text[begun:])]


def in_words(name: str) -> str:
    """A type of CEL in words."""
    listed = re.fullmatch(r"(?:list|LIST)[(<](.*)[)>]", name)
    if listed:
        members = in_words(listed[1]).removeprefix("a ")
        return "a list of " + {"text": "texts", "whole number": "whole numbers"}.get(members, members)
    if name.startswith("map"):
        return "a map"
    if "." in name:
        return f"{name.rpartition('.')[2]}, which holds fields"
    return _TYPE_WORDS.get(name.lower(), name)


def _select(known: _Known, told: Told, match: re.Match[str]) -> Fault:
    return Fault("when", "type", f"{in_words(match[1])} has no fields", at=told.at)


def _range(known: _Known, told: Told, match: re.Match[str]) -> Fault:
    return Fault(
        "when", "type", f"A list is needed to go through, and this is {in_words(match[1])}", at=told.at
    )


def _has(known: _Known, told: Told, match: re.Match[str]) -> Fault:
    return Fault("when", "type", "has() needs a field of something", "Write has(self.x).", told.at)


def _ends(known: _Known, told: Told, match: re.Match[str]) -> Fault:
    return Fault(
        "when", "syntax", "The expression ends too early", "Something is missing after this.", told.at
    )


def _odd(known: _Known, told: Told, match: re.Match[str]) -> Fault:
    word = match[1].replace("\\n", "\n").strip()
    before = next((one.text for one in reversed(known.words) if one.at < told.at), "")
    spelt = _SPELT.get(word) or _SPELT.get(before) or {"=": "=="}.get(word)
    wrong = before if before in _SPELT and word not in _SPELT else word
    if spelt:
        return Fault("when", "syntax", f'"{wrong}" cannot stand here; CEL writes {spelt}', at=told.at)
    if word[:1] in {"'", '"'} and word[:1] not in word[1:]:
        return Fault("when", "syntax", "A text begins here and does not end", at=told.at)
    return Fault("when", "syntax", f'"{word}" cannot stand here', _IN_QUOTES * word.isalpha(), told.at)


def _missing(known: _Known, told: Told, match: re.Match[str]) -> Fault:
    return Fault("when", "syntax", f'"{match[1]}" is missing here', at=told.at)


_IN_QUOTES = "Text stands in quotes of its own: \"title + ' is not ours'\"."


def _deep(known: _Known, told: Told, match: re.Match[str]) -> Fault:
    fix = "Join many texts by [...].join(''), and leave out brackets that are not needed."
    return Fault("when", "size", "The expression is nested too deeply", fix, told.at)


_SAID: tuple[tuple[re.Pattern[str], Callable[[_Known, Told, re.Match[str]], Fault]], ...] = tuple(
    (re.compile(form), say)
    for form, say in (
        (r"undeclared reference to '(.+?)'", _undeclared),
        (r"undefined field '(.+?)' not found in struct '(.+?)'", _undefined),
        (r"found no matching overload for '(.+?)' applied to '\((.*)\)'", _overload),
        (r"found no matching overload for '(.+?)' applied to '.*?\.?\((.*)\)'", _overload),
        (r"expression of type '(.+?)' cannot be the operand of a select operation", _select),
        (r"expression of type '(.+?)' cannot be the range of a comprehension", _range),
        (r"has\(\) argument must be a field selection", _has),
        (r"Syntax error: .*'<EOF>' expecting", _ends),
        (r"Syntax error: (?:mismatched|extraneous) input '(.*?)'(?: expecting|$)", _odd),
        (r"Syntax error: no viable alternative at input '(.*?)'$", _odd),
        (r"Syntax error: token recognition error at: '(.*)'", _odd),
        (r"Syntax error: missing '?(.*?)'? at ", _missing),
        (r"Exceeded max recursion depth|.*Expression recursion limit exceeded", _deep),
    )
)


def unaliased(text: str) -> str:
    """CEL's words with fields called as rules call them."""
    return text.replace(f"'{alias('type')}'", "'type'")
