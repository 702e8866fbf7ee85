"""How long studies are kept."""

from __future__ import annotations

from typing import Annotated, NotRequired, TypedDict


class Retention(TypedDict):
    """The retention rules as a whole; there is one such subject where any are declared."""

    name: Annotated[str, "retention"]
    approved: Annotated[bool, "they are approved"]
    has_default: Annotated[bool, "a default keeps what no rule matches"]
    uncovered: Annotated[list[str], "classes of studies that nothing keeps, in words"]
    below_minimum: NotRequired[
        Annotated[
            list[str],
            "studies kept shorter than a legal minimum, in words; absent: too many kinds of studies",
        ]
    ]
    ambiguous: NotRequired[
        Annotated[
            list[str],
            "pairs of rules that keep the same studies equally long; absent: too many kinds of studies",
        ]
    ]
    packs: Annotated[list[str], "packs of legal minimums that apply"]


class RetentionRule(TypedDict):
    """One retention rule."""

    name: Annotated[str, "the key it is declared under"]
    source: Annotated[str, "by what right: a declared source or a citation; empty for none"]
    verified: Annotated[bool, "somebody read that source itself, and not a summary of it"]
    keeps_days: NotRequired[Annotated[int, "the shortest it keeps, in days; absent: by age alone"]]
    has_maximum: Annotated[bool, "it says by when to look whether to delete"]
    approved: Annotated[bool, "somebody approved it"]
    approved_days: NotRequired[Annotated[int, "days since it was approved; absent: it is not"]]


class Hold(TypedDict):
    """A legal hold. The study is named by hash alone."""

    name: Annotated[str, "the key it is declared under"]
    studies: Annotated[int, "how many studies it is on"]
    released: Annotated[bool, "it has ended"]
    owner: Annotated[str, "who placed it"]
    review_days: NotRequired[Annotated[int, "days until it is to be reviewed; negative: past"]]


class HoldConfigured(TypedDict, total=False):
    """A legal hold as systems keep it."""

    protected: Annotated[bool, "every study of it is protected wherever it is"]
    unprotected_in: Annotated[list[str], "systems that hold a study of it unprotected"]
