"""No secret that somebody typed into a file is shown, whatever is wrong on its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from pacsconf.inventory.confidential import is_confidential, names_a_secret

SYSTEM = "systems:\n  d: {type: dicom-directory, url: ldaps://h, bind: {dn: cn=a, password: %s}}\n"
SPELLED_OUT = """\
systems:
  d:
    type: dicom-directory
    url: ldaps://h
    bind:
      dn: cn=a
      password: %s
        hunter2
"""


@pytest.mark.parametrize(
    "text",
    [
        SYSTEM % "hunter2",
        SYSTEM % "'hunter2'",
        SYSTEM % "!hunter2",
        SYSTEM % "*hunter2",
        SYSTEM % "&hunter2",
        SYSTEM % "'hunter2",
        SYSTEM % "{hunter2: x}",
        SYSTEM % "[hunter2]",
        SYSTEM % "[a, *hunter2]",
        SYSTEM % "{a: !hunter2 b}",
        SYSTEM % "hunter2" + "  e: {type: dicom-directory, url: ldaps://h, bind: hunter2}\n",
        "systems:\n  d: {type: dicom-directory, url: ldap://admin:hunter2@h}\n",
        "systems:\n  d: {type: dicom-directory, url: h, bind: {dn: cn=a, password: hunter2}, verify: NO}\n",
        "systems:\n  d: {type: dicom-directory, url: ldaps://h, password: hunter2}\n",
        "systems:\n  d: {type: dicom-directory, url: ldaps://h, kennwort: hunter2}\n",
        "systems:\n  d: {type: dicom-directory, url: ldaps://h, bind: {dn: cn=a, password: hunter2, pasword: x}}\n",
        SYSTEM % "\n    hunter2",
        SPELLED_OUT % "|",
        SPELLED_OUT % "",
        "systems:\n  d: {type: dicom-directory, url: ldaps://h, bind: hunter2}\n",
        "environments:\n  e: {systems: {d: {type: dicom-directory, bind: {password: hunter2}}}}\n",
        "environments:\n  e: {systems: {d: {type: memory}}, password: hunter2}\n",
        "pw: hunter2\n",
        "devices:\n  d: {extra: {dcmKeyStorePin: [hunter2]}, type: }\n",
    ],
)
@pytest.mark.parametrize("form", ["text", "json"])
def test_no_output_of_validate_holds_a_secret(validate, tmp_path: Path, text: str, form: str):
    (tmp_path / "inventory").mkdir()
    (tmp_path / "inventory" / "hospital.yaml").write_text(text)
    code, output = validate(tmp_path, "--format", form)
    assert code == 3
    assert "inventory/hospital.yaml" in output
    assert "hunter2" not in output


@pytest.mark.parametrize(
    "line",
    [
        "  password: env:PACSCONF_LDAP_PASSWORD     # where it is found",
        "  bind: {dn: cn=a, password: 'file:/run/secrets/ldap'}",
        "  password: prompt:directory",
        "  password:",
        "  bind:",
        "  bind: {",
        "devices: {ct-1: {ae_title: CT_1, host: ct-1.example.org}}",
        "url: ldaps://ldap.example.org",
    ],
)
def test_line_without_a_secret_is_shown(line: str):
    assert not is_confidential(line)


@pytest.mark.parametrize(
    ("before", "line"),
    [
        ((), "bind: {dn: cn=a, password: env:X, token: hunter2}"),
        ((), '"Passwort": hunter2'),
        ((), "LDAP_PASSWORD=hunter2"),
        (("password:",), "  hunter2"),
        (("password: # where it is", "", "  # here:"), "  hunter2"),
        (("password: >-",), "  hunter2"),
    ],
)
def test_line_with_a_secret_is_not_shown(before: tuple[str, ...], line: str):
    assert is_confidential(line, before)


def test_line_after_a_secret_is_shown():
    assert not is_confidential("  port: 104", ("  password: hunter2",))


@pytest.mark.parametrize(
    ("key", "is_one"), [("password", True), ("ldap_passwd", True), ("API-Key", True), ("host", False)]
)
def test_key_of_a_secret(key: str, is_one: bool):
    assert names_a_secret(key) is is_one


@pytest.mark.parametrize(
    ("before", "line"),
    [
        ((), "users: {mm: {name: Maria}}"),
        (("sites: {}", "users:", "  mm:"), "    name: Maria"),
        (("users_from:",), "  - columns: {name: NAME}"),
        ((), "    email: m@example.org"),
        ((), "    'employee': 17"),
        ((), "    family_name: M"),
    ],
)
def test_who_somebody_is_is_not_shown(before: tuple[str, ...], line: str):
    assert is_confidential(line, before)


@pytest.mark.parametrize(
    ("before", "line"), [(("sites:",), "  main: {name: Main}"), (("users:", "  mm:"), "    roles: [x]")]
)
def test_what_says_nobody_is_shown(before: tuple[str, ...], line: str):
    assert not is_confidential(line, before)
