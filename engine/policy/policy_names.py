"""What names mean in expressions about a policy. In: a policy. Out: a schema to check by."""

from __future__ import annotations

from zhuanjie.engine.expr.names import PackSchema
from zhuanjie.engine.policy.parameter_values import parameter_types
from zhuanjie.engine.policy.policy import Policy
from zhuanjie.engine.policy.workday_model import calendar_in


def names_in(policy: Policy) -> PackSchema:
    """Fields, parameters, definitions and working days, as the policy's own rules have them."""
    return PackSchema(
        policy.vocabulary.fields, parameter_types(policy.parameters, policy.overrides),
        {name: each.expr for name, each in policy.definitions.items()},
        calendar_in(pack.manifest.working_days for pack in policy.chain))
