"""The storage of an Orthanc: what it tells, what a copy of its configuration tells, and what is wrong with it."""

from __future__ import annotations

import json

import httpx2
import pytest

from pacsconf.core.secret import Secret
from pacsconf.inventory.model import Inventory
from pacsconf.inventory.systems import OrthancConfig
from pacsconf.lab import orthanc
from pacsconf.systems._orthanc.storage import Filling, Limits, completed, filling, findings, limits, lines
from pacsconf.systems.orthanc import OrthancSystem
from tests.fronts import front, reply

MB = 1024 * 1024
EMPTY = Filling(0, 0, 0, 0, 0)


def config(**storage) -> OrthancConfig:
    data = {"name": "pacs", "type": "orthanc", "url": "https://h", "storage": storage}
    return OrthancConfig.model_validate(data)


def found(limits: Limits, holds: Filling | None = EMPTY, **storage) -> list[tuple[str, str]]:
    return [(one.rule, one.severity) for one in findings(config(**storage), limits, holds)]


ARMED = Limits(1000, 0, "recycle", False)
CAREFUL = Limits(1000, 0, "reject", False)
ENDLESS = Limits(0, 0, "recycle", False)


# --- what is told -------------------------------------------------------------------------------------------------


def test_what_an_old_server_does_not_tell_is_not_known():
    assert limits({"Version": "1.10.1"}, whole=False) == Limits()


def test_what_a_configuration_does_not_say_is_as_orthanc_has_it():
    assert limits({}, whole=True) == ENDLESS


@pytest.mark.parametrize("value", ["${MAX}", -1, True, None, 1.5, "9" * 30, 1 << 70])
def test_what_is_no_number_is_not_guessed(value):
    assert limits({"MaximumStorageSize": value}, whole=False).megabytes is None


def test_the_server_is_believed_before_the_copy():
    told = limits({"MaximumStorageSize": 5, "MaximumStorageMode": "Reject"}, whole=False)
    copied = limits({"MaximumStorageSize": 9, "MaximumPatientCount": 7}, whole=True)
    assert completed(told, copied) == Limits(5, 7, "reject", False)
    assert completed(told, None) == told


@pytest.mark.parametrize("told", [None, [], {}, {"TotalDiskSize": "3270"}, {"TotalDiskSize": "x"}])
def test_statistics_of_another_shape_are_none(told):
    assert filling(told) is None


# --- what is wrong ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limits", "storage", "expected"),
    [
        (ARMED, {}, [("ORTHANC-PURGE-ARMED", "warning")]),
        (ARMED, {"copies": "only"}, [("ORTHANC-PURGE-ARMED", "error")]),
        (ARMED, {"copies": "cache"}, [("ORTHANC-PURGE-ARMED", "warning")]),
        (ARMED, {"copies": "cache", "mode": "recycle"}, []),
        (ARMED, {"copies": "only", "mode": "recycle"}, [("ORTHANC-PURGE-ARMED", "error")]),
        (Limits(0, 10, "recycle", False), {}, [("ORTHANC-PURGE-ARMED", "warning")]),
        (Limits(None, 10, "recycle", False), {}, [("ORTHANC-PURGE-ARMED", "warning")]),
        (ENDLESS, {"copies": "only"}, []),
        (CAREFUL, {"copies": "only"}, []),
        (Limits(None, None, "reject", None), {"copies": "only"}, []),
        (Limits(), {}, []),
        (Limits(), {"copies": "only"}, [("ORTHANC-STORAGE-UNKNOWN", "warning")]),
        (Limits(), {"mode": "reject"}, [("ORTHANC-STORAGE-UNKNOWN", "warning")]),
        (CAREFUL, {"maximum_size": "1000M", "mode": "reject", "maximum_patients": "none"}, []),
        (CAREFUL, {"maximum_size": "2G"}, [("ORTHANC-STORAGE", "warning")]),
        (CAREFUL, {"maximum_size": "none", "maximum_patients": 5}, [("ORTHANC-STORAGE", "warning")] * 2),
        (Limits(0, 0, "reject", True), {}, [("ORTHANC-OVERWRITES", "warning")]),
    ],
)
def test_what_is_told_of_limits_and_mode(limits, storage, expected):
    assert found(limits, **storage) == expected


@pytest.mark.parametrize(
    ("used", "patients", "expected"),
    [(799, 0, 0), (800, 0, 1), (1200, 0, 1), (800, 9, 2), (0, 8, 1)],
)
def test_a_storage_past_its_threshold_is_a_warning(used, patients, expected):
    holds = Filling(used * MB, patients, 0, 0, 0)
    assert found(Limits(1000, 10, "reject", False), holds) == [("ORTHANC-FULL", "warning")] * expected


def test_a_filling_that_is_not_known_is_no_warning():
    assert found(CAREFUL, None) == []


def test_the_lines_to_write_are_those_of_a_configuration():
    declared = config(maximum_size="500G", mode="reject", maximum_patients="none").storage
    assert json.loads(f"{{{lines(declared)}}}") == {
        "MaximumStorageSize": 512_000,
        "MaximumPatientCount": 0,
        "MaximumStorageMode": "Reject",
    }


# --- a real server ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def armed(tmp_path_factory):
    settings = {"MaximumStorageSize": 1000, "MaximumPatientCount": 5}
    with orthanc.started(
        tmp_path_factory.mktemp("pacs") / "a", orthanc.Options(settings=settings)
    ) as running:
        yield running


def rules(server, url: str = "", **keys) -> list[tuple[str, str]]:
    login = {"user": server.user, "password": "env:PW"}
    data = {"name": "pacs", "type": "orthanc", "url": url or server.url, "login": login} | keys
    system = OrthancSystem("pacs", OrthancConfig.model_validate(data), lambda *_: Secret(server.password))
    try:
        system.declared(Inventory())
        system.read()
        return [(one.rule, one.severity) for one in system.check(()) if "SETTINGS" not in one.rule]
    finally:
        system.close()


def test_a_purge_that_is_armed_is_found_in_the_copy_of_the_configuration(armed):
    copies = {"settings_file": str(armed.settings_file), "storage": {"copies": "only"}}
    assert ("ORTHANC-PURGE-ARMED", "error") in rules(armed, **copies)
    assert ("ORTHANC-STORAGE-UNKNOWN", "warning") in rules(armed, storage={"copies": "only"})


def told_as_later_versions_do(**more):
    """Orthanc 1.11.3 and later add these to what this one answers (/system)."""

    def spoil(answer: bytes) -> bytes:
        head, _, body = answer.partition(b"\r\n\r\n")
        if b'"DicomAet"' not in body:
            return answer
        content = json.dumps(json.loads(body) | more).encode()
        kept = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"content-length")]
        return b"\r\n".join([*kept, b"Content-Length: %d" % len(content), b"", b""]) + content

    return spoil


def test_what_a_later_server_tells_over_rest_is_compared(armed):
    told = {"MaximumStorageSize": 1000, "MaximumPatientCount": 0, "MaximumStorageMode": "Reject"}
    with front(armed.http_port, spoil=told_as_later_versions_do(**told)) as proxy:
        url = f"http://127.0.0.1:{proxy.port}"
        assert rules(armed, url, storage={"maximum_size": "1000M", "mode": "reject"}) == []
        assert rules(armed, url, storage={"maximum_size": "2G"}) == [("ORTHANC-STORAGE", "warning")]


def test_who_may_not_ask_how_full_it_is_is_told_the_rest(armed):
    refusing = lambda _method, path: reply(403) if path == "/statistics" else None  # noqa: E731
    with front(armed.http_port, refusing) as proxy:
        copy = {"settings_file": str(armed.settings_file)}
        assert ("ORTHANC-PURGE-ARMED", "warning") in rules(armed, f"http://127.0.0.1:{proxy.port}", **copy)


def test_rest_takes_no_change_of_the_storage(armed):
    """Why what differs is a finding and no change."""
    client = httpx2.Client(base_url=armed.url, auth=(armed.user, armed.password), trust_env=False)
    assert [client.request(method, "/system", json={}).status_code for method in ("PUT", "POST")] == [
        405,
        405,
    ]
    client.close()
