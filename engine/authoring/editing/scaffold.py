"""`policy new`. In: an id, a folder, a day, a base or vocabulary. Out: files of a pack that passes.

The pack is whole from the start: one rule, its parameter and clause, and cases for all of it. What
they speak of is the example of the vocabulary.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import date, timedelta
from itertools import count
from pathlib import Path
from string import Template

from pydantic import TypeAdapter, ValidationError

from zhuanjie.engine.core.errors import UsageError, fail
from zhuanjie.engine.core.models import Slug, Text
from zhuanjie.engine.core.paths import short_path
from zhuanjie.engine.core.unicode import has_chinese
from zhuanjie.engine.policy.check import build_policy
from zhuanjie.engine.policy.found import MANIFEST, find_folder, known_packs, roots_beside
from zhuanjie.engine.policy.json_schema import PACK, schemas
from zhuanjie.engine.policy.locate import load_chain
from zhuanjie.engine.policy.pack_files import CASES
from zhuanjie.engine.policy.policy import Policy
from zhuanjie.engine.vocabulary.load import default_vocabulary, load_vocabulary
from zhuanjie.engine.vocabulary.vocabulary import Vocabulary

SCHEMAS = "_schema"
_FILES = Path(__file__).resolve().parent / "scaffold_files"
_TOPIC = "10-example.yaml"
_DAYS = 15  # the value of the example's parameter
_ID = TypeAdapter(Slug)
_PLAIN = re.compile(r"[^\W\d_](?:[^:#]|:(?=\S)|(?<=\S)#)*")
_CONSTANTS = ("null", "true", "false", "yes", "no", "on", "off")


def scaffold(pack_id: str, folder: Path, day: date, builds_on: str | None = None, *,
             vocabulary: str | None = None) -> dict[str, str]:
    """The files of a new pack in `folder`, by their path in it; nothing is written.

    The pack speaks the vocabulary of its base, or the one named, or the usual one. Schemas of that
    which stand beside the folder are referred to, else they are among the files. Raises UsageError
    for an id that is none or another pack's, a folder that is in use, a base that will not be
    found, a vocabulary that is not the base's; PolicyError for one that there is not.
    """
    try:
        _ID.validate_python(pack_id)
    except ValidationError:
        raise fail(UsageError, "scaffold.id", hint="scaffold.id.hint", id=pack_id) from None
    if (there := known_packs().get(pack_id)) is not None:
        raise fail(UsageError, "scaffold.id-taken", hint="scaffold.id-taken.hint", id=pack_id,
                   folder=short_path(there))
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise fail(UsageError, "scaffold.in-use", hint="scaffold.in-use.hint", folder=str(folder))
    base = None if builds_on is None else _base(builds_on, folder)
    spoken = _spoken(base, vocabulary, folder)
    beside = folder.resolve().parent / SCHEMAS
    shared = any(_are_there(_schemas(known), beside) for known in (base, spoken) if known)
    values = {
        **_names(base), **_example(spoken), "id": _quoted(pack_id),
        "vocabulary": "" if base or vocabulary is None else f"vocabulary: {spoken.id}\n",
        "base": f"builds_on: {base.id}\n" if base else "",
        "unnamed": "any  # the rules of the base may say what they like" if base else "none",
        "schema": f"../{SCHEMAS}" if shared else SCHEMAS,
        "day": day.isoformat(),
        "due": (day + timedelta(days=_DAYS)).isoformat(),
        "after": (day + timedelta(days=_DAYS + 1)).isoformat(),
        "late": (day + timedelta(days=4 * _DAYS)).isoformat(),
    }
    out = {name: _filled(template, values) for name, template in (
        (MANIFEST, MANIFEST), (_TOPIC, _TOPIC), (f"{CASES}/{_TOPIC}", "cases.yaml"))}
    if not shared:
        out.update({f"{SCHEMAS}/{name}": text for name, text in _schemas(base or spoken).items()})
    return out


def _schemas(spoken: Policy | Vocabulary) -> dict[str, str]:
    """The schemas of a pack's files, by file name."""
    return {f"{name}.schema.json": json.dumps(schema, ensure_ascii=False, indent=2) + "\n"
            for name, schema in schemas(spoken).items() if name in PACK}


def _are_there(schemas: Mapping[str, str], folder: Path) -> bool:
    """Whether a folder has these schemas: others may be of another vocabulary."""
    try:
        return all(json.loads((folder / name).read_text(encoding="utf-8")) == json.loads(text)
                   for name, text in schemas.items())
    except (OSError, ValueError):
        return False


def _spoken(base: Policy | None, name: str | None, folder: Path) -> Vocabulary:
    """The vocabulary that the pack will speak."""
    if base is None:
        return default_vocabulary() if name is None else load_vocabulary(name, roots_beside(folder))
    if name not in (None, base.vocabulary.id):
        raise fail(UsageError, "scaffold.other-vocabulary", hint="scaffold.other-vocabulary.hint",
                   base=base.id, name=name, spoken=base.vocabulary.id)
    return base.vocabulary


def _example(vocabulary: Vocabulary) -> dict[str, str]:
    """What the templates take from the vocabulary's example."""
    example = vocabulary.example
    texts: dict[str, Text] = {
        "text": example.text, "title": example.title, "message": example.message,
        "remedy": example.remedy}
    return {
        "key": vocabulary.key, "start": example.start, "done": example.done,
        "binds": example.binds,
        **{part: _both(text) for part, text in texts.items()}}


def _both(text: Text) -> str:
    """The lines of a text under its key; one where the vocabulary has it in one language."""
    known = {"zh": text.zh, "en": text.en}
    if text.zh == text.en:
        del known["en" if has_chinese(text.zh) else "zh"]
    return "\n      ".join(f"{lang}: {_quoted(said)}" for lang, said in known.items())


def _quoted(text: str) -> str:
    """A text as YAML takes it for one: a number, a constant, a brace or a colon needs quotes."""
    text = " ".join(text.split())
    if _PLAIN.fullmatch(text) and text.casefold() not in _CONSTANTS:
        return text
    return "'" + text.replace("'", "''") + "'"


def _filled(template: str, values: dict[str, str]) -> str:
    return Template((_FILES / template).read_text(encoding="utf-8")).substitute(values)


def _base(name: str, folder: Path) -> Policy:
    """The pack to build on, which a pack in `folder` finds by its folder's name."""
    beside = folder.resolve().parent / name
    found = beside if (beside / MANIFEST).is_file() else find_folder(name)
    if found.resolve().parent != folder.resolve().parent and known_packs().get(name) != found:
        raise fail(UsageError, "scaffold.base-elsewhere", hint="scaffold.base-elsewhere.hint",
                   base=name, folder=str(folder.resolve().parent))
    return build_policy(load_chain(found))


def _names(base: Policy | None) -> dict[str, str]:
    """Names for the example's parts that the base has not taken."""
    taken = ({*base.clauses, *base.parameters, *(r.id for r in base.rules)} if base else set())
    candidates = ({"clause": f"E{n}", "param": f"example_days_{n}", "rule": f"example-{n}"}
                  for n in count(1))
    return next(names for names in candidates if taken.isdisjoint(names.values()))
