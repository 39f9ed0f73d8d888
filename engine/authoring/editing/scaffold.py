"""`policy new`. In: a pack's id, its folder, a day, a base. Out: files of a pack that passes.

The pack is whole from the start: one rule, its parameter and clause, and cases for all of it.
"""

from __future__ import annotations

import json
from datetime import date, timedelta
from itertools import count
from pathlib import Path
from string import Template

from pydantic import TypeAdapter, ValidationError

from zhuanjie.engine.core.errors import UsageError, fail
from zhuanjie.engine.core.models import Slug
from zhuanjie.engine.policy.check import build_policy
from zhuanjie.engine.policy.found import MANIFEST, known_packs
from zhuanjie.engine.policy.json_schema import schemas
from zhuanjie.engine.policy.locate import find_folder, load_chain
from zhuanjie.engine.policy.pack_files import CASES
from zhuanjie.engine.policy.policy import Policy

SCHEMAS = "_schema"
_FILES = Path(__file__).resolve().parent / "scaffold_files"
_TOPIC = "10-example.yaml"
_DAYS = 15  # the value of the example's parameter
_ID = TypeAdapter(Slug)


def scaffold(pack_id: str, folder: Path, day: date, builds_on: str | None = None) -> dict[str, str]:
    """The files of a new pack in `folder`, by their path in it; nothing is written.

    Schemas that stand beside the folder are referred to, else they are among the files. Raises
    UsageError for an id that is none, a folder that is in use, a base that will not be found.
    """
    try:
        _ID.validate_python(pack_id)
    except ValidationError:
        raise fail(UsageError, "scaffold.id", hint="scaffold.id.hint", id=pack_id) from None
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise fail(UsageError, "scaffold.in-use", hint="scaffold.in-use.hint", folder=str(folder))
    base = None if builds_on is None else _base(builds_on, folder)
    shared = (folder.resolve().parent / SCHEMAS / "pack.schema.json").is_file()
    values = {
        **_names(base), "id": _quoted(pack_id),
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
        out.update({f"{SCHEMAS}/{name}.schema.json":
                    json.dumps(schema, ensure_ascii=False, indent=2) + "\n"
                    for name, schema in schemas().items()})
    return out


def _quoted(name: str) -> str:
    """An id as YAML takes it for a text: a number or a constant needs quotes."""
    return f'"{name}"' if name.isdigit() or name in ("null", "true", "false") else name


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
