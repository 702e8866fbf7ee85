"""An evidence pack: files of an audit as a commit on top of the record, written as one bundle of git.

The commit is made in the clone, where it is signed as git signs there, and no reference leads to it. The bundle is
made in a repository of its own, which borrows the clone's objects, so that nothing here gets another branch.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from pacsconf.core.errors import RecordError
from pacsconf.policy import evidence_pack
from pacsconf.policy.evidence_pack import AUDIT, CHANGESETS, Manifest, packed_name
from pacsconf.record import chain
from pacsconf.record._received import Apart
from pacsconf.record.audits import TREND, RecordedAudit
from pacsconf.record.branch import Branch, one_line, stamp
from pacsconf.record.contents import EVIDENCE, REVIEWS

_ACCEPTANCE = "commissioning/"
_BESIDE: Mapping[str, str] = {REVIEWS: f"reviews/{REVIEWS}", EVIDENCE + TREND: "audit/trend.jsonl"}


@dataclass(frozen=True, slots=True)
class Packed:
    """A pack that was written."""

    commit: str
    signed: bool
    files: int
    size: int
    """Bytes of the bundle."""


def record_refs(environment: str) -> tuple[str, str]:
    """What the bundle calls the record's head and the pack."""
    return f"refs/heads/pacsconf/{environment}", f"refs/heads/pacsconf-evidence/{environment}"


@dataclass(frozen=True, slots=True)
class Packing:
    """A pack of one audit, made on a head of the record."""

    branch: Branch
    head: str
    audited: RecordedAudit

    def of_record(self) -> dict[str, bytes]:
        """What the record gives to it, by path: the audit, change sets, reviews, acceptance runs.

        Raises: RecordError when it cannot be read.
        """
        git = self.branch.git
        found = {AUDIT: self.audited.lines}
        for link, file in chain.ended(git, self.head):
            found[f"{CHANGESETS}/{packed_name(link.id)}.json"] = file
        below = EVIDENCE + _ACCEPTANCE
        for path in sorted(git.below(self.head, "")):
            if path.startswith(below):
                found[f"acceptance/{packed_name(path.removeprefix(below))}"] = git.read(self.head, path)
            elif path in _BESIDE:
                found[_BESIDE[path]] = git.read(self.head, path)
        return found

    def recorded(self) -> dict[str, bytes]:
        """Every file of the head of the record, which goes with the pack.

        Raises: RecordError when it cannot be read.
        """
        git = self.branch.git
        return {path: git.read(self.head, path) for path in git.below(self.head, "")}

    def write(
        self, files: Mapping[str, bytes], out: Path, *, version: str, left_out: Sequence[str] = ()
    ) -> Packed:
        """Commit these files and their manifest on top of the record, and write both as a bundle.

        `version` is that of pacsconf; `left_out` says what is not in the pack.

        Raises: RecordError when git refuses, a file is there already, or it cannot be written.
        """
        made = self._manifest(files, version, tuple(left_out))
        git = self.branch.git
        whole = {**files, evidence_pack.NAME: evidence_pack.to_bytes(made)}
        subject = f"evidence of audit {one_line(made.audit)}: {len(files)} files"
        message = f"{subject}\n\nEnvironment: {made.environment}\n"
        commit = git.commit(whole, message, parent=self.head, when=self.branch.time())
        with TemporaryDirectory(prefix="pacsconf-") as folder:
            apart = Apart.make(Path(folder), borrowed=git.common_dir / "objects")
            try:
                draft = Path(folder, "evidence.bundle")
                refs = record_refs(made.environment)
                apart.bundle(draft, dict(zip(refs, (self.head, commit), strict=True)))
            finally:
                apart.close()
            size = _put(draft, out)
        return Packed(commit, git.is_signed(commit), len(files), size)

    def _manifest(self, files: Mapping[str, bytes], version: str, left_out: tuple[str, ...]) -> Manifest:
        audit = self.audited.audit
        return Manifest(
            self.branch.environment,
            by=self.branch.git.identity(),
            at=stamp(self.branch.time()),
            version=version,
            audit=audit.id,
            entry=self.audited.entry.commit,
            record=self.head,
            inventory_commit=audit.commit,
            inventory=audit.inventory,
            policies=audit.policies,
            chain=audit.chain,
            files=evidence_pack.filed(files),
            left_out=left_out,
        )


def _put(draft: Path, out: Path) -> int:
    try:
        with draft.open("rb") as source, out.open("xb") as target:
            shutil.copyfileobj(source, target)
            return target.tell()
    except FileExistsError as exc:
        raise RecordError(
            f"{out} is there already and is not written over", fix="Name another file."
        ) from exc
    except OSError as exc:
        raise RecordError(f"{out} cannot be written: {exc.strerror}", fix="Name another file.") from exc
