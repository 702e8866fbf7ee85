"""Who signed: approvals of plans, and what was said in reviews, are held against the signatures of the commits that
brought them.

Only SSH signatures count, and only keys that the operator's allowed-signers file has for exactly the e-mail address
that the approval names. An approval stands in the tree of every later commit; what counts is who signed the commit
in which it appeared.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, pairwise
from pathlib import Path

from pacsconf.core.approval import PlanApproval, folded, name_and_mail
from pacsconf.core.errors import RecordError
from pacsconf.core.review import Decision, LineKey, Reviews
from pacsconf.record._objects import Signature
from pacsconf.record.branch import Branch
from pacsconf.record.contents import APPROVALS, REVIEWS, approvals_from_file, reviews_from_file


@dataclass(frozen=True, slots=True)
class Signer:
    """The fingerprint of somebody's own key; or why there is none (`flaw`)."""

    key: str = ""
    flaw: str = ""


def checked(branch: Branch, given: Sequence[PlanApproval], allowed: Path) -> tuple[PlanApproval, ...]:
    """The approvals, each with the key that signed it, or with what is wrong with it.

    Raises: RecordError when the record cannot be read.
    """
    commits = _appeared(branch, given)
    return tuple(_checked(branch, one, commits.get(one, ""), allowed) for one in given)


def own(branch: Branch, allowed: Path) -> Signer:
    """With which key whoever works here signs: a commit that no reference leads to is signed and looked at.

    Raises: RecordError when git cannot sign.
    """
    by = branch.git.identity()
    trial = branch.git.commit({}, "pacsconf: who signs here?\n", parent="", when=branch.time())
    return _signer(by, branch.git.signature(trial, allowed))


def _checked(branch: Branch, one: PlanApproval, commit: str, allowed: Path) -> PlanApproval:
    if not commit:
        return replace(one, flaw="stands in the record without a commit that says so")
    if branch.entry(commit).type != "approve":
        return replace(one, flaw=f"was put into the record by commit {commit[:7]}, which is no approval")
    signer = _signer(one.by, branch.git.signature(commit, allowed))
    flaw = f"is not to be believed, since commit {commit[:7]} {signer.flaw}" if signer.flaw else ""
    return replace(one, key=signer.key, flaw=flaw)


def _signer(by: str, found: Signature) -> Signer:
    """Whether a signature is somebody's own."""
    mail = name_and_mail(by)[1]
    if found.verdict == "N":
        return Signer(flaw="is not signed")
    if not found.key.startswith("SHA256:"):
        return Signer(flaw="is not signed with an SSH key of the allowed-signers file")
    if found.verdict != "G":
        return Signer(
            flaw="is signed with a key that the allowed-signers file does not have, or not any more"
        )
    if folded(found.principal) != mail:
        return Signer(flaw=f"is signed by {found.principal}, not by {mail}")
    return Signer(found.key)


def _appeared(branch: Branch, wanted: Sequence[PlanApproval]) -> dict[PlanApproval, str]:
    """The newest commit in which each approval appeared that did not stand in the one before."""
    left = {replace(one, key="", flaw=""): one for one in wanted}
    found: dict[PlanApproval, str] = {}
    head = branch.stand(fetch=False)[0].head
    commits = branch.git.line(head, path=APPROVALS) if head else iter(())
    for commit, former in pairwise(chain(commits, [""])):
        if not left:
            break
        before = _given(branch, former)
        for one in _given(branch, commit) - before:
            if one in left:
                found[left.pop(one)] = commit
    return found


def _given(branch: Branch, commit: str) -> frozenset[PlanApproval]:
    if not commit:
        return frozenset()
    try:
        data = branch.git.read(commit, APPROVALS)
    except RecordError:  # the commit in which the file went
        return frozenset()
    return frozenset(replace(one, key="", flaw="") for one in approvals_from_file(data)[1])


# --- reviews ------------------------------------------------------------------------------------------------------

Said = tuple[str, LineKey, Decision]
"""What was said of a line of a review."""


def flaws(branch: Branch, reviews: Reviews, allowed: Path) -> Mapping[tuple[str, LineKey], str]:
    """By review and line, why what was said there cannot be believed; what can be is left out.

    Raises: RecordError when the record cannot be read.
    """
    left = set(_said(reviews))
    found: dict[tuple[str, LineKey], str] = {}
    signers: dict[tuple[str, str], str] = {}
    for commit, new in _words_by_commit(branch, left):
        for review, line, decision in new:
            asked = commit, decision.by
            if asked not in signers:
                signers[asked] = _flaw(branch, commit, decision.by, allowed)
            found[review, line] = signers[asked]
            left.discard((review, line, decision))
    found |= {
        (review, line): "stands in the record without a commit that says so" for review, line, _ in left
    }
    return {place: flaw for place, flaw in found.items() if flaw}


def _words_by_commit(branch: Branch, wanted: set[Said]) -> Iterable[tuple[str, set[Said]]]:
    """Newest first, the commits in which any of these appeared, with those; each once."""
    left = set(wanted)
    head = branch.stand(fetch=False)[0].head
    commits = branch.git.line(head, path=REVIEWS) if head else iter(())
    for commit, former in pairwise(chain(commits, [""])):
        new = left & (_said(_reviews(branch, commit)) - _said(_reviews(branch, former)))
        left -= new
        if new:
            yield commit, new
        if not left:
            return


def _flaw(branch: Branch, commit: str, by: str, allowed: Path) -> str:
    if branch.entry(commit).type != "sign-off":
        return f"was put into the record by commit {commit[:7]}, which is no sign-off"
    signer = _signer(by, branch.git.signature(commit, allowed))
    return f"is not to be believed, since commit {commit[:7]} {signer.flaw}" if signer.flaw else ""


def _said(reviews: Reviews) -> set[Said]:
    return {(one.id, line.key, line.decision) for one in reviews for line in one.lines if line.decision}


def _reviews(branch: Branch, commit: str) -> Reviews:
    if not commit:
        return ()
    try:
        data = branch.git.read(commit, REVIEWS)
    except RecordError:  # the commit in which the file went
        return ()
    return reviews_from_file(data)
