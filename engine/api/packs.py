"""Packs and settings for callers. In: nothing. Out: the ids of packs, what is set and by whom.

Light to import: completion asks on every Tab.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from zhuanjie.engine.core.clock import office_day, office_zone
from zhuanjie.engine.core.kept_files import keep_in, usual_folder
from zhuanjie.engine.core.settings import FILE, PackRoot, Settings, settings, use_settings
from zhuanjie.engine.core.settings import find_file as settings_file
from zhuanjie.engine.core.whole_files import write_text
from zhuanjie.engine.policy.found import known_packs

__all__ = ["PackRoot", "Settings", "keep_policies", "office_day", "office_zone", "pack_ids",
           "remember_register", "settings", "settings_file", "use_settings"]

_TABLE = re.compile(r"(?m)^\[register\][^\n]*\n")


def pack_ids() -> list[str]:
    """The ids of the packs that come with the program and of those in the settings' folders.

    Raises UsageError where the settings cannot be used or two packs have one id.
    """
    return sorted(known_packs())


def keep_policies() -> None:
    """Keep what policies are made into for the calls that follow this one, in the usual folder.

    A program that does not ask for it leaves no file anywhere.
    """
    said = settings().options.get("cache")
    keep_in(usual_folder(None if said is None else str(said.value)))


def remember_register(url: str) -> Path:
    """Write the register's address into the settings; returns their file.

    Raises OSError where it cannot be written.
    """
    path = settings().file or Path.cwd() / FILE
    text = path.read_text(encoding="utf-8-sig") if path.is_file() else ""
    line = f"database = {json.dumps(url, ensure_ascii=False)}\n"
    found = _TABLE.search(text)
    if found is not None:
        text = text[:found.end()] + line + text[found.end():]
    else:
        text = (text.rstrip() + "\n\n" if text.strip() else "") + "[register]\n" + line
    write_text(path, text)
    return path
