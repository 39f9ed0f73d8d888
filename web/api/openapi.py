"""The interface's description of itself. In: the application. Out: OpenAPI, whole.

Every route says which problems it may answer with; who may ask is said by its security schemes.
"""

from __future__ import annotations

from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from zhuanjie.web.api.problem import MEDIA, Problem

_DESCRIPTION: Final = (
    "One place for every case, judged at every change, that can prove its history. Problems are "
    "told as RFC 9457 has them, in Chinese or English by `Accept-Language`. `ETag` is the version "
    "of a member; a change with `If-Match` is refused (412) where it is another by then, with what "
    "was changed. A request with an `Idempotency-Key` is done once. Lists go on after their "
    "`next`.")
_ALWAYS: Final = {
    "400": "The request is wrong.", "405": "The address does not take this method.",
    "413": "The body is too large.", "421": "The host is not this register's.",
    "422": "A value is not as it must be, or the rules forbid it.",
    "503": "The database cannot be had now; try again soon."}
_KNOWN_CALLER: Final = {
    "401": "Nobody is signed in, or the key does not hold.",
    "403": "Whoever asks may not do this.",
    "404": "There is no such thing, or not for whoever asks.",
    "409": "Somebody was first.", "412": "It is not the version that was seen any more.",
    "429": "Too many attempts; wait as long as `Retry-After` says."}


def describe(app: FastAPI) -> None:
    """Have `app` describe itself whole."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _whole(app)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # as FastAPI has it replaced


def _whole(app: FastAPI) -> dict[str, Any]:
    made = get_openapi(title=app.title, version=app.version, description=_DESCRIPTION,
                       routes=app.routes, tags=app.openapi_tags,
                       license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"})
    schemas = made.setdefault("components", {}).setdefault("schemas", {})
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(problem.pop("$defs", {}))
    schemas["Problem"] = problem
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    for path, operations in made["paths"].items():
        for method, operation in operations.items():
            operation["operationId"] = _name(method, path)
            answers = operation["responses"]
            said = _ALWAYS | _KNOWN_CALLER
            for status, words in said.items():
                answers[status] = {"description": words, "content": {
                    MEDIA: {"schema": {"$ref": "#/components/schemas/Problem"}}}}
            operation["responses"] = dict(sorted(answers.items()))
    return made


def _name(method: str, path: str) -> str:
    """What a generated client calls an operation."""
    parts = [part.strip("{}") for part in path.split("/")[3:] if part]
    return "_".join([method, *parts]).replace("-", "_")
