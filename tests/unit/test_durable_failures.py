"""durable-rules fails in many quiet ways; none of them may read as a record in order."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from textwrap import dedent

import pytest

from zhuanjie.engine import check, load_policy
from zhuanjie.engine.api.policies import plan_for
from zhuanjie.engine.backends.durable import network as network_module
from zhuanjie.engine.backends.durable.backend import DurableBackend
from zhuanjie.engine.backends.durable.network import Action, Network, defined
from zhuanjie.engine.core.errors import BackendError

AS_OF = date(2007, 12, 31)
POLICY = load_policy("fujian-2007-80")
RECORD = {"member.id": "1", "letter.issued_on": date(2007, 6, 30), "destination.kind": "retained"}


def fact(about: str, **more: object) -> dict[str, object]:
    return {"sid": "record", "id": about, "about": about, **more}


def network(rules: dict[str, list], actions: dict[str, Action], **more: float) -> Network:
    return Network(defined(rules), actions, **more)


def rule(*tests: dict[str, object]) -> list[tuple[dict[str, object], ...]]:
    return [tests]


def test_every_rule_that_holds_fires() -> None:
    """An event would be used up by the first of them; a fact is not."""
    made = network({f"r{i}": rule({"about": "a"}, {"$gt": {"n": i}}) for i in range(3)}, {})
    assert set(made.run([fact("a", n=5)])) == {"r0", "r1", "r2"}
    assert set(made.run([fact("a", n=2)])) == {"r0", "r1"}


def test_what_follows_from_a_firing_is_matched_too() -> None:
    made = network({"first": rule({"about": "a"}), "second": rule({"about": "b"})},
                   {"first": lambda _: [fact("b")]})
    assert set(made.run([fact("a")])) == {"first", "second"}


def test_state_of_a_record_is_gone_afterwards() -> None:
    made = network({"r": rule({"about": "a"}, {"n": 1}), "s": rule({"about": "a"}, {"n": 2})}, {})
    assert set(made.run([fact("a", n=1)])) == {"r"}
    assert set(made.run([fact("a", n=2)])) == {"s"}


def test_nothing_fired_is_a_failure() -> None:
    made = network({"r": rule({"about": "a"})}, {})
    with pytest.raises(BackendError):
        made.run([fact("b")])


def test_an_action_that_raises_is_a_failure() -> None:
    def act(_: object) -> list[dict[str, object]]:
        raise RuntimeError("broken")

    made = network({"r": rule({"about": "a"})}, {"r": act})
    with pytest.raises(BackendError):
        made.run([fact("a")])


def test_a_message_of_too_many_keys_is_a_failure() -> None:
    made = network({"r": rule({"about": "a"})}, {})
    with pytest.raises(BackendError):
        made.run([fact("a", **{f"k{i}": i for i in range(300)})])


def test_a_fact_that_is_there_already_is_a_failure() -> None:
    made = network({"r": rule({"about": "a"})}, {})
    with pytest.raises(BackendError):
        made.run([fact("a"), fact("a")])


def test_a_record_that_takes_too_long_is_a_failure() -> None:
    made = network({f"r{i}": rule({"about": "a"}) for i in range(3)}, {}, limit=0.0)
    with pytest.raises(BackendError):
        made.run([fact("a")])


def test_a_network_that_failed_is_not_used_again() -> None:
    made = network({"r": rule({"about": "a"})}, {})
    with pytest.raises(BackendError):
        made.run([fact("b")])
    with pytest.raises(BackendError):
        made.run([fact("a")])


@pytest.mark.parametrize("broken", ["assert_facts", "start_action_for_state",
                                    "complete_and_start_action", "delete_state"])
def test_the_library_raising_anywhere_is_a_failure(broken: str, monkeypatch) -> None:
    engine = DurableBackend()
    plan = plan_for(POLICY, AS_OF)
    expected = engine.judge_record(plan, RECORD)
    assert expected

    def refuse(*_: object) -> object:
        raise OSError("the engine is ill")

    with monkeypatch.context() as patch:
        patch.setattr(network_module.engine, broken, refuse)
        with pytest.raises(BackendError):
            engine.judge_record(plan, RECORD)
    assert engine.judge_record(plan, RECORD) == expected  # made anew


def test_a_firing_that_is_lost_is_a_failure(monkeypatch) -> None:
    """One outcome for each rule, or the record is not judged."""
    engine = DurableBackend()
    plan = plan_for(POLICY, AS_OF)
    run = Network.run

    def lossy(self: Network, facts: list) -> dict:
        fired = dict(run(self, facts))
        fired.pop(max(fired))
        return fired

    monkeypatch.setattr(Network, "run", lossy)
    with pytest.raises(BackendError):
        for _ in range(2):
            engine.judge_record(plan, RECORD)


def test_the_facade_says_so_too(monkeypatch) -> None:
    monkeypatch.setattr(network_module.engine, "assert_facts", lambda *_: (_ for _ in ()).throw(
        MemoryError("no room")))
    with pytest.raises(BackendError):
        check(RECORD, POLICY, as_of=AS_OF, backend="durable", lang="zh")


def test_the_command_ends_with_3_and_without_findings(tmp_path) -> None:
    record = tmp_path / "record.json"
    record.write_text('{"member.id": "1", "letter.issued_on": "2007-06-30"}', encoding="utf-8")
    code = dedent(f"""
        import durable_rules_engine
        def refuse(*_):
            raise OSError("ill")
        durable_rules_engine.assert_facts = refuse
        import sys
        from zhuanjie.cli.main import main
        sys.exit(main(["check", {str(record)!r}, "--as-of", "2007-12-31"]))
    """)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert "durable" in done.stderr
