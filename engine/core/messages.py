"""The words of the program, in Chinese and English. In: a message code. Out: a sentence.

The catalogues `catalogue/<lang>/*.json` are flat maps from code to template; a template quotes
values as `{name}`. A code that one language lacks is a defect that a test finds.
"""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path, PurePath
from typing import Any, Literal

from zhuanjie.engine.core.diagnostics import Diagnostic
from zhuanjie.engine.core.parser_words import WritingFault
from zhuanjie.engine.core.personal import hide_numbers
from zhuanjie.engine.core.secrets import shown_name, shown_text
from zhuanjie.engine.core.unicode import width

Lang = Literal["zh", "en"]
_MOST = 2_000
"""Characters of a value that a message quotes."""
_END = 100
_LINES = 100
_AROUND = 160
"""Characters of a line that are shown on each side of its caret."""
LANGS: tuple[Lang, ...] = ("zh", "en")


@cache
def catalogue(lang: Lang) -> dict[str, str]:
    """Every message of `lang`, from all the catalogue's files."""
    out: dict[str, str] = {}
    for file in sorted((Path(__file__).resolve().parent / "catalogue" / lang).glob("*.json")):
        out.update(json.loads(file.read_text(encoding="utf-8")))
    return out


def say(code: str, lang: Lang, /, **args: Any) -> str:
    """The message `code` in `lang`, with `args` filled in."""
    detail = args.get("detail")
    if isinstance(detail, WritingFault):
        args["detail"] = catalogue(lang)[detail.code].format(token=detail.token)
    args = {name: _quoted(_spoken(value, lang)) for name, value in args.items()}
    # Whatever a message quotes, it tells nobody's number and no password.
    return hide_numbers(catalogue(lang)[code].format(**args))


def _spoken(value: Any, lang: Lang) -> Any:
    """A text in both languages (`models.Text`, or its plain data), in the one that is spoken."""
    if isinstance(value, dict) and value.keys() == {"zh", "en"}:
        return value[lang]
    return getattr(value, lang) if hasattr(value, "zh") and hasattr(value, "en") else value


def _quoted(value: Any) -> Any:
    return _short(shown_name(str(value))) if isinstance(value, str | PurePath) else value


def _short(text: str) -> str:
    """Of what is endless, the beginning and the end."""
    return text if len(text) <= _MOST else f"{text[:_MOST // 2]} … {text[-_END:]}"


def default_lang(environ: dict[str, str] | None = None) -> Lang:
    """`zh` where the locale asks for Chinese, else `en`; in the POSIX order of variables."""
    env = os.environ if environ is None else environ
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := env.get(name):
            return "zh" if value.lower().startswith("zh") else "en"
    return "en"


def say_diagnostic(diagnostic: Diagnostic, lang: Lang) -> str:
    """A diagnostic as one block: place, what is wrong, the text with a caret, what to do."""
    d, at = diagnostic, diagnostic.place
    head = shown_name(at.file or "")
    if at.sheet:
        head += f"[{at.sheet}]"
    for number in (at.line, at.column):
        if number is not None and head:
            head += f":{number}"
    text = say(d.code, lang, **d.args)
    if at.path:
        text += say("place.path", lang, path=at.path)
    lines = [f"{head}: {text}" if head else text]
    if at.snippet is not None:
        lines += _caret(shown_text(hide_numbers(at.snippet)), at.caret)
    if d.hint:
        lines.append("  " + say(d.hint, lang, **d.args))
    for other in d.related:
        lines += [f"  {line}" for line in say_diagnostic(other, lang).splitlines()]
    return "\n".join(lines)


def _caret(snippet: str, caret: int | None) -> list[str]:
    """The line of `snippet` that holds offset `caret`, with a mark under it (wide text counted)."""
    if caret is None:
        return [f"  | {_short(line)}" for line in snippet.splitlines()[:_LINES]]
    start = snippet.rfind("\n", 0, caret) + 1
    line, at = snippet[start:].split("\n", 1)[0], caret - start
    before, behind = line[:at], line[at:]
    if len(before) > _AROUND * 2:
        before = "… " + before[-_AROUND:]
    if len(behind) > _AROUND * 2:
        behind = behind[:_AROUND] + " …"
    return [f"  | {before}{behind}", "  | " + " " * width(before) + "^"]
