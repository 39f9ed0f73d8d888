"""`zhuanjie policy schema`: the JSON Schemas of packs. In: a name, a pack. Out: schemas."""

from __future__ import annotations

from pathlib import Path

import click

from zhuanjie.cli import complete, exit_codes, options
from zhuanjie.cli.help import define, option
from zhuanjie.engine.api import UsageError, fail


@define("policy.schema")
@click.argument("names", required=False, nargs=-1, metavar="[NAME] [PACK]",
                shell_complete=complete.packs)
@option("--output", "-o", "folder", help_key="schema-output", metavar="FOLDER",
        type=click.Path(path_type=Path))
@options.lang
def command(names: tuple[str, ...], folder: Path | None) -> int:
    """Print a schema, or write them all into a folder."""
    from zhuanjie.cli.files import opened
    from zhuanjie.engine import api
    from zhuanjie.report import write_data
    from zhuanjie.report.files import unwritable

    known = api.schemas()
    name = next((n for n in names[:1] if n in known), None)
    packs = names if name is None else names[1:]
    if len(packs) > 1 or (packs and name is None and not _is_pack(packs[0])):
        raise fail(UsageError, "cli.usage.choice", hint="cli.usage.hint.choices", value=packs[0],
                   name="NAME", choices=", ".join((*known, *api.pack_ids())))
    schemas = api.schemas(api.load_policy(packs[0])) if packs else known
    if name is None and folder is None:
        raise fail(UsageError, "cli.schema.which", hint="cli.schema.which.hint",
                   choices=", ".join(known))
    chosen = schemas if name is None else {name: schemas[name]}
    if folder is None:
        with opened(None, machine=True) as out:
            for schema in chosen.values():
                write_data(schema, out)
        return exit_codes.OK
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(folder, error) from error
    for key, schema in chosen.items():
        with opened(folder / f"{key}.schema.json", machine=True) as out:
            write_data(schema, out)
    return exit_codes.OK


def _is_pack(name: str) -> bool:
    """Whether a word that is no schema's name means a pack."""
    from zhuanjie.engine import api

    return Path(name).exists() or name in api.pack_ids()
