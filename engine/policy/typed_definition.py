"""A definition whose expression is typed. In: nothing. Out: what a policy holds of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from zhuanjie.engine.expr.nodes import Expr

if TYPE_CHECKING:
    from zhuanjie.engine.core.models import Text
    from zhuanjie.engine.policy.definition_model import Definition


class TypedDefinition(Struct, frozen=True):
    """A named expression of a policy; `pack` is where it was written."""

    definition: Definition
    pack: str
    expr: Expr

    @property
    def title(self) -> Text:
        """What people call it."""
        return self.definition.title

    @property
    def text(self) -> str:
        """The expression as the pack writes it."""
        return self.definition.text
