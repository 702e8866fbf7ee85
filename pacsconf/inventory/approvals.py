"""Who must approve which changes before they are applied (`pacsconf.approvals`)."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from pacsconf.core.approval import ApprovalRule, folded
from pacsconf.core.resource import Risk
from pacsconf.inventory.values import Count, OneOrMany


class ApprovalDeclaration(BaseModel):
    """Who may approve changes of one risk class, and how many of them must."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    approvers: Annotated[tuple[str, ...], OneOrMany, Field(min_length=1)]
    """Names or e-mail addresses, as git has them of who commits."""
    count: Count = 1

    @model_validator(mode="after")
    def _enough(self) -> Self:
        people = {folded(approver) for approver in self.approvers}
        if "" in people:
            raise ValueError("an approver has no name")
        if not 1 <= self.count <= len(people):
            raise ValueError(
                f"count must be between 1 and the {len(people)} who may approve, not {self.count}"
            )
        return self

    def rule(self) -> ApprovalRule:
        return ApprovalRule(tuple(sorted(set(self.approvers))), self.count)


class ApprovalsDeclaration(BaseModel):
    """By risk class; one that is not named needs nobody's approval."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    data_loss: Annotated[ApprovalDeclaration | None, Field(alias="data-loss")] = None
    """What may delete studies."""
    access: ApprovalDeclaration | None = None
    """What opens or closes access."""
    workflow: ApprovalDeclaration | None = None
    """What people work with."""

    def rules(self) -> dict[Risk, ApprovalRule]:
        """The rules by risk class."""
        declared: tuple[tuple[Risk, ApprovalDeclaration | None], ...] = (
            ("data-loss", self.data_loss), ("access", self.access), ("workflow", self.workflow),
        )  # fmt: skip
        return {risk: one.rule() for risk, one in declared if one is not None}
