"""What the check of a rule is told of its kind: its fields with their types, by protobuf messages.

The check knows every type, by a message for each tier of a kind that is made from its `TypedDict`. Such an
expression refuses plain values when it is run (measured, cel-expr-python 0.1.3), so that rules are compiled once
more without types for that (`environment`). protobuf is imported here alone: where all rules were checked before,
nobody needs it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, get_args, get_origin, is_typeddict

from cel_expr_python import cel
from cel_expr_python.ext.ext_strings import ExtStrings
from google.protobuf import descriptor_pb2, descriptor_pool

from pacsconf.policy.engine.environment import STRINGS
from pacsconf.policy.rule import Parameter
from pacsconf.policy.scan import HOLDERS, alias
from pacsconf.policy.vocabulary import KINDS, Hints
from pacsconf.policy.vocabulary.hints import fields_of, member, plain

_PACKAGE = "kinds"
_Field = descriptor_pb2.FieldDescriptorProto
_SCALARS: Mapping[object, Any] = {
    bool: _Field.TYPE_BOOL,
    int: _Field.TYPE_INT64,
    str: _Field.TYPE_STRING,
}


def typed(kind: str, params: Mapping[str, Parameter]) -> cel.Env:
    """What a rule of this kind with these parameters is checked against."""
    shape = tuple(sorted((name, _shape(value)) for name, value in params.items()))
    return _typed(kind, shape)


def _shape(value: Parameter) -> object:
    return list[str] if isinstance(value, tuple) else type(value)


@cache
def _typed(kind: str, shape: tuple[tuple[str, object], ...]) -> cel.Env:
    known = KINDS[kind]
    messages = {
        "self": known.fields("declared"),
        "site": KINDS["site"].fields("declared"),
        "configured": known.fields("configured"),
        "observed": known.fields("observed"),
        "params": dict(shape),
    }
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(_file(messages).SerializeToString())
    fields = {alias(name): _type(plain(hint)) for name, hint in messages["self"].items()}
    holders = {name: cel.Type(f"{_PACKAGE}.{name}") for name in HOLDERS}
    return cel.NewEnv(pool, variables=fields | holders, extensions=[ExtStrings(STRINGS)])


def _type(hint: Any) -> cel.Type:
    if get_origin(hint) is list:
        return cel.Type.List(_type(plain(get_args(hint)[0])))
    if is_typeddict(hint):
        return cel.Type(f"{_PACKAGE}.{hint.__name__}")
    return {bool: cel.Type.BOOL, int: cel.Type.INT, str: cel.Type.STRING}[hint]


def _file(messages: Mapping[str, Hints]) -> descriptor_pb2.FileDescriptorProto:
    """The messages, and those that their fields are made of, in one protobuf file."""
    # Of syntax 3 names that are alike in JSON are refused whatever is said of them.
    made = descriptor_pb2.FileDescriptorProto(name="kind.proto", package=_PACKAGE, syntax="proto2")
    below = dict(_below(hint for fields in messages.values() for hint in fields.values()))
    for name, fields in {**messages, **below}.items():
        message = made.message_type.add(name=name)
        for number, (field, hint) in enumerate(fields.items(), 1):
            _add(message, field, number, plain(hint))
    return made


def _below(hints: Iterable[object]) -> Iterable[tuple[str, Hints]]:
    for hint in hints:
        kind = member(hint) or plain(hint)
        if is_typeddict(kind):
            yield kind.__name__, fields_of(kind)


def _add(message: descriptor_pb2.DescriptorProto, name: str, number: int, hint: Any) -> None:
    is_list = member(hint) is not None
    kind = member(hint) if is_list else hint
    label = _Field.LABEL_REPEATED if is_list else _Field.LABEL_OPTIONAL
    # Its own name in JSON as well: those that protobuf makes, of a_1 and a1, are the same, which it refuses.
    field = message.field.add(name=name, json_name=name, number=number, label=label)
    if is_typeddict(kind):
        field.type, field.type_name = _Field.TYPE_MESSAGE, f".{_PACKAGE}.{kind.__name__}"
    else:
        field.type = _SCALARS[kind]
