"""Evidence packs: written as one bundle, checked apart from everything, and refused however they were spoilt."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import zlib
from dataclasses import replace
from pathlib import Path

import pytest

from pacsconf.core.errors import RecordError
from pacsconf.policy import evidence_pack
from pacsconf.policy.audit_json import audit_to_lines
from pacsconf.record import _received
from pacsconf.record.laying_out import lay_out
from pacsconf.record.packing import record_refs
from pacsconf.record.verifying import verified
from tests.audits import audit_of

REPORT = {"report/report.html": b"<p>fine</p>\n", "policies/house.yaml": b"pack: house\n"}
RECORD, PACK = record_refs("lab")


@pytest.fixture
def key(tmp_path):
    return make_key(tmp_path / "key")


def make_key(path: Path) -> Path:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True)
    return path


@pytest.fixture
def allowed(tmp_path, key):
    path = tmp_path / "allowed"
    path.write_text(f"mweber@example.org {key.with_suffix('.pub').read_text()}")
    return path


@pytest.fixture
def record(alone, states, work, clock):
    """A record with two change sets, a signed acceptance run and an audit of it."""
    record = alone.record()
    record.init(states)
    for _ in range(2):
        clock.advance(minutes=1)
        opened = replace(work.changeset, id=f"{clock.time:%Y%m%d-%H%M%S}-aaaa")
        with record.begin(opened, record.state()) as lock:
            lock.close(outcomes=work.outcomes, owned=work.owned)
    record.keep("commission", {"commissioning/ct-1/20261124.json": b"{}\n"}, reason="", count=1)
    record.audited(audit_to_lines(audit_of({("PACS-AE-001", "ct-1"): "fail"}, chain=record.chain())))
    return record


@pytest.fixture
def sign(alone, key):
    for name, value in (("commit.gpgsign", "true"), ("gpg.format", "ssh"), ("user.signingkey", str(key))):
        alone.git("config", name, value)


def write(record, out: Path, files=REPORT, left_out=()):
    packing = record.packing(record.audit())
    return packing.write({**packing.of_record(), **files}, out, version="0.1", left_out=left_out)


@pytest.fixture
def bundle(alone, record, sign, tmp_path):
    out = tmp_path / "evidence.bundle"
    assert write(alone.record(), out).signed is True
    return out


def nowhere(_environment):
    return None


def told(found, verdict="fails"):
    return {one.what: one.text for one in found.checks if one.verdict == verdict}


# --- a good one ---------------------------------------------------------------------------------------------------


def test_a_pack_holds_where_it_was_made_and_anywhere(record, bundle, allowed):
    here = verified(bundle, allowed, lambda _: record)
    assert {one.what: one.verdict for one in here.checks} == dict.fromkeys(
        ("bundle", "signature", "manifest", "files", "record", "audit", "chain", "own record"), "holds"
    )
    assert (here.holds, here.signed) == (True, True)
    there = verified(bundle, allowed, nowhere)
    assert told(there, "not known") == {"own record": "there is no record of lab here"}
    assert told(there, "holds")["signature"].startswith("by mweber@example.org with SHA256:")
    assert told(there, "holds")["chain"] == "2 change sets, each naming the one before it"


def test_it_holds_all_that_is_promised(record, bundle, allowed):
    found = verified(bundle, allowed, nowhere)
    assert sorted(found.files) == sorted(
        [
            *REPORT,
            "acceptance/ct-1/20261124.json",
            "audit/audit.jsonl",
            "audit/trend.jsonl",
            "changesets/20261124-141305-aaaa.json",
            "changesets/20261124-141405-aaaa.json",
            "manifest.json",
        ]
    )
    assert found.files["audit/audit.jsonl"] == record.audit().lines
    listed = json.loads(found.files["manifest.json"])
    assert listed["audit"]["id"] == "20261101-120000"
    assert listed["files"].keys() == found.files.keys() - {"manifest.json"}


def test_nothing_is_left_in_the_clone(alone, bundle):
    assert alone.git("for-each-ref", "--format=%(refname)").splitlines() == [
        "refs/heads/main",
        "refs/heads/pacsconf/lab",
    ]
    assert alone.git("status", "--porcelain") == ""


def test_git_alone_can_read_it_too(bundle, tmp_path):
    other = tmp_path / "other"
    subprocess.run(["git", "clone", "-q", "-b", "pacsconf-evidence/lab", str(bundle), str(other)], check=True)
    assert (other / "report" / "report.html").read_bytes() == REPORT["report/report.html"]


def test_a_later_record_holds_an_earlier_pack_and_an_older_one_too(record, bundle, allowed, alone):
    earlier = record.head()
    record.hold({}, reason="later")
    assert told(verified(bundle, allowed, lambda _: record)) == {}
    alone.git("update-ref", "refs/heads/pacsconf/lab", f"{earlier}~1")
    found = verified(bundle, allowed, lambda _: alone.record())
    assert told(found, "holds")["own record"] == "it goes on from the record here, which is older"


def test_its_files_are_laid_out_once_it_holds(bundle, allowed, tmp_path):
    into = tmp_path / "into" / "here"
    lay_out(verified(bundle, allowed, nowhere).files, into)
    assert (into / "report" / "report.html").read_bytes() == REPORT["report/report.html"]
    with pytest.raises(RecordError, match="is not empty"):
        lay_out({"a": b""}, into)


@pytest.mark.parametrize(
    "name", ["../x", "/etc/x", "a/../../x", ".git/config", "a\\..\\x", "a//b", "", "a/.x"]
)
def test_a_name_that_leads_elsewhere_is_laid_out_nowhere(name, tmp_path):
    with pytest.raises(RecordError, match="is no name"):
        lay_out({name: b"x"}, tmp_path / "into")
    assert not (tmp_path / "into").exists()


def test_a_record_without_change_sets_has_evidence_too(alone, tmp_path):
    record = alone.record()
    record.init({})
    record.audited(audit_to_lines(audit_of({("PACS-AE-001", "ct-1"): "pass"}, chain=record.chain())))
    write(record, tmp_path / "evidence.bundle")
    found = verified(tmp_path / "evidence.bundle", None, nowhere)
    assert told(found, "holds")["chain"] == "nothing was applied yet"


def test_nothing_is_written_over(record, tmp_path):
    out = tmp_path / "there"
    out.write_text("mine")
    with pytest.raises(RecordError, match="is there already"):
        write(record, out)
    assert out.read_text() == "mine"


@pytest.mark.parametrize(
    "path", ["a.yaml", "Röntgen/ö.yaml", ".hidden", "-x", "~x", "a b/c;d", "=x", "%41", "con", "a/..b"]
)
def test_any_name_of_a_file_is_spelt_plainly(path):
    assert evidence_pack.is_plain(evidence_pack.packed_name(path))
    assert evidence_pack.packed_name(path).count("/") == path.count("/")


# --- signatures ---------------------------------------------------------------------------------------------------


def test_without_allowed_signers_it_holds_but_nobody_is_known(bundle):
    found = verified(bundle, None, nowhere)
    assert (found.holds, found.signed) == (True, False)
    assert "names no allowed signers" in told(found, "not known")["signature"]


def test_one_that_is_not_signed_is_told(record, tmp_path, allowed):
    out = tmp_path / "evidence.bundle"
    assert write(record, out).signed is False
    assert told(verified(out, allowed, nowhere)) == {"signature": "it is not signed"}
    found = verified(out, None, nowhere)
    assert (found.holds, found.signed) == (True, False)


def test_another_signer_is_told(bundle, tmp_path):
    other = tmp_path / "others"
    other.write_text(f"mweber@example.org {make_key(tmp_path / 'other').with_suffix('.pub').read_text()}")
    assert told(verified(bundle, other, nowhere)) == {
        "signature": "not by a key that the allowed-signers file has"
    }


# --- spoilt ones: what cannot be taken in -------------------------------------------------------------------------


@pytest.mark.parametrize("keep", [0, 10, 40, 200, 700, -30])
def test_one_that_was_cut_short_is_refused(bundle, allowed, tmp_path, keep):
    cut = tmp_path / "cut"
    cut.write_bytes(bundle.read_bytes()[:keep])
    with pytest.raises(RecordError):
        verified(cut, allowed, nowhere)


@pytest.mark.parametrize("at", [0.3, 0.6, 0.95])
def test_one_with_a_byte_that_is_another_is_refused(bundle, allowed, tmp_path, at):
    data = bytearray(bundle.read_bytes())
    place = data.index(b"\n\nPACK") + int((len(data) - data.index(b"\n\nPACK")) * at)
    data[place] ^= 0x55
    spoilt = tmp_path / "spoilt"
    spoilt.write_bytes(data)
    with pytest.raises(RecordError, match="git cannot take it"):
        verified(spoilt, allowed, nowhere)


def test_a_repository_is_not_opened(alone, allowed, tmp_path):
    alone.git("config", "core.fsmonitor", f"touch {tmp_path}/ran; true")
    for place in (alone.path, alone.path / ".git"):
        with pytest.raises(RecordError, match="is a folder"):
            verified(place, allowed, nowhere)
    assert not (tmp_path / "ran").exists()


def test_what_is_no_bundle_is_refused(allowed, tmp_path):
    for name, data in {"text": b"hello\n", "empty": b"", "zip": b"PK\x03\x04" * 99}.items():
        (tmp_path / name).write_bytes(data)
        with pytest.raises(RecordError, match="is no bundle of git"):
            verified(tmp_path / name, allowed, nowhere)
    with pytest.raises(RecordError, match="cannot be read"):
        verified(tmp_path / "nothing", allowed, nowhere)


def test_what_would_never_end_is_not_read(allowed, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(RecordError, match="no plain file"):
        verified(tmp_path / "pipe", allowed, nowhere)
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(_received.LARGEST + 1)
    with pytest.raises(RecordError, match="MiB long"):
        verified(tmp_path / "huge", allowed, nowhere)


def test_one_that_claims_more_objects_than_there_may_be_is_refused(bundle, allowed, tmp_path):
    data = bundle.read_bytes()
    at = data.index(b"\n\nPACK") + 10
    (tmp_path / "many").write_bytes(data[:at] + b"\xff\xff\xff\xff" + data[at + 4 :])
    with pytest.raises(RecordError, match="more objects than any"):
        verified(tmp_path / "many", allowed, nowhere)


def test_one_that_needs_what_it_does_not_hold_is_refused(alone, record, bundle, allowed, tmp_path):
    part = tmp_path / "part"
    alone.git("bundle", "create", "-q", str(part), "pacsconf/lab~1..pacsconf/lab")
    with pytest.raises(RecordError, match="needs commits that it does not hold"):
        verified(part, allowed, nowhere)


@pytest.mark.parametrize(
    "ref",
    [
        "refs/heads/--upload-pack=touch",
        "refs/heads/pacsconf/../../x",
        "refs/heads/pacsconf/lab;id",
        "HEAD",
        "refs/heads/pacsconf/LAB",
        "refs/replace/" + "0" * 40,
    ],
)
def test_names_that_no_pack_has_never_reach_git(bundle, allowed, tmp_path, ref):
    hostile = tmp_path / "hostile"
    hostile.write_bytes(bundle.read_bytes().replace(RECORD.encode(), ref.encode(), 1))
    with pytest.raises(RecordError, match="but no evidence pack: it holds"):
        verified(hostile, allowed, nowhere)


def test_a_name_with_a_control_character_is_shown_as_an_escape(bundle, allowed, tmp_path):
    hostile = tmp_path / "hostile"
    hostile.write_bytes(bundle.read_bytes().replace(RECORD.encode(), b"refs/heads/\x1b[2J", 1))
    with pytest.raises(RecordError) as refused:
        verified(hostile, allowed, nowhere)
    assert "\x1b" not in refused.value.message


def test_any_other_bundle_is_no_pack(alone, allowed, tmp_path):
    alone.git("bundle", "create", "-q", str(tmp_path / "main"), "main")
    with pytest.raises(RecordError, match="it holds 'refs/heads/main'"):
        verified(tmp_path / "main", allowed, nowhere)


# --- spoilt ones: what was made anew ------------------------------------------------------------------------------


@pytest.fixture
def forged(alone, record, bundle, tmp_path, key):
    """Makes the pack anew with other files, as somebody with a key can; `change` is given its files."""

    def forge(change, *, parent: str | None = None, record_head: str | None = None, modes=None) -> Path:
        work = tmp_path / "forge.git"
        subprocess.run(["git", "clone", "-q", "--bare", str(bundle), str(work)], check=True)

        def git(*args: str, stdin: bytes = b"") -> str:
            done = subprocess.run(
                ["git", "-C", str(work), *args], input=stdin, capture_output=True, check=True
            )
            return done.stdout.decode().strip()

        names = git("ls-tree", "-r", "--name-only", PACK).split()
        files = {
            name: subprocess.run(
                ["git", "-C", str(work), "cat-file", "blob", f"{PACK}:{name}"],
                capture_output=True,
                check=True,
            ).stdout
            for name in names
        }
        change(files)
        head = git("rev-parse", RECORD)
        index = {**os.environ, "GIT_INDEX_FILE": str(tmp_path / "forged-index")}
        rows = "".join(
            f"{(modes or {}).get(name, '100644')} "
            f"{git('hash-object', '-w', '--no-filters', '--stdin', stdin=data)}\t{name}\n"
            for name, data in files.items()
        )
        subprocess.run(
            ["git", "-C", str(work), "update-index", "--index-info"],
            input=rows.encode(),
            env=index,
            check=True,
        )
        tree = subprocess.run(
            ["git", "-C", str(work), "write-tree", "--missing-ok"], env=index, capture_output=True, check=True
        ).stdout.decode().strip()  # fmt: skip
        settings = ("-c", "gpg.format=ssh", "-c", f"user.signingkey={key}")
        commit = git(*settings, "commit-tree", "-S", "-p", parent or head, "-m", "forged", tree)
        git("update-ref", PACK, commit)
        git("update-ref", RECORD, record_head or head)
        out = tmp_path / "forged.bundle"
        git("bundle", "create", "-q", str(out), RECORD, PACK)
        return out

    return forge


def listed_anew(files):
    """The manifest as somebody would write it who altered files."""
    body = json.loads(files["manifest.json"])
    body["files"] = {
        path: {"sha256": one.digest, "bytes": one.size}
        for path, one in evidence_pack.filed({k: v for k, v in files.items() if k != "manifest.json"}).items()
    }
    files["manifest.json"] = json.dumps(body).encode()


def test_what_is_forged_as_it_was_holds(forged, allowed):
    assert told(verified(forged(lambda files: None), allowed, nowhere)) == {}


def test_a_file_that_was_altered_is_named(forged, allowed):
    def change(files):
        files["report/report.html"] = b"<p>all is fine</p>\n"

    found = verified(forged(change), allowed, nowhere)
    assert told(found) == {"files": "report/report.html is not as it was"}


def test_files_that_are_missing_or_too_many_are_named(forged, allowed):
    def change(files):
        del files["policies/house.yaml"]
        files["report/more.html"] = b""

    found = verified(forged(change), allowed, nowhere)
    assert told(found) == {"files": "policies/house.yaml is missing; 'report/more.html' is not listed"}


def test_an_audit_that_was_altered_is_not_the_recorded_one(forged, allowed):
    def change(files):
        files["audit/audit.jsonl"] = files["audit/audit.jsonl"].replace(b'"fail"', b'"pass"')
        listed_anew(files)

    failing = told(verified(forged(change), allowed, nowhere))
    assert failing.keys() == {"audit"}
    assert "it is not the audit that commit" in failing["audit"]


def test_a_change_set_that_was_altered_is_not_that_of_the_record(forged, allowed):
    def change(files):
        path = "changesets/20261124-141305-aaaa.json"
        files[path] = files[path].replace(b"RAD-118", b"RAD-119")
        listed_anew(files)

    failing = told(verified(forged(change), allowed, nowhere))
    assert failing == {"chain": "changesets/20261124-141305-aaaa.json is not as the record has it"}


@pytest.mark.parametrize("what", ["head", "changeset", "digest", "length"])
def test_another_end_of_the_chain_is_told(forged, allowed, what):
    def change(files):
        body = json.loads(files["manifest.json"])
        body["chain"][what] = 7 if what == "length" else "0" * 40
        files["manifest.json"] = json.dumps(body).encode()

    failing = told(verified(forged(change), allowed, nowhere))
    assert failing.keys() == {"audit", "chain"}


def test_another_record_than_it_was_made_on_is_told(forged, allowed, record):
    head = record.head()
    failing = told(verified(forged(lambda _: None, parent=f"{head}~1"), allowed, nowhere))
    assert failing == {"record": "the record that came with it is not the one that it was made on"}


def test_a_record_that_was_rewritten_is_told_where_there_is_another(forged, allowed, record, alone):
    bundle = forged(lambda _: None)
    other = alone.git("commit-tree", "-p", "pacsconf/lab~3", "-m", "another way", "pacsconf/lab~3^{tree}")
    alone.git("update-ref", "refs/heads/pacsconf/lab", other)
    failing = told(verified(bundle, allowed, lambda _: record))
    assert failing.keys() == {"own record"}
    assert "was rewritten" in failing["own record"]


@pytest.mark.parametrize(
    "spoilt",
    [
        b"",
        b"[]",
        b"null",
        b"[" * 200_000,
        b'{"kind": "pacsconf evidence pack", "format_version": 99}',
        b'{"kind": "other"}',
    ],
    ids=["empty", "list", "null", "deep", "newer", "other"],
)
def test_a_manifest_that_is_none_is_told(forged, allowed, spoilt):
    def change(files):
        files["manifest.json"] = spoilt

    failing = told(verified(forged(change), allowed, nowhere))
    assert failing.keys() == {"manifest"}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("files", {"../x": {"sha256": "0" * 64, "bytes": 1}}),
        ("files", {"a": {"sha256": "0" * 64, "bytes": 1}, "A": {"sha256": "0" * 64, "bytes": 1}}),
        ("files", {"a": {"sha256": "x", "bytes": 1}}),
        ("files", {"a": {"sha256": "0" * 64, "bytes": -1}}),
        ("record", "HEAD"),
        ("environment", "../x"),
        ("environment", "other"),
        ("left_out", [7]),
    ],
    ids=["leads out", "alike", "digest", "length", "record", "path", "another", "number"],
)
def test_a_manifest_that_says_what_cannot_be_is_told(forged, allowed, field, value):
    def change(files):
        files["manifest.json"] = json.dumps({**json.loads(files["manifest.json"]), field: value}).encode()

    assert told(verified(forged(change), allowed, nowhere)).keys() == {"manifest"}


@pytest.mark.parametrize(
    ("mode", "words"), [("120000", "a link"), ("100755", "a program")], ids=["link", "program"]
)
def test_a_link_or_a_program_is_told(forged, allowed, mode, words):
    def change(files):
        files["report/x"] = b"/etc/passwd"

    failing = told(verified(forged(change, modes={"report/x": mode}), allowed, nowhere))
    assert words in failing["manifest"]


def test_a_submodule_is_told(forged, allowed):
    def change(files):
        files["sub"] = b""

    failing = told(verified(forged(change, modes={"sub": "160000"}), allowed, nowhere))
    assert "a submodule" in failing["manifest"]


def test_more_than_there_may_be_is_not_laid_open(forged, allowed, monkeypatch):
    monkeypatch.setattr(_received, "MOST_ENTRIES", 5)
    failing = told(verified(forged(lambda _: None), allowed, nowhere))
    assert "more files" in failing["manifest"]


def test_folders_without_end_are_not_laid_open(alone, record, bundle, allowed, tmp_path, key):
    """A tree that holds another one ten times over, thirty deep: it has more files than atoms, in a kilobyte."""
    work = tmp_path / "bomb.git"
    subprocess.run(["git", "clone", "-q", "--bare", str(bundle), str(work)], check=True)

    def git(*args: str, stdin: str = "") -> str:
        return subprocess.run(
            ["git", "-C", str(work), *args], input=stdin, capture_output=True, text=True, check=True
        ).stdout.strip()

    blob = git("hash-object", "-w", "--stdin", stdin="x")
    tree = git("mktree", stdin="".join(f"100644 blob {blob}\tf{n}\n" for n in range(10)))
    for _ in range(30):
        tree = git("mktree", stdin="".join(f"040000 tree {tree}\td{n}\n" for n in range(10)))
    commit = git("commit-tree", "-p", RECORD, "-m", "bomb", tree)
    git("update-ref", PACK, commit)
    out = tmp_path / "bomb.bundle"
    git("bundle", "create", "-q", str(out), RECORD, PACK)
    failing = told(verified(out, None, nowhere))
    assert "than any evidence pack" in failing["manifest"]


def test_deltas_that_would_take_all_memory_are_not_unpacked(allowed, tmp_path, monkeypatch):
    """A blob of 16 MB of nothing, and one that copies it two hundred times: three gigabytes, in two kilobytes."""
    monkeypatch.setattr(_received, "MOST_MEMORY", 512 << 20)
    whole = (1 << 24) - 1
    delta = b"\xff\xff\xff\x07" + varint(200 * whole) + b"\xf0\xff\xff\xff" * 200
    first = b"\xbf\xff\xff\x3f" + zlib.compress(bytes(whole))
    kind = bytes([0x80 | 6 << 4 | len(delta) & 15, len(delta) >> 4])
    second = kind + offset(len(first)) + zlib.compress(delta)
    packed = b"PACK\0\0\0\2\0\0\0\2" + first + second
    digest = hashlib.sha1(packed, usedforsecurity=False).digest()
    blob = hashlib.sha1(b"blob %d\0" % whole + bytes(whole), usedforsecurity=False).hexdigest()
    head = f"# v2 git bundle\n{blob} {RECORD}\n{blob} {PACK}\n\n"
    (tmp_path / "bomb").write_bytes(head.encode() + packed + digest)
    with pytest.raises(RecordError, match=r"git cannot take it: .*memory"):
        verified(tmp_path / "bomb", allowed, nowhere)


def varint(number: int) -> bytes:
    """A size as deltas have it."""
    return bytes([0x80 | number & 0x7F]) + varint(number >> 7) if number > 0x7F else bytes([number])


def offset(number: int) -> bytes:
    """How far before a delta its base is."""
    rest = b""
    while number > 0x7F:
        rest, number = bytes([number & 0x7F | (0x80 if rest else 0)]) + rest, (number >> 7) - 1
    return bytes([number | (0x80 if rest else 0)]) + rest


def test_more_than_may_be_read_is_not(bundle, allowed, monkeypatch):
    monkeypatch.setattr(_received.Apart, "_left", 1000)
    assert "unpacked" in told(verified(bundle, allowed, nowhere))["manifest"]


def test_the_environment_of_the_process_does_not_matter(bundle, allowed, tmp_path, monkeypatch, alone):
    (tmp_path / "hooks").mkdir()
    hook = tmp_path / "hooks" / "reference-transaction"
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    hook.chmod(0o755)
    config = tmp_path / "home" / ".gitconfig"
    config.write_text(
        config.read_text() + f"[core]\n\thooksPath = {tmp_path}/hooks\n[protocol]\n\tallow = never\n"
    )
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    monkeypatch.setenv("GIT_DIR", str(alone.path / ".git"))
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", str(tmp_path / "hooks"))
    monkeypatch.setenv("GIT_WORK_TREE", str(tmp_path))
    assert told(verified(bundle, allowed, nowhere)) == {}
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GIT_CONFIG_COUNT", "several"),
        ("GIT_SHALLOW_FILE", "/etc/hostname"),
        ("GIT_GRAFT_FILE", "/etc/hostname"),
        ("GIT_ALLOW_PROTOCOL", "ssh"),
    ],
)
def test_nothing_that_git_heeds_is_taken_from_around(bundle, allowed, monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    assert told(verified(bundle, allowed, nowhere)) == {}


def test_settings_from_around_do_not_say_who_checks_signatures(bundle, allowed, monkeypatch, tmp_path):
    program = tmp_path / "checks"
    program.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    program.chmod(0o755)
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "gpg.ssh.program")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", str(program))
    assert told(verified(bundle, allowed, nowhere)) == {}
    assert not (tmp_path / "ran").exists()
