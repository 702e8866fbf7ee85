"""Markdown that data cannot break out of: what a template writes is escaped unless a filter of ours made it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from pacsconf.core.errors import PacsconfError
from pacsconf.report.lines import visible

if TYPE_CHECKING:
    from jinja2 import Environment

_SPECIAL = re.compile(r"[&<>`*_{}\[\]#|~\\@$]|:(?=//)|(?<=www)\.", re.IGNORECASE)
"""What markdown, HTML, mentions and automatic links are made of."""


class TemplateFault(PacsconfError):
    """A template of the repository's own cannot be used."""


class Markdown(str):
    """Text that is markdown already."""

    __slots__ = ()


def escaped(value: object) -> Markdown:
    """`value` as markdown that shows it literally, on one line."""
    if isinstance(value, Markdown):
        return value
    return Markdown(_SPECIAL.sub(lambda found: f"&#{ord(found[0])};", visible(str(value))))


def code(value: object) -> Markdown:
    """`value` as a code span."""
    text = visible(str(value))
    ticks = "`" * (_longest_run(text) + 1)
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return Markdown(f"{ticks}{pad}{text}{pad}{ticks}") if text.strip() else Markdown("")


def fence(value: object) -> Markdown:
    """`value` as a fenced block whose lines are coloured by their first sign."""
    lines = [visible(text) for text in str(value).splitlines()]
    ticks = "`" * max(3, _longest_run("\n".join(lines)) + 1)
    return Markdown("\n".join((f"{ticks}diff", *lines, ticks)))


def link(value: object, url: str) -> Markdown:
    """`value` as a link, or as a code span where there is no web address."""
    if not re.match(r"https?://[^\s<>]+\Z", url):
        return code(value)
    return Markdown(f"[{escaped(value)}](<{visible(url)}>)")


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall("`+", text)), default=0)


def built_in(name: str) -> str:
    """The text of a template that comes with pacsconf."""
    return (files("pacsconf.report") / "templates" / name).read_text(encoding="utf-8")


def render(template: str, values: Mapping[str, Any]) -> str:
    """The template filled in, in a sandbox, in which an unknown name is a fault.

    Raises: TemplateFault.
    """
    from jinja2 import TemplateError, TemplateSyntaxError

    try:
        return _environment().from_string(template).render(values)
    except TemplateSyntaxError as exc:
        raise _fault(f"line {exc.lineno}: {exc.message}") from exc
    except (TemplateError, ArithmeticError, LookupError, TypeError, ValueError, RecursionError) as exc:
        raise _fault(str(exc)) from exc


def _fault(reason: str) -> TemplateFault:
    return TemplateFault(
        f"the template for the plan cannot be used: {reason}",
        fix="Correct the template, or remove it: pacsconf has one of its own.",
    )


def _environment() -> Environment:
    from jinja2 import StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    environment = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined,
        finalize=escaped,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(code=code, fence=fence, link=link)
    return environment
