"""A template filled in: a sandbox without Python's insides and without files, in which an unknown name is a fault.

What a template writes is bounded here. How long it may take and how much memory it may use, only a process of its
own can bound: see `bounded`, in which a site's own templates run.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from jinja2 import (
    FunctionLoader,
    StrictUndefined,
    TemplateError,
    TemplateNotFound,
    TemplateSyntaxError,
    UndefinedError,
)
from jinja2.meta import find_referenced_templates, find_undeclared_variables
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import missing

from pacsconf.core.errors import TemplateFault
from pacsconf.inventory.merge import nearest
from pacsconf.report.sheets.forms import Form, form_of, iso

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

MOST_CHARACTERS = 5_000_000
"""Of what one template writes."""

_FAULTS = (
    TemplateError, ArithmeticError, AttributeError, LookupError, MemoryError, RuntimeError, SyntaxError,
    TypeError, ValueError,
)  # fmt: skip
"""What a template can raise: it is a program, though not ours."""

_REMOVED_FILTERS = ("safe", "urlize", "xmlattr", "pprint")
_REMOVED_GLOBALS = ("lipsum",)


@dataclass(frozen=True, slots=True)
class Source:
    """The text of a template, and where it stands, as people are told."""

    text: str
    shown: str


Load = Callable[[str], Source | None]
"""The source of a template by the name of its file, if there is one.

Raises: TemplateFault when it cannot be read.
"""

_Loaded = tuple[str, str, Callable[[], bool]]


def names_in(file: str, source: Source) -> tuple[frozenset[str], tuple[str, ...]]:
    """The names that a template's own file takes from outside, and the files of the parts that it names.

    Raises: TemplateFault when its text is no template.
    """
    try:
        parsed = _environment(form_of(file), {}, lambda _: None).parse(source.text, file, source.shown)
        parts = tuple(part for part in find_referenced_templates(parsed) if part is not None)
        return frozenset(find_undeclared_variables(parsed)), parts
    except _FAULTS as exc:
        _raise_fault(exc, {source.shown}, (), source.shown)


def fill(load: Load, file: str, values: Mapping[str, Any], *, most: int = MOST_CHARACTERS) -> str:
    """The template of this file with the values in it, `most` characters at most.

    Raises: TemplateFault naming file and line.
    """
    shown: set[str] = set()

    def loaded(name: str) -> _Loaded | None:
        source = load(name)
        if source is None:
            return None
        shown.add(source.shown)
        return source.text, source.shown, lambda: True

    try:
        template = _environment(form_of(file), values, loaded).get_template(file)
        return "".join(_bounded(template.generate(values), template.filename or file, most))
    except _FAULTS as exc:
        _raise_fault(exc, shown, tuple(values), file)


def _bounded(pieces: Iterator[str], shown: str, most: int) -> Iterator[str]:
    written = 0
    for piece in pieces:
        written += len(piece)
        if written > most:
            raise TemplateFault(
                f"{shown}: it writes more than {most:,} characters",
                fix="Look for a loop that goes over more than it should.",
            )
        if not _is_text(piece):
            raise TemplateFault(
                f"{shown}: it writes half a character, which no file can hold",
                fix=r"Look for \ud800 to \udfff in it, and write the character itself.",
            )
        yield piece


def _is_text(piece: str) -> bool:
    try:
        piece.encode()
    except UnicodeEncodeError:
        return False
    return True


def _environment(
    form: Form, values: Mapping[str, Any], loaded: Callable[[str], _Loaded | None]
) -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        loader=FunctionLoader(loaded),
        undefined=_unknown_among(values),
        finalize=form.write,
        autoescape=True,  # so that macros and set blocks give text of the form; `finalize` does the escaping
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    for name in _REMOVED_FILTERS:
        del environment.filters[name]
    for name in _REMOVED_GLOBALS:
        del environment.globals[name]
    environment.filters.update(form.filters, iso=iso)
    return environment


# --- unknown names ------------------------------------------------------------------------------------------------


def _unknown_among(values: Mapping[str, Any]) -> type[StrictUndefined]:
    """What an unknown name becomes: a fault as soon as it is used, which says what names there are."""

    class Unknown(StrictUndefined):
        @property
        def _undefined_message(self) -> str:
            if self._undefined_hint:
                return self._undefined_hint
            name = str(self._undefined_name)
            if self._undefined_obj is missing:
                return f'there is no name "{name}" here{nearest(name, values)}'
            return _no_part(self._undefined_obj, name)

    return Unknown


def _no_part(whole: object, name: str) -> str:
    """What is wrong with `whole.name`, and what the whole has."""
    if dataclasses.is_dataclass(whole):
        kind, parts = type(whole).__name__, _parts(whole)
        return f'{kind} has no "{name}"{nearest(name, parts) or "."} It has: {", ".join(parts)}'
    if isinstance(whole, Mapping):
        return f'there is no "{name}" in it{nearest(name, map(str, whole))}'
    return f'a {type(whole).__name__} has no "{name}"'


def _parts(whole: DataclassInstance | type[DataclassInstance]) -> list[str]:
    """The names of a context's value: its fields and properties."""
    names = {field.name for field in dataclasses.fields(whole)} | set(dir(whole))
    return sorted(name for name in names if not name.startswith("_"))


# --- faults -------------------------------------------------------------------------------------------------------


def _raise_fault(error: BaseException, shown: set[str], names: tuple[str, ...], file: str) -> NoReturn:
    """Say what went wrong where.

    Raises: TemplateFault.
    """
    where = _where(error, shown) or file
    fix = "Correct the template. What it can use is explained in docs/render.md"
    if isinstance(error, UndefinedError):
        fix += f": {', '.join(sorted(names))}"
    raise TemplateFault(f"{where}: {_problem(error)}", fix=f"{fix}.") from error


def _where(error: BaseException, shown: set[str]) -> str:
    """File and line in a template: of a mistake in its spelling, else of the innermost one that was running."""
    if isinstance(error, TemplateSyntaxError):
        file = error.filename if error.filename in shown else next(iter(shown), "")
        return f"{file}:{error.lineno}"
    found, trace = "", error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename in shown:
            found = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"
        trace = trace.tb_next
    return found


def _problem(error: BaseException) -> str:
    match error:
        case TemplateNotFound():
            return f'there is no template "{error.name}"'
        case TemplateSyntaxError():
            return error.message or "this is no template"
        case RecursionError():
            return "it goes round in circles, or too deep"
        case MemoryError():
            return "it needs more memory than a template may have"
        case _:
            return str(error) or type(error).__name__
