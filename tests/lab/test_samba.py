"""A private Active Directory domain controller in a network of its own."""

from __future__ import annotations

import os
import signal
import stat
from pathlib import Path

import ldap3
import pytest

from pacsconf.core.errors import Unavailable
from pacsconf.lab import processes, samba
from tests.domains import OPTIONS, PEOPLE, signed_in

NETWORKS = Path("/run/netns")


@pytest.fixture(scope="module")
def running(domain_template, tmp_path_factory):
    with samba.started(tmp_path_factory.mktemp("samba") / "one", OPTIONS, domain_template) as server:
        yield server


def test_several_stand_side_by_side_and_are_known_by_their_certificates(running, domain_template, tmp_path):
    with samba.started(tmp_path / "two", OPTIONS, domain_template) as other:
        for server in (running, other):
            with signed_in(server, server.admin_dn) as admin:
                admin.search(server.base, "(sAMAccountName=jdoe)", attributes=["cn"])
                names = [entry["attributes"]["cn"] for entry in admin.response if "attributes" in entry]
                assert names == [["jdoe"]]
        with signed_in(running, running.admin_dn) as admin:
            assert admin.add(f"ou=only here,{running.base}", "organizationalUnit")
        with signed_in(other, other.admin_dn) as admin:
            assert not admin.search(f"ou=only here,{other.base}", "(objectClass=*)")


def test_no_password_is_taken_in_clear(running):
    server = ldap3.Server(running.url, get_info=ldap3.NONE)
    conn = ldap3.Connection(server, running.admin_dn, running.password)
    assert not conn.bind()
    assert conn.result["description"] == "strongerAuthRequired"
    conn.unbind()


def test_pacsconf_may_make_people_and_groups_and_nothing_more(running):
    user, group = f"cn=New,{PEOPLE}", f"cn=pacs-new,ou=groups,{running.base}"
    with signed_in(running, running.pacsconf_dn) as conn:
        assert conn.add(user, "user", {"sAMAccountName": "new", "userAccountControl": "514"}), conn.result
        assert conn.add(group, "group", {"sAMAccountName": "pacs-new", "groupType": "-2147483646"}), (
            conn.result
        )
        assert conn.modify(group, {"member": [("MODIFY_ADD", [user])]}), conn.result
        assert not conn.delete(user)
        admins = f"CN=Domain Admins,CN=Users,{running.base}"
        assert not conn.modify(admins, {"member": [("MODIFY_ADD", [running.pacsconf_dn])]})
        assert not conn.add(f"cn=Other,cn=Users,{running.base}", "user", {"sAMAccountName": "other"})


def test_nothing_is_left_of_one_that_was_stopped(domain_template, tmp_path):
    before = sorted(NETWORKS.glob("*"))
    server = samba.start(tmp_path / "ad", OPTIONS, domain_template)
    inside = _network_of(server)
    assert inside != os.readlink("/proc/self/ns/net")
    server.stop()
    assert not server.running
    assert samba.attach(server.folder) is None
    assert sorted(NETWORKS.glob("*")) == before
    assert inside not in _networks()


def test_one_that_died_is_started_again_with_its_data(domain_template, tmp_path):
    server = samba.start(tmp_path / "ad", OPTIONS, domain_template)
    try:
        with signed_in(server, server.admin_dn) as admin:
            assert admin.add(f"ou=kept,{server.base}", "organizationalUnit")
        for pid in processes.of(server.folder):
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        again = samba.revive(server.folder)
        assert again is not None
        assert again.tls_port == server.tls_port
        with signed_in(again, again.admin_dn) as admin:
            assert admin.search(f"ou=kept,{server.base}", "(objectClass=*)")
    finally:
        server.stop()


def test_what_it_keeps_is_for_its_owner_alone(running):
    assert stat.S_IMODE(running.folder.stat().st_mode) == 0o700
    for name in ("password", "samba.conf", "key.pem"):
        assert stat.S_IMODE((running.folder / name).stat().st_mode) == 0o600
    assert running.password not in repr(running)


def test_a_folder_with_something_in_it_is_left_alone(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(Unavailable, match="is not empty"):
        samba.start(tmp_path)
    assert os.listdir(tmp_path) == ["notes.txt"]


@pytest.mark.parametrize(
    ("base", "right"),
    [
        ("dc=hospital,dc=example", True),
        ("DC=st-mary,DC=example,DC=org", True),
        ("o=hospital", False),
        ("dc=example", False),
        ("ou=x,dc=hospital,dc=example", False),
    ],
)
def test_a_domain_has_at_least_two_components_and_nothing_else(base, right):
    assert samba.is_domain(base) is right


def _network_of(server: samba.Samba) -> str:
    (pid,) = processes.of(server.folder)
    return os.readlink(f"/proc/{pid}/ns/net")


def _networks() -> set[str]:
    found = set()
    for entry in Path("/proc").glob("[0-9]*/ns/net"):
        try:
            found.add(os.readlink(entry))
        except OSError:
            continue
    return found
