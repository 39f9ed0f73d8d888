"""JSON Schemas of the pack's files, for editors. In: the models. Out: schemas by file name."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from zhuanjie.engine.policy.case_model import CaseFile
from zhuanjie.engine.policy.model import Manifest, Topic

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
MODELS: dict[str, type[BaseModel]] = {"pack": Manifest, "topic": Topic, "cases": CaseFile}


def schemas() -> dict[str, dict[str, Any]]:
    """`pack`, `topic` and `cases`, as `rules/_schema/<name>.schema.json` holds them."""
    return {
        name: {"$schema": _DIALECT, **model.model_json_schema(by_alias=True)}
        for name, model in MODELS.items()
    }
