"""The interface's description of itself: whole, and kept to by every answer, whatever is asked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from support.amounts import amount
from support.register_office import Office, office

PROBLEM = "application/problem+json"
CHECKS = (not_a_server_error, status_code_conformance, content_type_conformance,
          response_schema_conformance)


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with office(tmp_path_factory.mktemp("office"), http={"hosts": ["testserver"]}) as made:
        yield made


def test_every_answer_is_as_described(at: Office) -> None:
    """Nothing that is asked makes the program fail, and no answer is another than described."""
    known = schemathesis.openapi.from_asgi("/api/v1/openapi.json", at.app)
    wrong = []
    for found in known.get_all_operations():
        operation = found.ok()
        if operation.path.endswith("/stream"):
            continue

        @settings(max_examples=amount(4), deadline=None, database=None, derandomize=True,
                  suppress_health_check=list(HealthCheck))
        @given(case=operation.as_strategy())
        def ask(case: Any) -> None:
            answer = case.call(headers=at.headers("department", "office"))
            case.validate_response(answer, checks=CHECKS)

        try:
            ask()
        except AssertionError as error:
            wrong.append(f"{operation.label}: {error}")
        except BaseExceptionGroup as error:
            wrong.append(f"{operation.label}: {[str(e) for e in error.exceptions]}")
    assert wrong == []


def test_every_route_says_what_it_may_answer(at: Office) -> None:
    said = at.client.get("/api/v1/openapi.json").json()
    assert said["components"]["securitySchemes"].keys() == {"key", "session"}
    names = []
    for path, methods in said["paths"].items():
        for method, operation in methods.items():
            names.append(operation["operationId"])
            assert operation["summary"] and operation["tags"], path
            for status in ("400", "422", "503"):
                assert PROBLEM in operation["responses"][status]["content"], (method, path)
            if not path.startswith("/api/v1/session"):
                assert operation["security"], (method, path)
                assert "401" in operation["responses"]
    assert len(names) == len(set(names)) > 45


def test_examples_are_of_their_kind(at: Office) -> None:
    """What is shown of a model is a value that it takes."""
    from jsonschema import Draft202012Validator

    said = at.client.get("/api/v1/openapi.json").json()
    shown = 0
    for name, model in said["components"]["schemas"].items():
        for field, described in model.get("properties", {}).items():
            for example in described.get("examples", ()):
                shown += 1
                known = {"components": said["components"], **described}
                errors = list(Draft202012Validator(known).iter_errors(example))
                assert not errors, (name, field, errors)
    assert shown > 20
