import pytest

from pacsconf.inventory.endpoint import Endpoint
from pacsconf.inventory.systems import (
    ConsoleConfig,
    DirectoryConfig,
    MemoryConfig,
    OrthancConfig,
    SystemConfig,
)
from pacsconf.inventory.values import SecretRef
from pacsconf.operator.needs import Need, endpoint_of, needs, needs_of_told, stays_here


def directory(url: str, **more: object) -> DirectoryConfig:
    return DirectoryConfig.model_validate(
        {"name": "directory", "type": "dicom-directory", "url": url, **more}
    )


def test_a_directory_needs_its_bind_password_at_its_own_address():
    config = directory("ldaps://ldap.example.org", bind={"dn": "cn=x", "password": "env:PW"})
    memory = MemoryConfig(name="memory", type="memory")
    assert list(needs([memory, config, directory("ldap://anonymous")])) == [
        Need("directory", SecretRef("env", "PW"), Endpoint("ldaps", "ldap.example.org", 636))
    ]


def test_a_password_that_an_orthanc_passes_on_is_bound_to_both_places():
    login = {"user": "pacs", "password": "env:VNA"}
    config = OrthancConfig.model_validate(
        {
            "name": "pacs",
            "type": "orthanc",
            "url": "https://pacs.example.org/orthanc",
            "login": {"user": "pacsconf", "password": "env:PW"},
            "dicomweb_servers": {"vna": {"url": "https://vna.example.org:8443/dicom-web", "login": login}},
            "orthanc_peers": {"open": {"url": "https://open.example.org"}},
        }
    )
    pacs = Endpoint("https", "pacs.example.org", 443)
    assert list(needs([config])) == [
        Need("pacs", SecretRef("env", "PW"), pacs),
        Need("pacs", SecretRef("env", "VNA"), pacs),
        Need("pacs", SecretRef("env", "VNA"), Endpoint("https", "vna.example.org", 8443)),
    ]


RELOAD = {
    "arc-1": {"url": "https://arc-1.example.org:8443/dcm4chee-arc", "token": "env:TOKEN"},
    "arc-2": {"url": "https://arc-2.example.org/arc", "login": {"user": "admin", "password": "env:ARC"}},
    "arc-3": {"url": "https://arc-3.example.org/arc"},
}


def test_what_a_told_program_receives_is_bound_to_its_own_place_alone():
    config = directory("ldaps://ldap.example.org", bind={"dn": "cn=x", "password": "env:PW"}, reload=RELOAD)
    assert list(needs([config])) == [
        Need("directory", SecretRef("env", "PW"), Endpoint("ldaps", "ldap.example.org", 636)),
        Need("directory", SecretRef("env", "TOKEN"), Endpoint("https", "arc-1.example.org", 8443)),
        Need("directory", SecretRef("env", "ARC"), Endpoint("https", "arc-2.example.org", 443)),
    ]
    assert list(needs_of_told(config)) == list(needs([config]))[1:]


@pytest.mark.parametrize(("host", "here"), [("127.0.0.1", True), ("arc.example.org", False)])
def test_a_directory_whose_changes_are_told_elsewhere_does_not_stay_here(host, here):
    assert stays_here(directory("ldap://127.0.0.1:1389"))
    told = {"arc": {"url": f"http://{host}:8080/arc"}}
    assert stays_here(directory("ldap://127.0.0.1:1389", reload=told)) is here


def test_a_system_of_another_type_is_where_its_url_says():
    config = SystemConfig.model_validate({"name": "x", "type": "other", "url": "http://host:8042/path"})
    assert endpoint_of(config) == Endpoint("http", "host", 8042)


@pytest.mark.parametrize("more", [{}, {"url": "nonsense"}, {"url": 5}], ids=["none", "no-url", "no-text"])
def test_a_system_without_a_usable_url_is_nowhere_and_not_known_to_stay_here(more):
    config = SystemConfig.model_validate({"name": "x", "type": "other", **more})
    assert endpoint_of(config) is None
    assert not stays_here(config)


def test_memory_a_console_and_what_is_on_the_loopback_stay_here():
    assert stays_here(ConsoleConfig(name="console", type="console", ae="pacs"))
    assert stays_here(MemoryConfig(name="memory", type="memory"))
    assert stays_here(directory("ldap://127.0.0.1:3890"))
    assert not stays_here(directory("ldap://ldap.example.org"))


def test_a_plug_ins_secrets_are_found_wherever_it_keeps_them():
    one, two = SecretRef("env", "ONE"), SecretRef("file", "two")
    config = SystemConfig.model_validate(
        {
            "name": "x",
            "type": "other",
            "url": "https://h",
            "login": {"token": one},
            "more": [two, {"again": one}],
        }
    )
    assert [need.ref for need in needs([config])] == [one, two]


def test_passwords_of_an_orthancs_users_are_bound_to_it_and_needed_for_rendering_alone():
    users = {
        "pacsconf": {"password": "env:PW"},
        "ann": {"password": "env:ANN"},
        "bob": {"password": "env:ANN"},
    }
    config = OrthancConfig.model_validate(
        {
            "name": "pacs",
            "type": "orthanc",
            "url": "https://pacs.example.org",
            "login": {"user": "pacsconf", "password": "env:PW"},
            "users": users,
        }
    )
    pacs = Endpoint("https", "pacs.example.org", 443)
    assert list(needs([config])) == [
        Need("pacs", SecretRef("env", "PW"), pacs),
        Need("pacs", SecretRef("env", "ANN"), pacs, "render orthanc-users"),
    ]
