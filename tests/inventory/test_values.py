"""Value types: what was typed becomes a value, and a secret stays a reference."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from pacsconf.inventory.values import Flag, Integer, Port, Quoted, SecretRef, Texts, days


def test_typed_text_becomes_a_number_or_a_switch():
    assert TypeAdapter(Port).validate_python("104") == 104
    assert TypeAdapter(Integer).validate_python("-3") == -3
    assert TypeAdapter(Flag).validate_python("true") is True


@pytest.mark.parametrize("text", ["010", "0x68", "1e2", "1_000", " 1", "", "1.0", Quoted("104")])
def test_what_is_no_plain_number_is_refused(text):
    with pytest.raises(ValidationError):
        TypeAdapter(Integer).validate_python(text)


@pytest.mark.parametrize("text", ["yes", "NO", "on", "1", "True", Quoted("true")])
def test_only_true_and_false_are_switches(text):
    with pytest.raises(ValidationError):
        TypeAdapter(Flag).validate_python(text)


def test_single_text_is_a_list_of_one():
    assert TypeAdapter(Texts).validate_python("CT") == ("CT",)
    assert TypeAdapter(Texts).validate_python(["CT", "PT"]) == ("CT", "PT")


def test_days_are_days_in_code_and_a_period_in_yaml():
    assert (days(30), days("12w")) == (30, 84)


def test_secret_reference_round_trips():
    assert str(SecretRef.parse("env:LDAP_PASSWORD")) == "env:LDAP_PASSWORD"


@pytest.mark.parametrize("text", ["hunter2", "env:", "vault:x", "hunter2:x"])
def test_secret_that_is_no_reference_is_refused_without_repeating_it(text):
    with pytest.raises(ValueError, match="a secret is named, never written here") as refused:
        SecretRef.parse(text)
    assert "hunter2" not in str(refused.value)
