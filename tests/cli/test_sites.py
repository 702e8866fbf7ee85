from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import typer

from pacsconf.cli import sites
from pacsconf.cli.sites import Scheduler, from_each_site, home, scheduler_of, workers
from pacsconf.core.errors import OperatorError, PacsconfError
from pacsconf.dicom.targets import Target

PROBER = "  prober: {type: workstation, site: main, ae_titles: {PROBE: {}, NORTH: {}}, host: 10.20.0.9}\n"
INVENTORY = f"""\
sites: {{main: {{}}, north: {{probe_as: prober/NORTH}}, south: {{}}}}
environments: {{production: {{}}}}
pacsconf: {{probe_as: prober/PROBE}}
profiles: {{ct: {{type: modality, probe: echo, offers: verification}}}}
devices:
{PROBER}  ct-main: {{profile: ct, site: main, ae_title: CT_M, host: 10.20.0.1, port: 104}}
  ct-north:
    profile: ct
    site: north
    ae_title: CT_N
    connections: {{dicom: {{host: 10.21.0.1, port: 104, seen_from: {{main: {{host: 192.0.2.1, port: 4104}}}}}}}}
  ct-south: {{profile: ct, site: south, ae_title: CT_S, host: 10.22.0.1, port: 104}}
  ct-none: {{profile: ct, ae_title: CT_0, host: 10.20.0.2, port: 104}}
"""


@pytest.fixture
def work(tmp_path, monkeypatch):
    """The workspace of this inventory, in production, with an operator file that is not there yet."""
    from pacsconf.inventory.loader import load

    (tmp_path / "hospital" / "inventory").mkdir(parents=True)
    (tmp_path / "hospital" / "inventory" / "hospital.yaml").write_text(INVENTORY)
    monkeypatch.setenv("PACSCONF_CONFIG", str(tmp_path / "operator.toml"))
    (tmp_path / "operator.toml").write_text("")
    (tmp_path / "operator.toml").chmod(0o600)
    root = tmp_path / "hospital"
    loaded = load(root, sites.workspace.now().date())
    assert loaded.inventory is not None, loaded.findings
    return SimpleNamespace(root=root, inventory=loaded.inventory, environment="production", practice=False)


def test_home_is_the_site_of_the_device_that_is_called_as(work):
    assert home(work) == {"main"}


def test_each_site_sees_its_own_addresses_and_calls_under_its_own_title(work):
    from functools import partial

    from pacsconf.cli.wire import targets_asked

    found = from_each_site(work, partial(targets_asked, work))
    assert [(one.device, one.host, one.port, one.calling) for one in found] == [
        ("ct-main", "10.20.0.1", 104, "PROBE"),
        ("ct-none", "10.20.0.2", 104, "PROBE"),
        ("ct-north", "10.21.0.1", 104, "NORTH"),
        ("ct-south", "10.22.0.1", 104, "PROBE"),
    ]


def test_a_site_is_asked_for_once_and_only_for_its_own_devices():
    asked = []

    def ask(*, site=None, devices=None):
        asked.append((site, devices))
        return tuple(
            Target(f"{at}-{number}", "T", "dicom", "h", 1, "h:1", "echo", "P", site=at)
            for at in ("north", "south")
            for number in (1, 2)
            if site in (None, at)
        )

    work = SimpleNamespace(inventory=SimpleNamespace(environments={"e": SimpleNamespace(probe_as=None)}))
    work.environment, work.inventory.settings = "e", SimpleNamespace(probe_as=None)
    found = from_each_site(work, ask)
    assert [one.device for one in found] == ["north-1", "north-2", "south-1", "south-2"]
    assert asked == [
        (None, None),
        ("north", {"north-1", "north-2"}),
        ("south", {"south-1", "south-2"}),
    ]


def test_options_name_a_scheduler_and_its_files():
    assert scheduler_of(None, None, None, None, "north") is None
    files = Path("ca"), Path("cert"), Path("key")
    assert scheduler_of("tls://h:1", *files, None) == Scheduler("tls://h:1", *files)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ((None, Path("ca"), None, None, None), "name the scheduler"),
        (("tls://h:1", None, None, None, "north"), "leave one of the two out"),
    ],
)
def test_options_that_do_not_go_together_are_refused(given, says):
    with pytest.raises(typer.BadParameter, match=says):
        scheduler_of(*given)


def test_a_key_that_others_may_read_is_not_used(work, tmp_path):
    key = tmp_path / "key.pem"
    key.touch(mode=0o644)
    with (
        pytest.raises(OperatorError, match="other users of this machine may read or change"),
        workers(work, Scheduler("tls://127.0.0.1:1", key=key)),
    ):
        pass


def test_files_are_those_of_the_operator_file_unless_options_name_others(work, tmp_path, monkeypatch):
    key = tmp_path / "key.pem"
    key.touch(mode=0o600)
    (tmp_path / "operator.toml").write_text(
        '[executor]\nca = "ca.pem"\ncertificate = "c.pem"\nkey = "key.pem"\n'
    )
    with (
        pytest.raises(PacsconfError, match="is no address of a scheduler"),
        workers(work, Scheduler("tls://127.0.0.1")),
    ):
        pass
    shown = []
    monkeypatch.setattr(
        "pacsconf.dicom.sites._dask.checked", lambda url, identity: shown.append(identity) or _stop()
    )
    with (
        pytest.raises(InterruptedError),
        workers(work, Scheduler("tls://h:1", certificate=Path("other.pem"))),
    ):
        pass
    assert [(one.ca_file, one.certificate, one.key) for one in shown] == [
        (str(tmp_path / "ca.pem"), "other.pem", str(key))
    ]


def _stop():
    raise InterruptedError


def test_without_dask_it_is_said_how_to_install_it(work, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with (
        pytest.raises(PacsconfError, match="which is not installed here") as raised,
        workers(work, Scheduler("tcp://127.0.0.1:1")),
    ):
        pass
    assert raised.value.fix == 'pip install "pacsconf[dask]"'
