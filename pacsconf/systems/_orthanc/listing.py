"""Long lists of an Orthanc, read page by page and whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from pacsconf.core.errors import BadAnswer
from pacsconf.systems._http import Web

PAGE = 500
"""Members of one answer."""
_TRIES = 3
"""How often a list is begun again when somebody deletes from it while it is read."""

Taken = TypeVar("Taken")


def listed(web: Web, place: str, take: Callable[[Mapping[str, Any]], Taken]) -> list[Taken]:
    """What `take` makes of every member of this list; one that came meanwhile may be in it, none is left out.

    Each page begins with the last member of the one before: where it does not, members were deleted, and what
    follows has moved up.

    Raises: Unavailable, Refused; BadAnswer when it never stands still, or `take` finds another shape.
    """
    for _ in range(_TRIES):
        found = _at_rest(web, place, take)
        if found is not None:
            return found
    raise BadAnswer(
        web.service.name,
        f"its list of {place} changes while it is read, so that some may be missed",
        fix="Try again when nobody deletes from it.",
    )


def _at_rest(web: Web, place: str, take: Callable[[Mapping[str, Any]], Taken]) -> list[Taken] | None:
    """The list, or None where it moved."""
    found: list[Taken] = []
    last = ""
    while True:
        page = _page(web, place, max(len(found) - 1, 0))
        if last:
            if not page or page[0]["ID"] != last:
                return None
            page = page[1:]
        if not page:
            return found
        found += _taken(web, place, page, take)
        last = page[-1]["ID"]


def _page(web: Web, place: str, since: int) -> list[Mapping[str, Any]]:
    told = web.get(place, query=f"expand&since={since}&limit={PAGE}")
    if not isinstance(told, list) or not all(isinstance(one, dict) and one.get("ID") for one in told):
        raise no_orthanc(web, place)
    return told


def _taken(
    web: Web, place: str, page: list[Mapping[str, Any]], take: Callable[[Mapping[str, Any]], Taken]
) -> list[Taken]:
    try:
        return [take(one) for one in page]
    except (TypeError, LookupError, AttributeError, ValueError) as exc:
        raise no_orthanc(web, place) from exc


def no_orthanc(web: Web, place: str) -> BadAnswer:
    """What answers is something else."""
    return BadAnswer(
        web.service.name,
        f"{web.endpoint} answers in JSON, but not as Orthanc does (/{place})",
        fix="Check `url`, and the version of Orthanc: pacsconf knows 1.10 and later.",
    )
