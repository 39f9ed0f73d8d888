"""The durable-rules engine, driven so that no failure of it goes unseen. In: facts. Out: firings.

What the library does by itself, and what is done about it here:

- It runs actions on a host's timer threads and keeps their exceptions to itself: the network has
  no host, and takes each firing from the engine in the caller's own thread.
- An event is used up by the first rule that matches it: only facts are asserted.
- It keeps state for each `sid`: a record is a `sid`, and its state is deleted after it.
- It tells messages apart by a 32-bit hash of their id: ids are given, and known not to clash.
- A message that matches nothing, one that is already there, a refused one: each is seen, and the
  firings are counted by whoever asked.
- Deleting a state in which nothing has fired frees memory that was never set and can end the
  process: such a record is a failure, and a network that has failed is let go, states and all.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from threading import Lock
from time import monotonic
from typing import Any
from weakref import finalize

import durable_rules_engine as engine

from zhuanjie.engine.backends.durable.facts import MAX_KEYS, RECORD, Fact
from zhuanjie.engine.backends.durable.patterns import Pattern
from zhuanjie.engine.core.errors import BackendError, fail

Action = Callable[[str], Iterable[Fact]]
"""What a firing does: it is given the firing as the engine says it and gives the facts that follow.
"""

NAME = "durable"
LIMIT = 10.0
"""Seconds after which a record is given up as an engine failure."""

STATE_ID = f"sid-{RECORD}"
"""The id of the fact that the engine itself keeps for a `sid`."""

_UNMATCHED, _OBSERVED = 1, 2  # what the engine answers to an assertion, beside 0


class Network:
    """A set of rules, ready to be told the facts of one record after another."""

    def __init__(self, definition: str, actions: Mapping[str, Action],
                 limit: float = LIMIT) -> None:
        """`definition` is what `defined` gives."""
        self._actions = actions
        self._limit = limit
        self._lock = Lock()
        self.failed = False
        try:
            self._handle = engine.create_ruleset(NAME, definition)
        except engine.error as error:
            raise _failed(str(error)) from error
        finalize(self, engine.delete_ruleset, self._handle).atexit = False

    def run(self, facts: Sequence[Fact]) -> dict[str, str]:
        """The rules that the facts, and the facts that follow from them, fire, and each firing.

        Raises BackendError where the engine fails in any way.
        """
        with self._lock:
            if self.failed:
                raise _failed("it has failed before")
            self.failed = True  # unless it all goes well
            try:
                fired = self._run(facts)
                if not fired:
                    raise _failed("nothing fired")
                engine.delete_state(self._handle, RECORD)
            except BackendError:
                raise
            except Exception as error:
                raise _failed(f"{type(error).__name__}: {error}") from error
            self.failed = False
            return fired

    def _run(self, facts: Sequence[Fact]) -> dict[str, str]:
        end = monotonic() + self._limit
        fired: dict[str, str] = {}
        handle, actions = self._handle, self._actions
        state = self._assert(facts)
        started = engine.start_action_for_state(self._handle, state)
        firing = started[1] if started else None
        while firing:
            # `{"name":{…}}`: what matched is read by whoever wants it.
            name = firing[2:firing.index('"', 2)]
            if name in fired:
                raise _failed(f"it fired {name} twice")
            fired[name] = firing
            if name in actions:
                follow = list(actions[name](firing))
                if follow:
                    self._assert(follow)
            if monotonic() > end:
                raise _failed(f"it took longer than {self._limit:g} s")
            firing = engine.complete_and_start_action(handle, state)
        return fired

    def _assert(self, facts: Sequence[Fact]) -> int:
        if any(len(fact) > MAX_KEYS for fact in facts):
            # The engine's own refusal of such a message leaves it in a state that crashes.
            raise _failed(f"a fact has more than {MAX_KEYS} keys")
        answer, state = engine.assert_facts(
            self._handle, _text(facts))
        if answer not in (0, _UNMATCHED):
            raise _failed("a fact was there already" if answer == _OBSERVED
                          else f"it answered {answer}")
        number: int = state
        return number


# Escaped: texts are only ever compared for being equal, and half a surrogate pair has no bytes.
_text: Callable[[Any], str] = json.JSONEncoder(separators=(",", ":")).encode


def defined(rules: Mapping[str, Sequence[Pattern]]) -> str:
    """Rules as the engine reads them: a name, and patterns each for a fact of its own."""
    return _text({
        name: {"all": [{f"m{i}": {"$and": list(p)}} for i, p in enumerate(patterns)]}
        for name, patterns in rules.items()
    })


def matched(firing: str) -> Mapping[str, Any]:
    """The facts that a firing says it matched."""
    ((_, facts),) = json.loads(firing).items()
    found: Mapping[str, Any] = facts
    return found


def _failed(detail: str) -> BackendError:
    return fail(BackendError, "backend.failed", name=NAME, detail=detail)


def incomplete(rule: str, count: int) -> BackendError:
    """A rule came out in no way, or in several."""
    return fail(BackendError, "backend.incomplete", name=NAME, rule=rule, count=count)
