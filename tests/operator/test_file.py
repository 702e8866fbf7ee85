import os
import stat
import subprocess
import tomllib
from pathlib import Path

import pytest

from pacsconf.core.errors import OperatorError
from pacsconf.inventory.endpoint import Endpoint
from pacsconf.inventory.systems import DirectoryConfig, MemoryConfig
from pacsconf.inventory.values import SecretRef
from pacsconf.operator.binding import Binding
from pacsconf.operator.file import ExecutorFiles, Operator, default_path, load
from pacsconf.operator.writing import add_bindings, first_file, write_first

LDAP = Binding(SecretRef("env", "PACSCONF_LDAP_PASSWORD"), Endpoint("ldaps", "ldap.example.org", 636))
WHOLE = """
[[secret]]
ref = "env:PACSCONF_LDAP_PASSWORD"
for = "ldaps://LDAP.example.org"

[[secret]]
ref = "env:PACSCONF_LDAP_PASSWORD"
for = "ldaps://ldap2.example.org:1636"

[environments]
write = ["production"]

[age]
identity = "key.txt"
"""


@pytest.fixture
def repository(tmp_path):
    folder = tmp_path / "hospital"
    folder.mkdir()
    subprocess.run(["git", "init", "-q", folder], check=True)
    return folder


@pytest.fixture
def write(tmp_path, repository):
    """Writes an operator file and loads it."""

    def written(text: str | bytes, mode: int = 0o600, path: Path | None = None) -> Operator:
        place = path or tmp_path / "operator.toml"
        place.write_bytes(text if isinstance(text, bytes) else text.encode())
        place.chmod(mode)
        return load(environ={"PACSCONF_CONFIG": str(place)}, root=repository)

    return written


def directory(url: str) -> DirectoryConfig:
    return DirectoryConfig(name="directory", type="dicom-directory", url=url)


def test_a_whole_file_is_read(write, tmp_path):
    second = Binding(LDAP.ref, Endpoint("ldaps", "ldap2.example.org", 1636))
    assert write(WHOLE) == Operator(
        tmp_path / "operator.toml",
        True,
        (LDAP, second),
        frozenset({"production"}),
        tmp_path / "key.txt",
        has_environments=True,
    )


def test_configurations_are_those_that_are_listed_and_the_labs_own(write, tmp_path):
    listed = tmp_path / "etc" / "orthanc.json"
    allowed = write('[orthanc]\nsettings = ["etc/orthanc.json", "/etc/orthanc"]')
    lab = tmp_path / "lab"
    lab.mkdir()
    (tmp_path / "link.json").symlink_to(listed)
    (lab / "out.json").symlink_to("/etc/passwd")
    assert allowed.may_edit(listed)
    assert allowed.may_edit(tmp_path / "link.json")
    assert allowed.may_edit(tmp_path / "etc" / ".." / "etc" / "orthanc.json")
    assert allowed.may_edit(Path("/etc/orthanc"))
    assert not allowed.may_edit(Path("/etc/orthanc/orthanc.json"))
    assert not allowed.may_edit(listed.with_name("other.json"))
    assert not write("").may_edit(listed)
    assert not allowed.may_edit(lab / "orthancs" / "x" / "configuration.json")
    assert allowed.may_edit(lab / "orthancs" / "x" / "configuration.json", lab)
    assert not allowed.may_edit(lab / "out.json", lab)


@pytest.mark.parametrize("text", ['settings = "/etc"', "settings = [1]", "files = []"])
def test_a_list_of_configurations_that_is_none_is_an_error(write, text):
    with pytest.raises(OperatorError, match=r"orthanc\."):
        write(f"[orthanc]\n{text}")


def test_an_empty_file_allows_nothing(write, tmp_path):
    assert write("") == Operator(tmp_path / "operator.toml", True)


# --- where it is --------------------------------------------------------------------------------------------


def test_it_is_in_the_users_configuration_folder():
    assert default_path({"HOME": "/home/x"}) == Path("/home/x/.config/pacsconf/operator.toml")
    assert default_path({"HOME": "/home/x", "XDG_CONFIG_HOME": "/c"}) == Path("/c/pacsconf/operator.toml")
    assert default_path({"HOME": "/home/x", "XDG_CONFIG_HOME": "c"}).parent == Path(
        "/home/x/.config/pacsconf"
    )
    assert default_path({"APPDATA": "/a"}, windows=True) == Path("/a/pacsconf/operator.toml")


def test_no_file_at_the_default_place_allows_nothing(tmp_path, repository):
    environ = {"HOME": str(tmp_path), "PACSCONF_CONFIG": ""}
    assert load(environ=environ, root=repository) == Operator(tmp_path / ".config/pacsconf/operator.toml")


def test_a_path_given_goes_before_the_environment(tmp_path, repository):
    path = tmp_path / "mine.toml"
    path.touch(mode=0o600)
    assert load(path, environ={"PACSCONF_CONFIG": "/nowhere"}, root=repository).path == path


def test_a_file_that_is_named_must_be_there(tmp_path, repository):
    missing = tmp_path / "missing.toml"
    with pytest.raises(OperatorError) as caught:
        load(environ={"PACSCONF_CONFIG": str(missing)}, root=repository)
    assert str(caught.value) == f"{missing} cannot be read: No such file or directory"


def test_a_folder_is_no_operator_file(tmp_path, repository):
    with pytest.raises(OperatorError, match=r"is not a plain file|Is a directory"):
        load(tmp_path, environ={}, root=repository)


@pytest.mark.parametrize("mode", [0o620, 0o602])
def test_a_file_that_others_may_write_is_refused(write, tmp_path, mode):
    path = tmp_path / "operator.toml"
    with pytest.raises(OperatorError) as caught:
        write("", mode)
    assert str(caught.value) == f"other users of this machine may change {path} (mode {mode:04o})"
    assert caught.value.fix == f"chmod go-w {path}"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_another_user_is_refused(write, tmp_path):
    path = tmp_path / "operator.toml"
    path.touch()
    os.chown(path, 12345, -1)
    with pytest.raises(OperatorError, match=r"belongs to another user \(uid 12345\)"):
        write("")


def test_a_file_in_the_repository_is_refused(write, repository):
    inside = repository / "sub"
    inside.mkdir()
    with pytest.raises(OperatorError, match="lies in the inventory's repository") as caught:
        write("", path=inside / "operator.toml")
    assert str(inside / "operator.toml") in str(caught.value)


def test_a_link_into_or_out_of_the_repository_is_refused(tmp_path, repository):
    for link, real in [
        (tmp_path / "a.toml", repository / "a.toml"),
        (repository / "b.toml", tmp_path / "b.toml"),
    ]:
        real.touch(mode=0o600)
        link.symlink_to(real)
        with pytest.raises(OperatorError, match="lies in the inventory's repository"):
            load(link, environ={}, root=repository)


def test_a_folder_below_the_repository_still_belongs_to_it(tmp_path, repository):
    (repository / "inventory").mkdir()
    (repository / "operator.toml").touch(mode=0o600)
    with pytest.raises(OperatorError, match="lies in the inventory's repository"):
        load(repository / "operator.toml", environ={}, root=repository / "inventory")


def test_what_it_names_may_not_lie_in_the_repository_either(write):
    with pytest.raises(OperatorError, match="lies in the inventory's repository"):
        write('[age]\nidentity = "hospital/key"')


def test_whose_approval_is_believed_is_not_for_the_repository_to_say(write):
    with pytest.raises(
        OperatorError, match=r"the allowed-signers file, .* lies in the inventory's repository"
    ):
        write('[signatures]\nallowed_signers = "hospital/signers"')


@pytest.mark.parametrize(
    ("key", "what"), [("ca", "the authority of the executor"), ("key", "the executor's key")]
)
def test_whom_workers_are_trusted_by_is_not_for_the_repository_to_say(write, key, what):
    with pytest.raises(OperatorError, match=f"{what}, .* lies in the inventory's repository"):
        write(f'[executor]\n{key} = "hospital/x.pem"')


def test_where_there_is_no_repository_any_place_will_do(tmp_path):
    path = tmp_path / "operator.toml"
    path.touch(mode=0o600)
    assert load(path, environ={}, root=tmp_path).present


def test_files_for_the_executor_are_beside_the_operator_file(write, tmp_path):
    operator = write('[executor]\nca = "ca.pem"\nkey = "/etc/key.pem"')
    assert operator.executor == ExecutorFiles(tmp_path / "ca.pem", None, Path("/etc/key.pem"))
    assert write("").executor == ExecutorFiles()


# --- what it says -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "[secrets]",
            (
                'secrets: unknown key; did you mean "secret"?'
                " (known here: secret, environments, age, signatures, people, orthanc, executor)"
            ),
        ),
        ('[age]\nkey = "x"', "age.key: unknown key (known here: identity)"),
        ('[[secret]]\nFor = "x"', 'secret.1.For: unknown key; did you mean "for"? (known here: ref, for)'),
        ('[[secret]]\nfor = "ldap://h"', "secret.1.ref: is missing"),
        ('[[secret]]\nref = "hunter2"\nfor = "ldap://h"', "secret.1.ref: a secret is named, never"),
        ('[[secret]]\nref = "env:A"\nfor = "h"', "secret.1.for: write scheme://host:port"),
        ('[[secret]]\nref = "env:A"\nfor = "ldap://h/x"', "secret.1.for: only scheme, host and port count"),
        ('[[secret]]\nref = "env:A"\nfor = 5', "secret.1.for: write scheme://host:port"),
        ("secret = 5", "secret: input should be a valid list"),
        ('[environments]\nwrite = "lab"', "environments.write: input should be a valid list"),
        ("[environments]\nwrite = [1]", "environments.write.1: input should be a valid string"),
        ('[environments]\nwrite = ["Lab!"]', "environments.write.1: an environment's name"),
        ("[age]\nidentity = true", "age.identity: input should be a valid string"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_file_and_key_and_no_value(write, tmp_path, text, problem):
    with pytest.raises(OperatorError) as caught:
        write(text)
    head, *lines = str(caught.value).splitlines()
    assert head == f"the operator file {tmp_path / 'operator.toml'} does not stand:"
    assert any(line.strip().startswith(problem) for line in lines), lines
    assert "hunter2" not in str(caught.value)
    assert caught.value.__context__ is None


def test_everything_wrong_is_reported_at_once(write):
    with pytest.raises(OperatorError) as caught:
        write('[[secret]]\nref = "x"\n[age]\nkey = "y"')
    assert len(str(caught.value).splitlines()) == 4


def test_what_is_not_toml_is_said_with_its_line(write):
    with pytest.raises(OperatorError, match=r"is not TOML: .*line 2") as caught:
        write("[age]\nidentity = hunter2")
    assert "hunter2" not in str(caught.value)
    assert caught.value.__context__ is None


def test_what_is_not_text_or_too_large_is_refused(write):
    with pytest.raises(OperatorError, match="is not text in UTF-8"):
        write(b"\xff\xfe")
    with pytest.raises(OperatorError, match="larger than 64 KiB"):
        write("#" * 70_000)


# --- which environments may be written ----------------------------------------------------------------------

HERE = [directory("ldap://127.0.0.1:3890"), MemoryConfig(name="memory", type="memory")]
AWAY = [directory("ldaps://ldap.example.org")]


@pytest.mark.parametrize(
    ("environment", "systems", "allowed"),
    [
        ("lab", HERE, True),
        ("lab", [*HERE, *AWAY], False),
        ("default", HERE, False),
        ("production", AWAY, True),
    ],
)
def test_only_practice_on_this_machine_is_written_without_being_named(environment, systems, allowed):
    operator = Operator(Path("operator.toml"), writes=frozenset({"production"}))
    assert operator.may_write(environment, systems) is allowed


def test_a_refusal_shows_the_lines_that_would_allow_it():
    with pytest.raises(OperatorError) as caught:
        Operator(Path("/etc/op.toml")).require_write("production", AWAY)
    assert str(caught.value) == "the operator file does not let environment production be written from here"
    assert caught.value.fix == (
        'If it should be, write in /etc/op.toml:\n\n[environments]\nwrite = ["production"]'
    )


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('[environments]\nwrite = ["test"]\n', 'write = ["production", "test"]'),
        ("[environments]\n", 'write = ["production"]'),
    ],
    ids=["others are allowed", "nothing is"],
)
def test_a_table_that_is_there_is_not_to_be_written_a_second_time(write, tmp_path, text, line):
    operator = write(text)
    with pytest.raises(OperatorError) as caught:
        operator.require_write("production", AWAY)
    path = tmp_path / "operator.toml"
    assert caught.value.fix == f"If it should be, in [environments] of {path} the line must read:\n\n{line}"
    write(f"[environments]\n{line}\n").require_write("production", AWAY)


def test_lines_for_a_file_without_the_table_can_be_appended(write):
    operator = write('[age]\nidentity = "key.txt"\n')
    with pytest.raises(OperatorError) as caught:
        operator.require_write("production", AWAY)
    assert caught.value.fix.partition(":\n\n")[2] == '[environments]\nwrite = ["production"]'


def test_a_lab_that_reaches_further_is_told_so():
    with pytest.raises(
        OperatorError, match="environment lab be written from here, which is more than this machine"
    ):
        Operator(Path("op.toml")).require_write("lab", AWAY)


# --- the first one ------------------------------------------------------------------------------------------


def test_the_first_file_says_what_was_answered(write):
    operator = write(first_file([LDAP, LDAP], ["production", "default"]))
    assert operator.bindings == (LDAP,)
    assert operator.writes == {"default", "production"}


def test_the_first_file_without_answers_allows_nothing_and_shows_how(write, tmp_path):
    text = first_file([], [])
    assert write(text) == Operator(tmp_path / "operator.toml", True, has_environments=True)
    uncommented = "\n".join(
        line.removeprefix("# ") for line in text.splitlines() if line[:3] in ("# [", "# r", "# f")
    )
    assert tomllib.loads(uncommented)["secret"] == [
        {"ref": "env:PACSCONF_LDAP_PASSWORD", "for": "ldaps://ldap.example.org:636"}
    ]


def test_the_first_file_is_written_for_this_user_alone_and_never_again(tmp_path):
    path = tmp_path / "deep" / "pacsconf" / "operator.toml"
    umask = os.umask(0)
    try:
        write_first(path, "one")
    finally:
        os.umask(umask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    with pytest.raises(OperatorError, match="is there already and stays as it is"):
        write_first(path, "two")
    assert path.read_text() == "one"


def test_a_place_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OperatorError, match=r"/file/operator.toml cannot be written: File exists"):
        write_first(tmp_path / "file" / "operator.toml", "")


def test_bindings_are_added_behind_what_a_file_says(write, tmp_path, repository):
    path = write('[environments]\nwrite = ["lab"]').path
    add_bindings(path, [LDAP])

    operator = load(path, environ={}, root=repository)
    assert (operator.writes, operator.bindings) == ({"lab"}, (LDAP,))


def test_a_file_that_would_not_stand_with_them_gets_no_bindings(write):
    path = write("secret = []").path

    with pytest.raises(OperatorError, match="is not TOML"):
        add_bindings(path, [LDAP])
    assert path.read_text() == "secret = []"


def test_the_allowed_signers_file_is_beside_the_operator_file_and_nobody_elses_to_write(write, tmp_path):
    operator = write('[signatures]\nallowed_signers = "signers"')
    (tmp_path / "signers").write_text("")
    (tmp_path / "signers").chmod(0o644)
    assert operator.signers() == tmp_path / "signers"
    (tmp_path / "signers").chmod(0o666)
    with pytest.raises(OperatorError, match="signers"):
        operator.signers()
    (tmp_path / "signers").unlink()
    with pytest.raises(OperatorError, match="cannot be read"):
        operator.signers()


def test_without_one_no_signature_is_looked_at(write):
    assert write("").signers() is None
