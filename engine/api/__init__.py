"""The facade. In: what a caller has. Out: policies, reports, findings, values.

Everything the command line does goes through here, and so can any program. A name's module is
imported when the name is first used, so that a single record does not wait for the column engine.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zhuanjie.engine.api.ledgers import (
        AuditRun,
        Explanation,
        RecordFix,
        audit,
        audit_on_spark,
        audit_to_file,
        audit_to_folder,
        deadlines,
        explain,
        explain_and_fix,
        explain_run,
        fixes,
        stream,
    )
    from zhuanjie.engine.api.policies import (
        PolicyEntry,
        lint,
        list_policies,
        load_policy,
        schemas,
        with_params,
    )
    from zhuanjie.engine.api.records import (
        SINGLE,
        UNKNOWN,
        DestinationAnswer,
        backends,
        check,
        check_one,
        destinations,
        evaluate,
        own_backends,
        single_engine,
        stand_in,
        unavailable_engines,
        watch,
    )

_MODULES = {
    "ledgers": ("AuditRun", "Explanation", "RecordFix", "audit", "audit_on_spark",
                "audit_to_file",
                "audit_to_folder", "deadlines", "explain", "explain_and_fix", "explain_run",
                "fixes", "stream"),
    "policies": ("PolicyEntry", "lint", "list_policies", "load_policy", "schemas", "with_params"),
    "records": ("SINGLE", "UNKNOWN", "DestinationAnswer", "backends", "check", "check_one",
                "destinations", "evaluate", "own_backends", "single_engine", "stand_in",
                "unavailable_engines", "watch"),
}
_WHERE = {name: module for module, names in _MODULES.items() for name in names}

__all__ = [
    "SINGLE", "UNKNOWN", "AuditRun", "DestinationAnswer", "Explanation", "PolicyEntry",
    "RecordFix", "audit", "audit_on_spark", "audit_to_file", "audit_to_folder", "backends", "check",
    "check_one", "deadlines", "destinations", "evaluate", "explain", "explain_and_fix",
    "explain_run", "fixes", "lint", "list_policies", "load_policy", "own_backends", "schemas",
    "single_engine", "stand_in", "stream", "unavailable_engines", "watch", "with_params",
]


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(name)
    return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
