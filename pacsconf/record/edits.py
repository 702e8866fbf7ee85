"""What hold, release, attest, approve and reviews make of the contents of a record. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import replace
from datetime import date

from pacsconf.core import offboarding, review
from pacsconf.core.address import Address
from pacsconf.core.approval import PlanApproval
from pacsconf.core.attestation import Attestation
from pacsconf.core.errors import RecordError, StalePlan
from pacsconf.core.resource import State
from pacsconf.core.review import Decision, LineKey, Review
from pacsconf.record.contents import Contents, Held, Waiting


def held(now: Contents, held: Mapping[Address, Held]) -> Contents:
    """With these addresses held too."""
    return replace(now, held={**now.held, **held})


def released(now: Contents, freed: Set[Address]) -> Contents:
    """With these addresses held no longer.

    Raises: RecordError when one of them is not held.
    """
    if absent := sorted(map(str, freed - now.held.keys())):
        standing = ", ".join(map(str, sorted(now.held))) or "nothing"
        raise RecordError(f"not held: {', '.join(absent)}", fix=f"Held is: {standing}")
    return replace(now, held={a: one for a, one in now.held.items() if a not in freed})


def attested(
    now: Contents, made: Mapping[Address, Attestation], records: Mapping[Address, State]
) -> Contents:
    """With what stands, owned as `records` says, else as attested, or not at all where it is gone; what waited for
    it waits no longer."""
    states = {address: one.state for address, one in made.items() if one.state is not None}
    kept = {address: state for address, state in now.owned.items() if address not in made}
    return replace(
        now,
        attested={**now.attested, **made},
        owned={**kept, **states, **records},
        waiting={a: one for a, one in now.waiting.items() if a not in made},
    )


def require_asked_as_seen(
    now: Contents, seen: Mapping[Address, Waiting], made: Mapping[Address, Attestation]
) -> None:
    """Refuse what was said of a row when a person has been asked for another one since.

    Raises: StalePlan naming those rows.
    """
    anew = sorted(a for a in made if (one := now.waiting.get(a)) is not None and one != seen.get(a))
    if anew:
        names = ", ".join(map(str, anew))
        raise StalePlan(
            f"nothing was recorded: meanwhile a person was asked for something else at {names}",
            fix="See what waits now: pacsconf plan. Then say again what was keyed in.",
        )


def approved(now: Contents, one: PlanApproval) -> Contents:
    """With this approval too; one that the same person gave to the same plan before is replaced."""
    others = [each for each in now.approvals if (each.digest, each.by) != (one.digest, one.by)]
    return replace(now, approvals=(*others, one)[-APPROVALS_KEPT:])


APPROVALS_KEPT = 200
"""Of plans that nobody applied: an approval is used within days, and a stale plan's is worth nothing."""


def witnessed(now: Contents, seen: Mapping[str, bytes]) -> Contents:
    """With this evidence, in place of what stood at the same paths."""
    return replace(now, evidence={**now.evidence, **seen})


def looked_at(now: Contents, user: str, by: str) -> Contents:
    """Without the offboardings of a user, which somebody else than who did it has looked at.

    Raises: PacsconfError when there is none; UnsafePlan when it was the same person.
    """
    return replace(now, offboardings=offboarding.looked_at(now.offboardings, user, by))


def review_opened(now: Contents, one: Review) -> Contents:
    """With one more review, numbered by its day.

    Raises: PacsconfError when one of its roles is under review.
    """
    named = replace(one, id=review.numbered(now.reviews, date.fromisoformat(one.at[:10])))
    return replace(now, reviews=review.opened(now.reviews, named))


def signed_off(
    now: Contents,
    which: str,
    made: Mapping[LineKey, Decision],
    not_believed: Mapping[LineKey, Decision],
) -> Contents:
    """With what was said of lines of a review; in the place of what is not believed, too.

    Raises: PacsconfError for a line that is not there, or that somebody else decided otherwise.
    """
    return replace(now, reviews=review.signed_off(now.reviews, which, made, not_believed))


def seen_gone(now: Contents, gone: Iterable[tuple[str, LineKey]], day: date) -> Contents:
    """With these lines of reviews seen to be gone."""
    return replace(now, reviews=review.closed(now.reviews, gone, day))
