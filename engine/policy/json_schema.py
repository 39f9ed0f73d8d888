"""JSON Schemas of packs' and vocabularies' files. In: what is spoken. Out: schemas by name."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from zhuanjie.engine.policy.asked import carried_clauses
from zhuanjie.engine.policy.case_model import CaseFile
from zhuanjie.engine.policy.model import Manifest, Topic
from zhuanjie.engine.policy.policy import Policy
from zhuanjie.engine.policy.vocabulary_schema import speak
from zhuanjie.engine.policy.waiver_model import WaiverFile
from zhuanjie.engine.vocabulary.load import default_vocabulary
from zhuanjie.engine.vocabulary.model import FieldFile, VocabularyManifest
from zhuanjie.engine.vocabulary.register_model import RegisterFile
from zhuanjie.engine.vocabulary.vocabulary import Vocabulary

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
MODELS: dict[str, type[BaseModel]] = {
    "pack": Manifest, "topic": Topic, "cases": CaseFile,
    "vocabulary": VocabularyManifest, "fields": FieldFile, "waivers": WaiverFile,
    "register": RegisterFile,
}
PACK = ("pack", "topic", "cases")
"""Those of a pack's own files."""


def schemas(spoken: Policy | Vocabulary | None = None) -> dict[str, dict[str, Any]]:
    """Each by its name; those of a pack's own files know the fields of what is `spoken`.

    That is a vocabulary, or a policy with what its packs add to theirs. Without either it is the
    vocabulary of packs that name none: so `rules/_schema/<name>.schema.json` holds them.
    """
    made = {
        name: {"$schema": _DIALECT, **model.model_json_schema(by_alias=True)}
        for name, model in MODELS.items()
    }
    if isinstance(spoken, Policy):
        tables = {r.id: r.rule.table.subject for r in spoken.rules
                  if r.rule.table and r.rule.table.subject}
        speak(made, spoken.vocabulary, tables)
        _name_clauses(made["waivers"], spoken)
    else:
        speak(made, spoken or default_vocabulary())
    return made


def _name_clauses(schema: dict[str, Any], policy: Policy) -> None:
    """Let a waiver name the clauses and rules that a policy has and lets be waived, and no others.
    """
    named = {
        "clause": [c for c in carried_clauses(policy) if policy.clauses[c].waivable],
        "rule": [r.rule.id for r in policy.rules
                 if any(policy.clauses[c].waivable for c in r.clauses)]}
    properties = schema["$defs"]["WaiverEntry"]["properties"]
    for key, names in named.items():
        properties[key]["anyOf"] = [{"enum": names}, {"type": "null"}]
