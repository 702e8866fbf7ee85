"""The client of web services, against real sockets: what each fault becomes, and what is never sent."""

from __future__ import annotations

import base64
import gzip
import json
import ssl
from types import SimpleNamespace

import httpx2
import pytest

from pacsconf.core.errors import BadAnswer, Refused, Unavailable
from pacsconf.core.secret import Secret
from pacsconf.inventory.systems import Login
from pacsconf.inventory.values import SecretRef
from pacsconf.lab.credentials import certificates
from pacsconf.lab.processes import free_port
from pacsconf.systems._http import Answer, Lost, Web, client, trust
from tests.fronts import PAGE, front, half, reply

PASSWORD = "hunter2-never-shown"


def web(url, *, login=True, password=PASSWORD, **more):
    asked = []

    def secrets(ref, scheme, host, port):
        asked.append((str(ref), scheme, host, port))
        return Secret(password)

    sign_in = Login(user="pacsconf", password=SecretRef("env", "PW")) if login else None
    keys = {"allow_clear_text": False, "ca_file": None, "verify": True, "timeout": 5} | more
    made = Web(SimpleNamespace(name="pacs", url=url, login=sign_in, **keys), secrets)
    made.asked = asked
    return made


@pytest.fixture
def opened():
    """Makes clients that are closed afterwards."""
    made = []

    def make(*args, **more):
        made.append(web(*args, **more))
        return made[-1]

    yield make
    for each in made:
        each.close()


def always(answer):
    return lambda _method, _path: answer


def test_json_comes_back_and_the_password_went_to_the_very_endpoint(opened):
    with front(None, always(reply(200, {"a": [1]}))) as server:
        asking = opened(f"http://127.0.0.1:{server.port}/orthanc")
        assert asking.get("modalities", query="expand") == {"a": [1]}
        assert asking.asked == [("env:PW", "http", "127.0.0.1", server.port)]
    token = base64.b64encode(f"pacsconf:{PASSWORD}".encode())
    assert b"Authorization: Basic " + token in server.heads[0]
    assert server.asked == ["GET /orthanc/modalities?expand"]


def test_the_password_is_looked_up_once_and_only_when_something_is_asked(opened):
    with front(None, always(reply(200, {}))) as server:
        asking = opened(f"http://127.0.0.1:{server.port}")
        assert asking.asked == []
        asking.get("a")
        asking.get("b")
        assert len(asking.asked) == 1
        assert PASSWORD not in repr(vars(asking))


def test_names_are_quoted_whatever_is_in_them(opened):
    with front(None, always(reply(200, {}))) as server:
        opened(f"http://127.0.0.1:{server.port}").get("servers", "a b/c?d#e%ä..")
    assert server.asked == ["GET /servers/a%20b%2Fc%3Fd%23e%25%C3%A4.."]


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (reply(401), Refused, "the user name or the password is wrong (HTTP 401)"),
        (reply(403), Refused, "this account may not do this (HTTP 403)"),
        (reply(404, {"Message": "Unknown resource"}), Refused, "(HTTP 404: Unknown resource)"),
        (reply(407), Refused, "a proxy in between asks for a login"),
        (
            reply(500, {"Message": "Internal error", "Details": "no"}),
            BadAnswer,
            "(HTTP 500: Internal error: no)",
        ),
        (
            reply(502, "<html>", kind="text/html"),
            Unavailable,
            "the proxy in front of it gets no answer from it",
        ),
        (reply(503), Unavailable, "it is not available at the moment"),
        (reply(507, {"Message": "Full storage"}), Refused, "its disk is full (HTTP 507: Full storage)"),
        (
            reply(302, Location="http://evil.example.org/x\x1b[31m"),
            BadAnswer,
            "sends us on to http://evil.exam",
        ),
        (PAGE, BadAnswer, "answers with a web page where JSON is expected"),
        (reply(200, ""), BadAnswer, "answers with nothing where JSON is expected"),
        (reply(200, '{"a": '), BadAnswer, "something that is no JSON, or is cut short"),
        (reply(200, "[" * 100_000), BadAnswer, "something that is no JSON"),
        (half(reply(200, {"a": 1})), BadAnswer, "is not whole"),
        (reply(200, "abc", Content_Encoding="gzip"), BadAnswer, "is not whole"),
        (b"", Unavailable, "hung up without an answer"),
        (b"SSH-2.0-OpenSSH_9\r\n", Unavailable, "does not speak HTTP"),
    ],
)
def test_each_bad_answer_is_a_fault_of_ours_with_something_to_do(opened, answer, kind, words):
    with front(None, always(answer)) as server, pytest.raises(kind) as caught:
        opened(f"http://127.0.0.1:{server.port}").get("system")
    assert type(caught.value) is kind or kind is Unavailable
    assert words in caught.value.message
    assert caught.value.fix
    assert caught.value.message.isprintable()
    assert PASSWORD not in repr(caught.value)


@pytest.mark.parametrize(
    "body",
    [
        b'{"a": "\\ud83d"}',
        b'{"a": "\\uDE00"}',
        b'{"\\ud83d": 1}',
        b'["\xed\xa0\xbd"]',
        '["\ud83d"]'.encode("utf-16", "surrogatepass"),
        '["\ud83d"]'.encode("utf-16-le", "surrogatepass"),
        '["\\ud83d"]'.encode("utf-16-be"),
    ],
)
def test_half_a_character_is_no_text_however_it_is_spelt(body):
    with pytest.raises(BadAnswer, match="where JSON is expected"):
        Answer(200, "application/json", body).json("pacs", "it")


@pytest.mark.parametrize("spelt", ['["\\ud83d\\ude00 \\u00e4"]', '["\U0001f600 \u00e4"]'])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32-be"])
def test_a_whole_character_is_text_however_it_is_spelt(spelt, encoding):
    answer = Answer(200, "application/json", spelt.encode(encoding))
    assert answer.json("pacs", "it") == ["\U0001f600 \u00e4"]


def test_a_servers_own_words_are_bounded(opened):
    with (
        front(None, always(reply(400, {"Message": "x" * 5000, "Details": 7}))) as server,
        pytest.raises(Refused) as caught,
    ):
        opened(f"http://127.0.0.1:{server.port}").get("system")
    assert 150 < len(caught.value.message) < 350


def test_a_redirect_is_not_followed_so_no_password_goes_there(opened):
    with front(None, always(reply(200, {}))) as other:
        away = always(reply(301, Location=f"http://127.0.0.1:{other.port}/"))
        with front(None, away) as server, pytest.raises(BadAnswer, match="sends us on"):
            opened(f"http://127.0.0.1:{server.port}").get("system")
    assert other.asked == []


def test_proxies_of_the_environment_are_not_used(opened, monkeypatch):
    with front(None, always(PAGE)) as proxy, front(None, always(reply(200, {}))) as server:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        monkeypatch.delenv("no_proxy", raising=False)
        assert opened(f"http://127.0.0.1:{server.port}").get("system") == {}
    assert proxy.asked == []


def test_an_answer_without_end_is_not_read_to_its_end(opened, monkeypatch):
    monkeypatch.setattr(client, "LARGEST", 10_000)
    bomb = gzip.compress(json.dumps(["x" * 1000] * 1000).encode())
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(bomb)}\r\n\r\n".encode()
    with front(None, always(head + bomb)) as server, pytest.raises(BadAnswer, match="more than"):
        opened(f"http://127.0.0.1:{server.port}").get("system")


def test_a_write_that_was_answered_without_end_may_have_been_made(opened, monkeypatch):
    monkeypatch.setattr(client, "LARGEST", 10)
    with (
        front(None, always(reply(200, ["x" * 100]))) as server,
        pytest.raises(Lost, match="may have been done"),
    ):
        opened(f"http://127.0.0.1:{server.port}").ask("PUT", "modalities", "CT1", body={})


def test_a_silent_server_is_not_waited_for_longer_than_its_timeout(opened):
    import socket

    with socket.create_server(("127.0.0.1", 0)) as silent:
        asking = opened(f"http://127.0.0.1:{silent.getsockname()[1]}", timeout=1)
        with pytest.raises(Unavailable, match="no answer within 1 s"):
            asking.get("system")


def test_nothing_listens_and_no_such_name(opened):
    with pytest.raises(Unavailable, match="nothing listens there"):
        opened(f"http://127.0.0.1:{free_port()}").get("system")
    with pytest.raises(Unavailable, match=r'the name "nowhere.invalid" cannot be resolved'):
        opened("http://nowhere.invalid", login=False).get("system")


def test_a_question_is_asked_once_more_when_the_line_drops_and_a_write_never(opened):
    answers = iter([b"", reply(200, {"at": "last"})])
    with front(None, lambda _method, _path: next(answers)) as server:
        assert opened(f"http://127.0.0.1:{server.port}").get("system") == {"at": "last"}
    with front(None, always(b"")) as server, pytest.raises(Lost, match="What was sent may have been done"):
        opened(f"http://127.0.0.1:{server.port}").ask("PUT", "x", body={})
    assert server.asked == ["PUT /x"]


def test_a_page_for_what_is_missing_does_not_say_that_it_is_missing(opened):
    with front(None, always(reply(404, {"HttpStatus": 404}))) as server:
        assert opened(f"http://127.0.0.1:{server.port}").find("x") is None
    with (
        front(None, always(reply(404, "<html>No such site</html>", kind="text/html"))) as server,
        pytest.raises(BadAnswer, match="a web page"),
    ):
        opened(f"http://127.0.0.1:{server.port}").find("x")


def test_a_password_does_not_travel_in_clear_text_to_another_machine(opened):
    asking = opened("http://192.0.2.1:8042")
    with pytest.raises(Refused, match=r"unencrypted to http://192.0.2.1:8042") as caught:
        asking.get("system")
    assert "https://" in caught.value.fix
    assert asking.asked == []


def test_an_empty_password_is_not_sent(opened):
    with (
        front(None, always(reply(200, {}))) as server,
        pytest.raises(Refused, match="the password of pacsconf is empty"),
    ):
        opened(f"http://127.0.0.1:{server.port}", password="").get("system")
    assert server.asked == []


def test_a_certificate_is_checked_unless_told_otherwise(opened, tmp_path):
    certificates(tmp_path)
    with front(None, always(reply(200, {"tls": True})), tls=tmp_path) as server:
        url = f"https://localhost:{server.port}"
        trusting = opened(url, ca_file=str(tmp_path / "ca.pem"))
        assert trusting.get("system") == {"tls": True}
        assert opened(url, verify=False).get("system") == {"tls": True}
        distrusting = opened(url)
        with pytest.raises(
            Unavailable, match=r"from an authority that is not known here. Nothing was sent"
        ) as no:
            distrusting.get("system")
        assert "ca_file" in no.value.fix
        assert len(server.asked) == 2
        with pytest.raises(Unavailable, match="cannot be read"):
            opened(url, ca_file=str(tmp_path / "none.pem")).get("system")


def test_where_no_tls_is_spoken_nobody_is_trusted(tmp_path):
    def context(url):
        return trust.context(SimpleNamespace(name="pacs", url=url, ca_file=None, verify=True))

    machines_own = httpx2.create_ssl_context(trust_env=False).cert_store_stats()
    assert context("HTTPS://pacs.example.org").cert_store_stats() == machines_own
    nobodys = context("http://pacs.example.org")
    assert (nobodys.get_ca_certs(), nobodys.verify_mode, nobodys.check_hostname) == (
        [],
        ssl.CERT_REQUIRED,
        True,
    )
    with pytest.raises(Unavailable, match="cannot be read"):
        trust.context(
            SimpleNamespace(name="pacs", url="http://h", ca_file=str(tmp_path / "gone"), verify=True)
        )


def test_plain_http_where_tls_is_expected(opened):
    with (
        front(None, always(reply(200, {}))) as server,
        pytest.raises(Unavailable, match="does not speak TLS"),
    ):
        opened(f"https://localhost:{server.port}").get("system")
