"""JSON Schemas of packs' and vocabularies' files. In: the models. Out: schemas by file name."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from zhuanjie.engine.policy.case_model import CaseFile
from zhuanjie.engine.policy.model import Manifest, Topic
from zhuanjie.engine.vocabulary.model import FieldFile
from zhuanjie.engine.vocabulary.model import Manifest as VocabularyManifest

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
MODELS: dict[str, type[BaseModel]] = {
    "pack": Manifest, "topic": Topic, "cases": CaseFile,
    "vocabulary": VocabularyManifest, "fields": FieldFile,
}
PACK = ("pack", "topic", "cases")
"""Those of a pack's own files."""


def schemas() -> dict[str, dict[str, Any]]:
    """Each by its name, as `rules/_schema/<name>.schema.json` holds it."""
    return {
        name: {"$schema": _DIALECT, **model.model_json_schema(by_alias=True)}
        for name, model in MODELS.items()
    }
