"""The check of a rule's expressions against the types of its kind, when its pack is loaded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cel_expr_python import cel

from pacsconf.policy.bounds import LONGEST_PATTERN, built_ranges, unknown_functions
from pacsconf.policy.engine.faults import Fault, Which, faults, in_words, no_function, unaliased
from pacsconf.policy.engine.program import Program
from pacsconf.policy.engine.types import typed
from pacsconf.policy.rule import Parameter, Rule
from pacsconf.policy.scan import HOLDERS, Token, literal, loop_variables, patterns, prepared, tokens
from pacsconf.policy.vocabulary import KINDS

LONGEST = 4_000
"""Characters of one expression: a rule that nobody can read is no rule."""

_NEEDED: Mapping[Which, tuple[cel.Type, str]] = {
    "when": (cel.Type.BOOL, "true or false"),
    "condition": (cel.Type.BOOL, "true or false"),
    "message": (cel.Type.STRING, "text"),
}


def check(rule: Rule) -> tuple[Fault, ...]:
    """Everything that is wrong with the expressions of a rule whose kind is known."""
    texts: dict[Which, str] = {"when": rule.when, "condition": rule.condition, "message": rule.message}
    found = tuple(fault for which, text in texts.items() if text for fault in _checked(which, text, rule))
    return found or tuple(_too_deep(rule))


def _too_deep(rule: Rule) -> Iterator[Fault]:
    """A little is put around the expressions when they are run, and CEL counts that."""
    program = Program(rule)
    try:
        program.env.compile(f"[{program.whole}]")
    except RuntimeError as exc:
        yield from faults("condition", str(exc), rule.condition, rule.kind, rule.params)
    try:
        _ = program.message
    except RuntimeError as exc:
        yield from faults("message", str(exc), rule.message, rule.kind, rule.params)


def _checked(which: Which, text: str, rule: Rule) -> Iterator[Fault]:
    if len(text) > LONGEST:
        yield Fault(which, "size", f"The expression has {len(text):,} characters; {LONGEST:,} are the most")
        return
    words = tokens(text)
    hidden = [name for name in loop_variables(words) if name.text in HOLDERS]
    for name in hidden:
        summary = f'The variable of a loop hides "{name.text}"'
        yield Fault(which, "hidden", summary, "Call it otherwise, such as x.", name.at, len(name.text))
    if hidden:
        return
    bounded = True
    for fault in _unbounded(which, words):
        bounded = False
        yield fault
    if not bounded:
        return
    env = typed(rule.kind, rule.params)
    fields = frozenset(KINDS[rule.kind].fields("declared"))
    try:
        made = env.compile(prepared(text, fields))
    except RuntimeError as exc:  # what CEL raises for whatever it does not take
        yield from faults(which, unaliased(str(exc)), text, rule.kind, rule.params)
        return
    needed, in_short = _NEEDED[which]
    if made.return_type() != needed and made.return_type() != cel.Type.DYN:
        found = in_words(made.return_type().name())
        at = words[0].at
        length = len(text[at:].split("\n")[0].rstrip())
        yield Fault(
            which, "type", f"{which} must come to {in_short}, and this is {found}", at=at, length=length
        )
        return
    for pattern in patterns(words):
        yield from _pattern(which, pattern, rule.params, env)


def _unbounded(which: Which, words: tuple[Token, ...]) -> Iterator[Fault]:
    """What would do more work than its length and what it looks at allow."""
    yield from (no_function(which, token) for token in unknown_functions(words))
    for token in built_ranges(words):
        yield Fault(
            which,
            "loop",
            f"A loop goes through what {token.text} puts together",
            "Go through fields, lists of them and constants: what grows from step to step has no bound.",
            token.at,
            len(token.text),
        )


def _pattern(
    which: Which, pattern: tuple[Token, ...], params: Mapping[str, Parameter], env: cel.Env
) -> Iterator[Fault]:
    """What is wrong with a regular expression that is known before anything is judged."""
    match pattern:
        case [Token(kind="text") as text]:
            spelt, param = text.text, ""
        case [Token(text="params"), Token(text="."), Token(text=param) as text] if param in params:
            spelt = literal(params[param])
        case _:
            return
    if len(spelt) > LONGEST_PATTERN:
        summary = f"This regular expression has {len(spelt):,} characters; {LONGEST_PATTERN} are the most"
        yield Fault(which, "pattern", summary, "", text.at, len(text.text), param)
        return
    value = env.compile(f"''.matches({spelt})").eval(data={})
    if value.type() == cel.Type.ERROR:
        said = str(value.value()).partition("invalid regular expression: ")[2] or str(value.value())
        summary = f"This is no regular expression (RE2): {said}"
        fix = "See https://github.com/google/re2/wiki/Syntax"
        yield Fault(which, "pattern", summary, fix, text.at, len(text.text), param)
