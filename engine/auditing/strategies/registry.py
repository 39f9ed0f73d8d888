"""The ways to pass a ledger through an engine. In: a request. Out: the strategy that serves it."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from zhuanjie.engine.auditing.strategies.base import AuditRequest, LedgerStrategy
from zhuanjie.engine.backends.registry import IN_PLACE, column_backend_of
from zhuanjie.engine.core.limits import limits

_FOLDER = "zhuanjie.engine.auditing.strategies"


def _lies_in_a_server(request: AuditRequest) -> bool:
    """Whether the ledger is a table of one server, which is asked to judge it."""
    if not request.ledger.is_database or request.plan.assumed:
        return False
    if request.backend is None or request.backend.name != IN_PLACE:
        return False
    # Imported late: it knows databases, which most audits have nothing to do with.
    from zhuanjie.engine.auditing.strategies.postgres import table_of

    return table_of(request.ledger) is not None


def _is_large(request: AuditRequest) -> bool:
    """Whether the ledger is worth a stream, and the engine takes one."""
    if request.bulk is False or (
            request.backend is not None and column_backend_of(request.backend) is None):
        return False
    hint = request.ledger.size_hint
    return request.bulk is True or hint is None or hint >= limits().stream_from


def _always(_: AuditRequest) -> bool:
    return True


STRATEGIES: tuple[tuple[Callable[[AuditRequest], bool], str, str], ...] = (
    (_lies_in_a_server, "postgres", "PostgresJudge"),
    (_is_large, "stream", "StreamJudge"),
    (_always, "batch", "BatchJudge"),
)
"""When a strategy serves, its module, its class: the first that serves is taken."""


def choose(request: AuditRequest) -> LedgerStrategy:
    """The strategy for a request; raises InputError for a table that cannot be read."""
    module, name = next((module, name) for serves, module, name in STRATEGIES if serves(request))
    made: LedgerStrategy = getattr(import_module(f"{_FOLDER}.{module}"), name)(request)
    return made
