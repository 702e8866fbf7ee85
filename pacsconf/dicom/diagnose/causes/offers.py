"""Causes among presentation contexts: what the called side is declared to take, and does not (PS3.8 9.3.3.2)."""

from __future__ import annotations

from collections.abc import Iterator

from pacsconf.dicom.diagnose.cause import AGREES, OBSERVED, WRONG, Cause, Proof, Way
from pacsconf.dicom.diagnose.evidence import Contexts, Evidence
from pacsconf.dicom.observation import Negotiated
from pacsconf.dicom.refusals.table import context
from pacsconf.inventory import uids

_FEW = 4


def causes(evidence: Evidence) -> Iterator[Cause]:
    """Classes that are not taken any more, and encodings of those that are."""
    seen = evidence.wire.contexts if evidence.wire else ()
    by_class: dict[str, list[Negotiated]] = {}
    for one in seen:
        by_class.setdefault(one.sop_class, []).append(one)
    gone = {uid: all_ for uid, all_ in by_class.items() if all(one.result for one in all_)}
    partly = {
        uid: [one for one in all_ if one.result]
        for uid, all_ in by_class.items()
        if uid not in gone and any(one.result for one in all_)
    }
    if gone:
        yield _refused(evidence, gone, whole=True)
    if partly:
        yield _refused(evidence, partly, whole=False)


def _refused(evidence: Evidence, found: dict[str, list[Negotiated]], *, whole: bool) -> Cause:
    wanted = _wanted(evidence)
    ours = {uid: several for uid, several in found.items() if uid in wanted}
    told = ours or found
    names = [uids.title(uid) for uid in sorted(told)]
    results = sorted({one.result for several in told.values() for one in several})
    what = _counted(names)
    syntaxes = sorted({uids.title(one.transfer_syntax) for several in told.values() for one in several})
    in_syntax = "" if whole else f" in {_counted(syntaxes)}"
    refusal = context(results[0])
    return Cause(
        "class-refused" if whole else "syntax-refused",
        "contexts",
        _score(evidence, ours, whole=whole),
        f"{evidence.called.title} does not take {what}{in_syntax}, and is declared to.",
        tuple(_proofs(evidence, told)),
        _details(evidence, ours, whole=whole),
        (
            Way(f"{refusal.action} Whose turn it is: {refusal.who}.", "it is to take it"),
            Way(f"take it out of what {evidence.called.device or evidence.called.title} offers", "it is not"),
        ),
        place=evidence.called.place,
        refusal=refusal,
    )


def _details(evidence: Evidence, ours: dict[str, list[Negotiated]], *, whole: bool) -> tuple[str, ...]:
    if not ours:
        return ("Between these two no flow asks for that; others may miss it.",)
    if not whole and _is_left(evidence, ours):
        return ("Another encoding that both have is still taken, so objects may get through in that.",)
    return ()


def _score(evidence: Evidence, ours: dict[str, list[Negotiated]], *, whole: bool) -> int:
    if not ours:
        return WRONG - AGREES
    return OBSERVED if whole or not _is_left(evidence, ours) else OBSERVED - 2 * AGREES


def _is_left(evidence: Evidence, ours: dict[str, list[Negotiated]]) -> bool:
    """Whether of each class that the caller asks for an encoding of its own is still taken."""
    seen = evidence.wire.contexts if evidence.wire else ()
    accepted = {(one.sop_class, one.transfer_syntax) for one in seen if not one.result}
    left = [
        any((uid, syntax) in accepted for syntax in syntaxes)
        for uid, syntaxes in evidence.caller.asks
        if uid in ours
    ]
    return bool(left) and all(left)


def _wanted(evidence: Evidence) -> frozenset[str]:
    """The SOP classes that go between the two."""
    of_services = frozenset(uid for service in evidence.services for uid in _covers(service))
    asked = frozenset(uid for uid, _ in evidence.caller.asks)
    if of_services and asked:
        return of_services & asked or of_services
    return of_services or asked


def _covers(service: str) -> frozenset[str]:
    try:
        return uids.covers(service)
    except ValueError:
        return frozenset()


def _proofs(evidence: Evidence, found: dict[str, list[Negotiated]]) -> Iterator[Proof]:
    declared = dict(evidence.called.offers)
    for uid in sorted(found)[:_FEW]:
        refused = _counted([uids.title(one.transfer_syntax) for one in found[uid]])
        yield Proof("the wire says", f"{uids.title(uid)}: result {found[uid][0].result}", refused)
    if found.keys() & declared.keys():
        them = "them" if len(found) > 1 else "it"
        yield Proof("inventory says", f"{evidence.called.title} offers {them}", evidence.called.place)


def _counted(names: list[str]) -> str:
    shown = ", ".join(names[:_FEW])
    return f"{shown} and {len(names) - _FEW} more" if len(names) > _FEW else shown


def proposed(evidence: Evidence) -> Iterator[Cause]:
    """What the caller was heard to propose, and the called side takes none of."""
    taken = dict(evidence.called.offers)
    asked: Contexts = evidence.heard[-1].contexts if evidence.heard else ()
    if not asked or not taken:
        return
    lacking = [(uid, syntaxes) for uid, syntaxes in asked if not set(syntaxes) & set(taken.get(uid, ()))]
    if len(lacking) < len(asked):
        return
    yield Cause(
        "nothing-in-common",
        "contexts",
        OBSERVED - AGREES,
        f"Of what the caller proposes, {evidence.called.title} is declared to take nothing.",
        tuple(
            Proof("the caller proposes", uids.title(uid), ", ".join(map(uids.title, syntaxes)))
            for uid, syntaxes in lacking[:_FEW]
        ),
        (),
        (Way(f"compare with what {evidence.called.device or evidence.called.title} offers"),),
        place=evidence.called.place,
    )
