"""What a person types of a live system, and what comes of it. Nothing is contacted."""

from __future__ import annotations

import os

import pytest
import typer

from pacsconf.cli import source
from pacsconf.cli.screen import Screen
from pacsconf.cli.source import Typed, config_of
from pacsconf.core.errors import OperatorError
from pacsconf.inventory.systems import Bind, DirectoryConfig, Login, OrthancConfig

DN = "cn=viewer,dc=example,dc=org"


def said(typed: Typed) -> str:
    """How the command line refuses it."""
    with pytest.raises(typer.BadParameter) as refused:
        config_of(typed)
    return refused.value.format_message()


def test_a_directory_is_what_was_typed():
    typed = Typed(
        "ldap://ldap.example.org:1389", "dc=example,dc=org", DN, None, "env:LDAP", "ca.pem", True, timeout=5
    )
    assert config_of(typed) == DirectoryConfig(
        name="directory",
        type="dicom-directory",
        url="ldap://ldap.example.org:1389",
        base="dc=example,dc=org",
        bind=Bind(dn=DN, password="env:LDAP"),
        start_tls=True,
        ca_file="ca.pem",
        timeout=5,
    )


def test_an_orthanc_is_what_was_typed():
    assert config_of(Typed("https://pacs.example.org/orthanc/", user="look", password="file:pw"), "pacs") == (
        OrthancConfig(
            name="pacs",
            type="orthanc",
            url="https://pacs.example.org/orthanc",
            login=Login(user="look", password="file:pw"),
        )
    )


def test_an_address_may_end_with_its_base_as_ldap_urls_do():
    config = config_of(Typed("LDAP://ldap.example.org/dc=my%20hospital,dc=org"))
    assert isinstance(config, DirectoryConfig)
    assert (config.url, config.base) == ("LDAP://ldap.example.org", "dc=my hospital,dc=org")


MISTAKES = {
    "no address": (Typed(), "WHERE: an address is missing"),
    "a bare host": (Typed("ldap.example.org"), "WHERE: a directory is ldaps://HOST or"),
    "a port that is none": (Typed("ldaps://ldap.example.org:70000"), "WHERE: "),
    "an account in the address": (
        Typed("ldaps://admin:hunter2@host"),
        "WHERE: no account and no password stand",
    ),
    "no password": (Typed("ldaps://host", bind_dn=DN), "--password: it says where the password"),
    "no account": (Typed("https://host", password="env:A"), "--user: a password is given, and no account"),
    "a password": (
        Typed("ldaps://host", bind_dn=DN, password="hunter2"),
        "--password: a secret is named, never written here",
    ),
    "a user of a directory": (
        Typed("ldaps://host", user="admin", password="env:A"),
        "--user: a directory has no such thing (there it is --bind-dn)",
    ),
    "a base of an Orthanc": (Typed("https://host", base="dc=org"), "--base: an Orthanc has no such thing"),
    "StartTLS of an Orthanc": (Typed("http://host", start_tls=True), "--start-tls: an Orthanc has no such"),
}


@pytest.mark.parametrize(("typed", "words"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_names_the_option_and_never_repeats_a_password(typed: Typed, words: str):
    message = said(typed)
    assert words in message.replace("'", "")
    assert "hunter2" not in message


def test_the_same_can_be_typed_again():
    typed = Typed("ldap://host", None, "cn=a b,dc=x", None, "env:LDAP", verify=False, timeout=3)
    assert typed.again() == "ldap://host --bind-dn 'cn=a b,dc=x' --password env:LDAP --timeout 3 --no-verify"
    asked = Typed("https://host", user="look", password="prompt:Password of look")
    assert asked.again() == "https://host --user look"


def test_the_secret_goes_to_the_place_that_was_typed_with_it_and_nowhere_else(monkeypatch):
    monkeypatch.setenv("LOOK_PASSWORD", "hunter2")
    typed = Typed("ldaps://host", bind_dn=DN, password="env:LOOK_PASSWORD")
    with source.opened(Screen(False), typed) as opened:
        secrets = opened.system._secrets
        ref = opened.config.bind.password
        assert secrets(ref, "ldaps", "host", 636).reveal() == "hunter2"
        with pytest.raises(OperatorError):
            secrets(ref, "ldaps", "elsewhere", 636)
        with pytest.raises(OperatorError):
            secrets(ref, "ldap", "host", 389)
        assert "hunter2" not in repr((opened, secrets))
    assert os.environ["LOOK_PASSWORD"] == "hunter2"


class Answering(Screen):
    """A terminal at which somebody gives these answers."""

    def __init__(self, *answers: str) -> None:
        super().__init__(False)
        self.asked: list[str] = []
        self._answers = list(answers)

    def ask(self, question: str) -> str:
        self.asked.append(question)
        return self._answers.pop(0)


def test_a_person_is_asked_for_what_is_missing_and_for_nothing_else():
    nobody = Answering("ldaps://host", "")
    assert source.completed(nobody, Typed()) == Typed("ldaps://host")
    somebody = Answering(DN)
    assert source.completed(somebody, Typed("ldaps://host")) == Typed(
        "ldaps://host", bind_dn=DN, password=f"prompt:Password of {DN}"
    )
    whole = Typed("https://host", user="look", password="env:A")
    assert source.completed(Answering(), whole) == whole
    assert [len(nobody.asked), len(somebody.asked)] == [2, 1]
