"""Whether a received evidence pack holds: each thing that is looked at is one line. Nothing of it is written here.

The order is that of trust: the bundle is whole; who signed it; its manifest names exactly the files that it has;
the record that came with it leads to the audit, unbroken; and the record here, where there is one, leads to that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from pacsconf.core.chain import Link, breaks, digest_of
from pacsconf.core.errors import RecordError
from pacsconf.policy import evidence_pack
from pacsconf.policy.audit import Audit
from pacsconf.policy.audit_json import audit_from_lines
from pacsconf.policy.evidence_pack import AUDIT, CHANGESETS, SIGNATURE, Check, Manifest, Verified, packed_name
from pacsconf.record import chain
from pacsconf.record._received import Apart, Leaf, received
from pacsconf.record.audits import LAST
from pacsconf.record.contents import EVIDENCE, entry_from_file
from pacsconf.record.packing import record_refs
from pacsconf.record.reader import RecordReader

_RECORD, _PACK = "refs/received/record", "refs/received/pack"
_PREFIXES = tuple(ref.removesuffix("x") for ref in record_refs("x"))


Own = Callable[[str], RecordReader | None]
"""The record here of an environment, if there is one."""


def verified(file: Path, allowed: Path | None, own: Own) -> Verified:
    """What is to be made of a file that is said to be an evidence pack.

    `allowed` names those whose signature counts, in the format of ssh-keygen.

    Raises: RecordError when it is no bundle that can be taken in.
    """
    with TemporaryDirectory(prefix="pacsconf-") as folder:
        ours = Path(folder, "received.bundle")
        environment = _environment(received(file, ours))
        git = Apart.make(Path(folder))
        try:
            git.take(ours, dict(zip(record_refs(environment), (_RECORD, _PACK), strict=True)))
            return _Look(git, environment, allowed, own).all()
        finally:
            git.close()


def _environment(refs: Mapping[str, str]) -> str:
    """The environment that a bundle is of, by its references.

    Raises: RecordError when it has others than an evidence pack.
    """
    name = next((ref.removeprefix(_PREFIXES[0]) for ref in refs if ref.startswith(_PREFIXES[0])), "")
    if not evidence_pack.is_environment(name) or refs.keys() != set(record_refs(name)):
        raise RecordError(
            f"it is a bundle of git, but no evidence pack: it holds {', '.join(map(repr, sorted(refs)))[:200]}"
        )
    return name


class _Look:
    """The checks of one pack, which need each other's findings."""

    def __init__(self, git: Apart, environment: str, allowed: Path | None, own: Own) -> None:
        self._git = git
        self._environment = environment
        self._allowed = allowed
        self._own = own
        self._record, self._pack = git.tip(_RECORD), git.tip(_PACK)

    def all(self) -> Verified:
        checks = [Check("bundle", "holds", "whole, every object checked"), self._signature()]
        try:
            leaves = self._git.leaves(self._pack)
            stated = self._stated(leaves)
            files = {path: self._git.read(self._pack, path) for path in leaves}
        except RecordError as exc:
            return Verified((*checks, Check("manifest", "fails", exc.message)))
        checks.append(
            Check("manifest", "holds", f"audit {stated.audit} of {stated.environment}, by {stated.by}")
        )
        checks.append(_listed(stated, files))
        for what, look in (
            ("record", self._of_record),
            ("audit", self._of_audit),
            ("chain", self._of_chain),
            ("own record", self._of_own),
        ):
            try:
                checks.append(look(stated, files))
            except RecordError as exc:
                checks.append(Check(what, "fails", exc.message))
        return Verified(tuple(checks), stated, files)

    def _signature(self) -> Check:
        if not self._git.is_signed(self._pack):
            return Check(SIGNATURE, "not known" if self._allowed is None else "fails", "it is not signed")
        if self._allowed is None:
            text = "it is signed, but the operator file names no allowed signers to hold that against"
            return Check(SIGNATURE, "not known", text)
        found = self._git.signature(self._pack, self._allowed)
        if found.verdict == "G" and found.key.startswith("SHA256:"):
            return Check(SIGNATURE, "holds", f"by {found.principal} with {found.key}")
        return Check(SIGNATURE, "fails", "not by a key that the allowed-signers file has")

    def _stated(self, leaves: Mapping[str, Leaf]) -> Manifest:
        if (
            evidence_pack.NAME not in leaves
            or leaves[evidence_pack.NAME].size > evidence_pack.LARGEST_MANIFEST
        ):
            raise RecordError(f"it has no {evidence_pack.NAME} that could be one")
        stated = evidence_pack.from_bytes(self._git.read(self._pack, evidence_pack.NAME))
        if stated.environment != self._environment:
            raise RecordError(f"it is of {stated.environment}, the bundle of {self._environment}")
        return stated

    def _of_record(self, stated: Manifest, _: object) -> Check:
        if self._git.parents(self._pack) != (self._record,) or stated.record != self._record:
            return Check("record", "fails", "the record that came with it is not the one that it was made on")
        return Check("record", "holds", f"it was made on commit {self._record[:10]}, which came with it")

    def _of_audit(self, stated: Manifest, files: Mapping[str, bytes]) -> Check:
        lines = files.get(AUDIT, b"")
        audit = audit_from_lines(lines)
        if not self._git.descends(self._record, stated.entry):
            return Check(
                "audit", "fails", f"commit {stated.entry[:10]}, which recorded it, is not in the record"
            )
        entry = entry_from_file(self._git.read(stated.entry, "record.json"))
        recorded = self._git.read(stated.entry, EVIDENCE + LAST)
        if (entry.type, entry.audit) != ("audit", audit.id) or recorded != lines or not _agree(audit, stated):
            return Check("audit", "fails", f"it is not the audit that commit {stated.entry[:10]} recorded")
        if not self._git.descends(stated.entry, audit.chain.head):
            return Check("audit", "fails", "the head of the record that it was made on is not in the record")
        return Check("audit", "holds", f"recorded by commit {stated.entry[:10]}")

    def _of_chain(self, stated: Manifest, files: Mapping[str, bytes]) -> Check:
        ended = list(chain.ended(self._git, self._record))
        links = tuple(link for link, _ in ended)[::-1]
        wrong = [
            *(f"change set {one.changeset} {one.why}" for one in breaks(links)),
            *chain.flaws(self._git, self._record, links, stated.chain),
            *_end_flaws(self._git, stated),
            *_other_changesets(files, links),
        ]
        if wrong:
            return Check("chain", "fails", "; ".join(wrong[:3]))
        if not links:
            return Check("chain", "holds", "nothing was applied yet")
        return Check("chain", "holds", f"{_counted(len(links))}, each naming the one before it")

    def _of_own(self, stated: Manifest, _: object) -> Check:
        own = self._own(stated.environment)
        if own is None:
            return Check("own record", "not known", f"there is no record of {stated.environment} here")
        head = own.head()
        if own.has(self._record):
            return Check("own record", "holds", f"commit {self._record[:10]} is in the record here")
        if self._git.descends(self._record, head):
            return Check("own record", "holds", "it goes on from the record here, which is older")
        text = (
            f"the record here does not lead to commit {self._record[:10]}: this one or that one was rewritten"
        )
        return Check("own record", "fails", text)


def _counted(changesets: int) -> str:
    return "1 change set" if changesets == 1 else f"{changesets} change sets"


def _listed(stated: Manifest, files: Mapping[str, bytes]) -> Check:
    """Whether the files are those of the manifest, each as it says."""
    there = files.keys() - {evidence_pack.NAME}
    wrong = [
        *(f"{path} is missing" for path in sorted(stated.files.keys() - there)),
        *(f"{path!r:.200} is not listed" for path in sorted(there - stated.files.keys())),
        *(
            f"{path} is not as it was"
            for path, one in sorted(stated.files.items())
            if path in there and (len(files[path]), digest_of(files[path])) != (one.size, one.digest)
        ),
    ]
    if wrong:
        more = f"; {len(wrong) - 3} more" if len(wrong) > 3 else ""
        return Check("files", "fails", "; ".join(wrong[:3]) + more)
    return Check("files", "holds", f"{len(there)} files, each with the SHA-256 that is listed")


def _agree(audit: Audit, stated: Manifest) -> bool:
    said = (stated.audit, stated.environment, stated.inventory_commit, stated.inventory, stated.policies)
    return said == (audit.id, audit.environment, audit.commit, audit.inventory, audit.policies) and (
        audit.chain == stated.chain
    )


def _end_flaws(git: Apart, stated: Manifest) -> Iterator[str]:
    """Whether the chain ended, at the head that was audited, where the audit says."""
    if not stated.chain.head:
        yield "the audit does not say where it ended"
    elif git.descends(git.tip(_RECORD), stated.chain.head) and (
        chain.end(git, stated.chain.head) != stated.chain
    ):
        yield "the audit says that it ended elsewhere"


def _other_changesets(files: Mapping[str, bytes], links: tuple[Link, ...]) -> Iterator[str]:
    """Change sets of the pack that are not those of the record."""
    told = {f"{CHANGESETS}/{packed_name(link.id)}.json": link.digest for link in links}
    packed = {path: digest_of(data) for path, data in files.items() if path.startswith(f"{CHANGESETS}/")}
    for path in sorted({path for path, _ in told.items() ^ packed.items()}):
        yield f"{path} is not as the record has it"
