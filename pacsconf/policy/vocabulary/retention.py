"""How long studies are kept."""

from __future__ import annotations

from typing import Annotated, NotRequired, TypedDict


class Retention(TypedDict):
    """The retention rules as a whole; there is one such subject where any are declared."""

    name: Annotated[str, "retention"]
    approved: Annotated[bool, "they are approved"]
    has_default: Annotated[bool, "a default keeps what no rule matches"]
    uncovered: Annotated[list[str], "classes of studies that nothing keeps, in words"]
    below_minimum: Annotated[list[str], "RULE or class: how much shorter than which legal minimum"]
    ambiguous: Annotated[list[str], "pairs of rules that keep the same studies equally long"]
    packs: Annotated[list[str], "packs of legal minimums that apply"]
    missing_packs: Annotated[list[str], "packs that are named and not there"]


class RetentionRule(TypedDict):
    """One retention rule."""

    name: Annotated[str, "the key it is declared under"]
    source: Annotated[str, "where it comes from; empty for nothing"]
    keeps_days: NotRequired[Annotated[int, "the shortest it keeps, in days; absent: for ever, or by age"]]
    has_maximum: Annotated[bool, "it says by when to look whether to delete"]
    approved_by: Annotated[list[str], "who approved it"]
    review_days: NotRequired[Annotated[int, "days until it is to be reviewed; negative: past"]]


class Hold(TypedDict):
    """A legal hold. The study is named by hash alone."""

    name: Annotated[str, "the key it is declared under"]
    studies: Annotated[int, "how many studies it is on"]
    released: Annotated[bool, "it has ended"]
    owner: Annotated[str, "who placed it; empty where that is not said"]
    review_days: NotRequired[Annotated[int, "days until it is to be reviewed; negative: past"]]


class HoldConfigured(TypedDict, total=False):
    """A legal hold as systems keep it."""

    protected: Annotated[bool, "every study of it is protected wherever it is"]
    unprotected_in: Annotated[list[str], "systems that hold a study of it unprotected"]
