"""What an operator file may say: its tables and keys, and in words what of it does not stand."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, StringConstraints, ValidationError

from pacsconf.core.errors import OperatorError
from pacsconf.inventory.endpoint import EXAMPLE, Endpoint
from pacsconf.inventory.values import SecretRef
from pacsconf.operator.people import PeopleTables


def _endpoint(value: Any) -> Endpoint:
    if not isinstance(value, str):
        raise ValueError(f"write {EXAMPLE}")
    endpoint = Endpoint.parse(value)
    if any(mark in value.partition("://")[2] for mark in "/?#"):
        raise ValueError("only scheme, host and port count here; leave out what follows them")
    return endpoint


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class _Secret(_Table):
    ref: SecretRef
    endpoint: Annotated[Endpoint, PlainValidator(_endpoint), Field(alias="for")]


class _Environments(_Table):
    write: list[Annotated[str, StringConstraints(pattern="^[a-z0-9-]+$")]] = []


class _Age(_Table):
    identity: str | None = None


class _Signatures(_Table):
    allowed_signers: str | None = None


class _Orthanc(_Table):
    settings: list[str] = []


class ExecutorTable(_Table):
    """Who we are to the workers of other sites."""

    ca: str | None = None
    certificate: str | None = None
    key: str | None = None


class Layout(_Table):
    """The whole file."""

    secret: list[_Secret] = []
    environments: _Environments = _Environments()
    age: _Age = _Age()
    executor: ExecutorTable = ExecutorTable()
    signatures: _Signatures = _Signatures()
    people: PeopleTables = PeopleTables()
    orthanc: _Orthanc = _Orthanc()


_KNOWN = {
    "": ("secret", "environments", "age", "signatures", "people", "orthanc", "executor"),
    "secret": ("ref", "for"),
    "environments": ("write",),
    "age": ("identity",),
    "signatures": ("allowed_signers",),
    "people": ("own_accounts", "offboard", "invite", "file", "columns", "delimiter", "encoding", "only"),
    "orthanc": ("settings",),
    "executor": ("ca", "certificate", "key"),
}


def table(path: Path, data: bytes) -> dict[str, Any]:
    """The TOML of the file. The decoder's exceptions hold the text, so ours are raised after them.

    Raises: OperatorError when it is none.
    """
    try:
        return tomllib.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        problem = "not text in UTF-8"
    except tomllib.TOMLDecodeError as exc:
        problem = f"not TOML: {exc}"
    raise OperatorError(f"the operator file {path} is {problem}", fix=_SEE)


def layout(path: Path, said: Mapping[str, Any]) -> Layout:
    """The file's TOML as models.

    Raises: OperatorError naming everything that does not fit, and no value.
    """
    try:
        return Layout.model_validate(said)
    except ValidationError as exc:
        problems = [
            _problem(error["loc"], error) for error in exc.errors(include_url=False, include_input=False)
        ]
    raise OperatorError("\n  ".join([f"the operator file {path} does not stand:", *problems]), fix=_SEE)


_SEE = (
    "Known keys: secret.ref, secret.for, environments.write, age.identity, people.own_accounts, people.offboard,"
    " people.invite, people.file,"
    " people.columns, orthanc.settings, executor.ca, executor.certificate, executor.key."
)


def _problem(loc: tuple[int | str, ...], error: Mapping[str, Any]) -> str:
    """One line for what pydantic found; never the value, which may be a secret in the wrong place."""
    place = ".".join(f"{part + 1}" if isinstance(part, int) else part for part in loc)
    match error["type"]:
        case "extra_forbidden":
            known = _KNOWN[str(loc[0]) if len(loc) > 1 else ""]
            near = get_close_matches(str(loc[-1]), known, n=1)
            hint = f'; did you mean "{near[0]}"?' if near else ""
            return f"{place}: unknown key{hint} (known here: {', '.join(known)})"
        case "missing":
            return f"{place}: is missing"
        case "value_error":
            return f"{place}: {error['ctx']['error']}"
        case "string_pattern_mismatch":
            return f"{place}: an environment's name holds small letters, digits and hyphens only"
    return f"{place}: {error['msg'][:1].lower()}{error['msg'][1:]}"
