import copy
import logging
import os
import pickle
import subprocess
import traceback
from pathlib import Path

import pyrage
import pytest

from pacsconf.core.errors import OperatorError
from pacsconf.inventory.endpoint import Endpoint
from pacsconf.inventory.values import SecretRef
from pacsconf.operator.binding import Binding
from pacsconf.operator.file import Operator

PASSWORD = "correct horse battery"
LDAP = Endpoint("ldaps", "ldap.example.org", 636)


@pytest.fixture
def resolve(tmp_path):
    """Resolves a reference that is bound to `LDAP`, with an operator file and a root of its own."""

    def resolved(ref: str, *, environ=None, ask=None, identity=None, at=LDAP, bound=(LDAP,), lab=None):
        reference = SecretRef.parse(ref)
        bindings = tuple(Binding(reference, endpoint) for endpoint in bound)
        operator = Operator(Path("/etc/op.toml"), True, bindings, age_identity=identity)
        keyring = operator.secrets(lab, environ=environ or {}, root=tmp_path, ask=ask)
        return keyring(reference, at.scheme, at.host, at.port).reveal()

    return resolved


def put(path: Path, content: str | bytes = PASSWORD, mode: int = 0o600) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    path.chmod(mode)
    return path


# --- where it may go ----------------------------------------------------------------------------------------


def test_a_bound_secret_is_resolved(resolve):
    assert resolve("env:PW", environ={"PW": PASSWORD}) == PASSWORD
    assert (
        resolve("env:PW", environ={"PW": PASSWORD}, at=Endpoint("LDAPS", "LDAP.example.org", 636)) == PASSWORD
    )


def test_an_unbound_secret_is_refused_with_the_lines_to_add(resolve):
    with pytest.raises(OperatorError) as caught:
        resolve("env:PW", environ={"PW": PASSWORD}, bound=())
    assert str(caught.value) == (
        "env:PW is not bound to ldaps://ldap.example.org:636. Only a place that the operator file names may "
        "receive a secret, so that a change in the inventory cannot send it elsewhere."
    )
    assert caught.value.fix == (
        "If ldaps://ldap.example.org:636 is the right place, add to /etc/op.toml:\n\n"
        '[[secret]]\nref = "env:PW"\nfor = "ldaps://ldap.example.org:636"'
    )


@pytest.mark.parametrize(
    "other",
    [
        Endpoint("ldap", "ldap.example.org", 636),
        Endpoint("ldaps", "ldap.example.com", 636),
        Endpoint("ldaps", "ldap.example.org", 1636),
    ],
    ids=["scheme", "host", "port"],
)
def test_a_secret_bound_to_another_place_says_so(resolve, other):
    with pytest.raises(OperatorError) as caught:
        resolve("env:PW", environ={"PW": PASSWORD}, at=other)
    assert str(caught.value).startswith(
        f"env:PW is bound to ldaps://ldap.example.org:636; the inventory wants to send it to {other}."
    )
    assert "git log -p -- inventory" in caught.value.fix
    assert f'for = "{other}"' in caught.value.fix


def test_nothing_is_looked_up_for_a_place_that_is_not_bound(resolve):
    with pytest.raises(OperatorError, match="is not bound"):
        resolve("prompt:Password", ask=lambda _: pytest.fail("asked"), bound=())


HERE = Endpoint("ldap", "127.0.0.1", 3890)


def test_the_labs_own_secret_goes_to_the_loopback_unbound(resolve, tmp_path):
    put(tmp_path / "lab" / "password")
    assert resolve("file:lab/password", bound=(), at=HERE, lab=tmp_path / "lab") == PASSWORD


def test_the_labs_own_secret_goes_nowhere_else(resolve, tmp_path):
    put(tmp_path / "lab" / "password")
    with pytest.raises(OperatorError, match="is not bound"):
        resolve("file:lab/password", bound=(), at=LDAP, lab=tmp_path / "lab")


@pytest.mark.parametrize(
    "ref", ["file:lab/../other", "file:lab/link", "age:lab/password", "env:PW", "file:other"]
)
def test_other_secrets_are_not_the_labs_own(resolve, tmp_path, ref):
    put(tmp_path / "lab" / "password")
    (tmp_path / "lab" / "link").symlink_to(put(tmp_path / "other"))
    with pytest.raises(OperatorError, match="is not bound"):
        resolve(ref, environ={"PW": PASSWORD}, bound=(), at=HERE, lab=tmp_path / "lab")


def test_without_a_lab_no_secret_is_its_own(resolve, tmp_path):
    put(tmp_path / "lab" / "password")
    with pytest.raises(OperatorError, match="is not bound"):
        resolve("file:lab/password", bound=(), at=HERE)


# --- env, file, prompt --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("environ", "state"), [({}, "not set"), ({"PW": ""}, "empty")])
def test_a_variable_that_holds_nothing_is_said(resolve, environ, state):
    with pytest.raises(
        OperatorError, match=f"^the environment variable PW is {state}; env:PW cannot be resolved$"
    ):
        resolve("env:PW", environ=environ)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("a", "a"),
        ("a\n", "a"),
        ("a\r\n", "a"),
        ("a\n\n", "a\n"),
        (" a ", " a "),
        (b"\xef\xbb\xbfa", "a"),
        ("ü", "ü"),
    ],
)
def test_a_file_is_read_less_the_line_end_that_editors_add(resolve, tmp_path, content, text):
    put(tmp_path / "pw", content)
    assert resolve("file:pw") == text
    assert resolve(f"file:{tmp_path / 'pw'}") == text


def test_a_tilde_is_the_users_home(resolve, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    put(tmp_path / "home" / "pw")
    assert resolve("file:~/pw") == PASSWORD


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o644])
def test_a_file_that_others_may_touch_is_refused(resolve, tmp_path, mode):
    path = put(tmp_path / "pw", mode=mode)
    with pytest.raises(OperatorError) as caught:
        resolve("file:pw")
    assert str(caught.value) == f"other users of this machine may read or change {path} (mode {mode:04o})"
    assert caught.value.fix == f"chmod 600 {path}"


def test_a_file_that_does_not_serve_is_said(resolve, tmp_path):
    (tmp_path / "folder").mkdir(mode=0o700)
    os.mkfifo(tmp_path / "pipe", 0o600)
    put(tmp_path / "large", "x" * 70_000)
    put(tmp_path / "latin", "ü".encode("latin-1"))
    put(tmp_path / "empty", "\n")
    for ref, problem in [
        ("file:missing", "missing cannot be read: No such file or directory"),
        ("file:folder", "folder (is not a plain file|cannot be read: Is a directory)"),
        ("file:pipe", "pipe is not a plain file"),
        ("file:large", "large is larger than 64 KiB"),
        ("file:latin", "^file:latin is not text in UTF-8"),
        ("file:empty", "^file:empty is empty; an empty password"),
        ("file:a\0b", "no NUL"),
    ]:
        with pytest.raises(OperatorError, match=problem):
            resolve(ref)


def test_a_person_is_asked_once_and_told_where_it_goes(tmp_path):
    asked: list[str] = []

    def ask(question: str) -> str:
        asked.append(question)
        return PASSWORD

    ref = SecretRef("prompt", "Directory password")
    keyring = Operator(Path("op"), True, (Binding(ref, LDAP),)).secrets(environ={}, ask=ask)
    assert [keyring(ref, *("ldaps", "ldap.example.org", 636)).reveal() for _ in range(2)] == [PASSWORD] * 2
    assert asked == ["Directory password (for ldaps://ldap.example.org:636): "]


def no_more_input(_: str) -> str:
    raise EOFError


def test_without_a_terminal_or_an_answer_there_is_no_secret(resolve):
    with pytest.raises(OperatorError, match="asks a person, and there is no terminal here"):
        resolve("prompt:Password")
    for ask in (lambda _: "", no_more_input):
        with pytest.raises(OperatorError, match="nothing was typed"):
            resolve("prompt:Password", ask=ask)


# --- age ----------------------------------------------------------------------------------------------------


@pytest.fixture
def age_key(tmp_path):
    identity = pyrage.x25519.Identity.generate()
    path = put(
        tmp_path / "keys" / "age.txt", f"# created: today\n# public key: {identity.to_public()}\n{identity}\n"
    )
    return identity.to_public(), path


@pytest.mark.parametrize("armored", [False, True], ids=["binary", "armoured"])
def test_an_age_file_is_opened_with_the_identity_of_the_operator_file(resolve, tmp_path, age_key, armored):
    recipient, path = age_key
    put(tmp_path / "pw.age", pyrage.encrypt(PASSWORD.encode() + b"\n", [recipient], armored=armored), 0o644)
    assert resolve("age:pw.age", identity=path) == PASSWORD


def ssh_key(folder: Path, *, kind: str, passphrase: str = "") -> Path:
    key = folder / f"id_{kind}"
    subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", passphrase, "-C", "", "-f", key], check=True)
    return key


@pytest.mark.parametrize("kind", ["ed25519", "rsa"])
def test_an_age_file_is_opened_with_an_ssh_key(resolve, tmp_path, kind):
    key = ssh_key(tmp_path, kind=kind)
    recipient = pyrage.ssh.Recipient.from_str(key.with_suffix(".pub").read_text().strip())
    put(tmp_path / "pw.age", pyrage.encrypt(PASSWORD.encode(), [recipient]))
    assert resolve("age:pw.age", identity=key) == PASSWORD


def test_any_of_several_identities_opens_an_age_file(resolve, tmp_path, age_key):
    recipient, path = age_key
    put(path, f"{pyrage.x25519.Identity.generate()}\n{path.read_text()}")
    put(tmp_path / "pw.age", pyrage.encrypt(PASSWORD.encode(), [recipient]))
    assert resolve("age:pw.age", identity=path) == PASSWORD


def test_an_age_file_needs_an_identity(resolve, tmp_path):
    with pytest.raises(OperatorError, match="the operator file names no key") as caught:
        resolve("age:pw.age")
    assert "[age]\nidentity = " in caught.value.fix


def test_an_age_file_that_cannot_be_opened_is_said(resolve, tmp_path, age_key):
    recipient, path = age_key
    whole = pyrage.encrypt(PASSWORD.encode(), [recipient])
    put(
        tmp_path / "stranger",
        pyrage.encrypt(PASSWORD.encode(), [pyrage.x25519.Identity.generate().to_public()]),
    )
    put(tmp_path / "cut", whole[:-3])
    put(tmp_path / "plain", PASSWORD)
    put(tmp_path / "latin", pyrage.encrypt("ü".encode("latin-1"), [recipient]))
    put(tmp_path / "empty", pyrage.encrypt(b"\n", [recipient]))
    for name, problem in [
        ("stranger", "stranger cannot be decrypted with .*: No matching keys found"),
        ("cut", "cut cannot be decrypted with"),
        ("plain", "plain cannot be decrypted with"),
        ("latin", "is not text in UTF-8"),
        ("empty", "is empty"),
        ("missing", "missing cannot be read"),
    ]:
        with pytest.raises(OperatorError, match=problem) as caught:
            resolve(f"age:{name}", identity=path)
        assert PASSWORD not in "".join(traceback.format_exception(caught.value))


def test_an_identity_that_does_not_serve_is_said_without_its_content(resolve, tmp_path, age_key):
    put(tmp_path / "pw.age", pyrage.encrypt(PASSWORD.encode(), [age_key[0]]))
    broken = "AGE-SECRET-KEY-1HUNTER2"
    for path, problem in [
        (put(tmp_path / "keys" / "broken", broken), "is not a key that can be used"),
        (put(tmp_path / "keys" / "none", "# nothing\n"), "holds no key"),
        (put(tmp_path / "keys" / "junk", b"\xff\xfe"), "is not a key that can be used"),
        (put(tmp_path / "keys" / "open", broken, 0o644), "other users of this machine may read"),
        (
            ssh_key(tmp_path, kind="ed25519", passphrase="hunter2"),
            "is not a key that can be used: ssh key must",
        ),
        (ssh_key(tmp_path, kind="ecdsa"), "is not a key that can be used: unsupported key"),
        (tmp_path / "missing", "cannot be read: No such file"),
    ]:
        with pytest.raises(OperatorError, match=problem) as caught:
            resolve("age:pw.age", identity=path)
        assert "hunter2" not in "".join(traceback.format_exception(caught.value)).lower()


# --- a secret shows itself nowhere --------------------------------------------------------------------------


def test_no_secret_is_shown_by_what_holds_it(caplog):
    prompt, env = SecretRef("prompt", "P"), SecretRef("env", "PW")
    operator = Operator(Path("op"), True, (Binding(prompt, LDAP), Binding(env, LDAP)))
    keyring = operator.secrets(environ={"PW": PASSWORD}, ask=lambda _: PASSWORD)
    held = [keyring(ref, LDAP.scheme, LDAP.host, LDAP.port) for ref in (prompt, env)]
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("test").warning("%s %r %s %s", held, held[0], keyring, operator)
    shown = [caplog.text, repr(keyring), repr(held), str(held[0]), f"{held[1]:>20}", f"{held[1]!r}"]
    assert not any(PASSWORD in text for text in shown)
    for serialise in (pickle.dumps, copy.deepcopy):
        with pytest.raises(TypeError, match="never serialised"):
            serialise(held[0])


def test_no_secret_travels_with_an_exception(resolve, tmp_path):
    put(tmp_path / "pw", PASSWORD.encode() + b"\xff")
    with pytest.raises(OperatorError, match="is not text in UTF-8") as caught:
        resolve("file:pw")
    assert caught.value.__context__ is None
    assert PASSWORD not in "".join(traceback.format_exception(caught.value))
