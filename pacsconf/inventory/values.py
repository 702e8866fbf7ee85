"""Value types of the inventory: AE title, UID, host, port, period, TLS cipher suite, secret reference.

In a model an error carries the id of the rule as its type, so that a finding is made of it without looking at
its text. The rules themselves are in `formats`.

Everything in the inventory's YAML is text as it was typed (see `document`): types for numbers and switches
read that text, and take a Python value as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, WithJsonSchema
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from pacsconf.inventory import formats, hl7_formats


class Quoted(str):
    """Text that stood in quotes, and so is meant as text where a number could be meant."""

    __slots__ = ()


_WHOLE = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})")


def integer(value: Any) -> int:
    """The whole number that stands in the text as it was typed.

    Raises: ValueError for quoted text and for what is no whole number; a leading zero is refused, since
    readers disagree whether `010` is ten or eight.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, Quoted):
        raise ValueError("a whole number is needed here, not text: remove the quotes")
    if not isinstance(value, str) or not _WHOLE.fullmatch(value):
        raise ValueError("a whole number is needed here, without leading zeros")
    return int(value)


def flag(value: Any) -> bool:
    """The switch that stands in the text as it was typed: `true` or `false`.

    Raises: ValueError for anything else, `yes` and `NO` included: they are text in YAML 1.2.
    """
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and not isinstance(value, Quoted) and value in {"true", "false"}:
        return value == "true"
    raise ValueError("true or false is needed here")


def days(value: Any) -> int:
    """The days of a period as it was typed; a whole number in code is days already.

    Raises: ValueError when it is no period.
    """
    return value if isinstance(value, int) else formats.period(str(value))


def minutes(value: Any) -> int:
    """The minutes of a short time as it was typed; a whole number in code is minutes already.

    Raises: ValueError when it is none.
    """
    return value if isinstance(value, int) else formats.minutes(str(value))


@dataclass(frozen=True, slots=True)
class SecretRef:
    """Where a secret is kept, never the secret: `env:NAME`, `file:PATH`, `age:PATH`, `prompt:LABEL`."""

    scheme: str
    rest: str

    def __str__(self) -> str:
        return f"{self.scheme}:{self.rest}"

    @classmethod
    def parse(cls, text: str) -> SecretRef:
        """The reference that `text` spells.

        Raises: ValueError when it is no reference; the text is not repeated, since it may be the secret.
        """
        scheme, colon, rest = text.partition(":")
        if not colon or scheme not in SECRET_SCHEMES or not rest:
            raise ValueError("a secret is named, never written here: " + ", ".join(SECRET_SCHEMES.values()))
        return cls(scheme, rest)

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: Any) -> CoreSchema:
        def parse(value: Any) -> SecretRef:
            if isinstance(value, SecretRef):
                return value
            ref: SecretRef = ruled("PACS-SECRET-001", cls.parse)(str(value))
            return ref

        return core_schema.no_info_plain_validator_function(
            parse, serialization=core_schema.to_string_ser_schema(when_used="json")
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, _core: Any, _handler: Any) -> dict[str, Any]:
        return {"type": "string", "pattern": f"^({'|'.join(SECRET_SCHEMES)}):.+"}


SECRET_SCHEMES = {"env": "env:NAME", "file": "file:PATH", "age": "age:PATH", "prompt": "prompt:LABEL"}


# --- types for models ---------------------------------------------------------------------------------------


def ruled(rule: str, check: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """`check`, its ValueError turned into a validation error whose type is the id of the rule."""

    def checked(value: Any) -> Any:
        try:
            return check(value)
        except ValueError as exc:
            raise PydanticCustomError(rule, "{problem}", {"problem": str(exc)}) from exc

    return checked


def _listed(value: Any) -> Any:
    """A single value where a list may stand is a list of one."""
    return value if isinstance(value, list | tuple) else (value,)


def _one_or_many(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"anyOf": [dict(schema["items"]), dict(schema)]}


class OneOrMany:
    """Marks a tuple field that may be written as a single value."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> CoreSchema:
        return core_schema.no_info_before_validator_function(_listed, handler(source))

    @classmethod
    def __get_pydantic_json_schema__(cls, core: Any, handler: Any) -> dict[str, Any]:
        return _one_or_many(handler(core))


AETitle = Annotated[
    str,
    AfterValidator(ruled("PACS-AE-001", formats.ae_title)),
    WithJsonSchema(
        {"type": ["string", "number", "boolean"], "pattern": r"^ *[!-\[\]-~]([ -\[\]-~]{0,14}[!-\[\]-~])? *$"}
    ),
]
UID = Annotated[
    str,
    AfterValidator(ruled("PACS-UID-001", formats.uid)),
    WithJsonSchema({"type": "string", "maxLength": 64, "pattern": r"^(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*))+$"}),
]
Integer = Annotated[int, BeforeValidator(ruled("PACS-VAL-001", integer))]
Count = Annotated[
    Integer,
    AfterValidator(ruled("PACS-VAL-002", formats.count)),
    WithJsonSchema({"type": "integer", "minimum": 0}),
]
Seconds = Annotated[
    Integer,
    AfterValidator(ruled("PACS-VAL-002", formats.seconds)),
    WithJsonSchema({"type": "integer", "minimum": 1, "maximum": formats.LONGEST_WAIT}),
]
Flag = Annotated[bool, BeforeValidator(ruled("PACS-VAL-001", flag))]
Port = Annotated[
    Integer,
    AfterValidator(ruled("PACS-HOST-002", formats.port)),
    WithJsonSchema({"type": "integer", "minimum": 1, "maximum": 65535}),
]
Host = Annotated[str, AfterValidator(ruled("PACS-HOST-001", formats.host))]
Network = Annotated[str, AfterValidator(ruled("PACS-HOST-003", formats.network))]
HostOrNetwork = Annotated[str, AfterValidator(ruled("PACS-HOST-001", formats.host_or_network))]
Dialled = Annotated[str, AfterValidator(ruled("PACS-HOST-004", formats.dialled))]
DialledFor = Annotated[str, AfterValidator(ruled("PACS-HOST-004", formats.dialled_for))]
CipherSuite = Annotated[str, AfterValidator(ruled("PACS-TLS-020", formats.cipher_suite))]
DN = Annotated[str, AfterValidator(ruled("PACS-VAL-002", formats.distinguished_name))]
Issuer = Annotated[str, AfterValidator(ruled("PACS-VAL-002", formats.issuer))]
Code = Annotated[str, AfterValidator(ruled("PACS-VAL-002", formats.code))]
CharacterSet = Annotated[str, AfterValidator(ruled("PACS-VAL-002", formats.character_set))]
TimeZone = Annotated[str, AfterValidator(ruled("PACS-VAL-002", formats.timezone))]
Base64 = Annotated[str, AfterValidator(ruled("PACS-VAL-002", formats.base64_text))]
"""Bytes, written as base64 (RFC 4648)."""
DateText = Annotated[str, AfterValidator(ruled("PACS-VAL-002", formats.date))]
Expected = Annotated[str, AfterValidator(ruled("PACS-VAL-002", formats.expected))]
Hours = Annotated[str, AfterValidator(ruled("PACS-VAL-002", formats.hours))]
Name = Annotated[str, AfterValidator(ruled("PACS-NAME-002", formats.name))]
HL7Name = Annotated[str, AfterValidator(ruled("PACS-HL7-001", hl7_formats.application))]
"""An HL7 application with its facility: `RIS|HOSPITAL`."""
HL7Sent = Annotated[str, AfterValidator(ruled("PACS-HL7-002", hl7_formats.sent_type))]
"""A type of HL7 message: `ADT^A08`."""
HL7CharacterSet = Annotated[str, AfterValidator(ruled("PACS-VAL-002", hl7_formats.character_set))]
NamesPattern = Annotated[str, AfterValidator(ruled("PACS-VAL-002", formats.names_pattern))]
"""How entries are named: text with `{name}`, `{role}` and the like."""
Days = Annotated[
    int,
    BeforeValidator(ruled("PACS-VAL-002", days)),
    WithJsonSchema({"type": "string", "pattern": "^[0-9]{1,5}[dwmy]$"}),
]
"""Days, written as a period."""
Minutes = Annotated[
    int,
    BeforeValidator(ruled("PACS-VAL-002", minutes)),
    WithJsonSchema({"type": "string", "pattern": "^[0-9]{1,5}[mhd]$"}),
]
"""Minutes, written as a short time: `30m`, `1h`."""

Texts = Annotated[tuple[str, ...], OneOrMany]
Titles = Annotated[tuple[AETitle, ...], OneOrMany]
Extra = Mapping[str, Texts]
"""Attributes that are not modelled, by LDAP name."""

Vendor = Mapping[str, Mapping[str, Any]]
"""What extensions of a directory know of one entry, by their names, as it was written: they check it themselves."""
