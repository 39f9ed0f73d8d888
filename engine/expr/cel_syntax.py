"""CEL text to CEL's own syntax tree. In: text. Out: the protobuf message `cel.expr.Expr`.

The only place that knows cel-expr-python. It hands out a parsed expression as bytes in the wire
form of `cel/expr/syntax.proto`; the few messages of it that are needed are declared here by their
public field numbers.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any, cast

from cel_expr_python import cel
from google.protobuf import any_pb2, descriptor_pb2, descriptor_pool, message_factory

from zhuanjie.engine.core.diagnostics import Diagnostic, Place
from zhuanjie.engine.core.errors import ExpressionError, UnsupportedError, fail
from zhuanjie.engine.core.parser_words import cause
from zhuanjie.engine.core.unicode import half_pair

_INT64, _UINT64, _INT32 = 3, 4, 5
_DOUBLE, _BOOL, _STRING, _BYTES, _ENUM_AS_INT32, _MESSAGE = 1, 8, 9, 12, 5, 11
# message: field name -> (number, type or message name, repeated)
_MESSAGES: dict[str, dict[str, tuple[int, int | str, bool]]] = {
    "ParsedExpr": {"expr": (2, "Expr", False), "source_info": (3, "SourceInfo", False)},
    "Expr": {
        "id": (2, _INT64, False), "const": (3, "Constant", False), "ident": (4, "Ident", False),
        "select": (5, "Select", False), "call": (6, "Call", False), "list": (7, "List", False),
        "struct": (8, "Other", False), "comprehension": (9, "Other", False),
    },
    "Constant": {
        "null": (1, _ENUM_AS_INT32, False), "bool": (2, _BOOL, False), "int": (3, _INT64, False),
        "uint": (4, _UINT64, False), "double": (5, _DOUBLE, False), "string": (6, _STRING, False),
        "bytes": (7, _BYTES, False),
    },
    "Ident": {"name": (1, _STRING, False)},
    "Select": {
        "operand": (1, "Expr", False), "field": (2, _STRING, False), "test_only": (3, _BOOL, False),
    },
    "Call": {
        "target": (1, "Expr", False), "function": (2, _STRING, False), "args": (3, "Expr", True),
    },
    "List": {"elements": (1, "Expr", True)},
    "SourceInfo": {"positions": (4, "Position", True)},
    "Position": {"key": (1, _INT64, False), "value": (2, _INT32, False)},
    "Other": {},
}
_ONEOF = {"Expr": ("const", "struct"), "Constant": ("null", "bytes")}
CHINESE_NAME = "cel.chinese-name"
"""What is said of a name in Chinese."""
_FULL_WIDTH = re.compile("[\u2018\u2019\u201c\u201d\uff01-\uff5e\u3000-\u3002]")
_SLIPS = (
    ("cel.hint.full-width", _FULL_WIDTH),
    ("cel.hint.words", re.compile(r"\b(and|or|not)\b", re.IGNORECASE)),
    ("cel.hint.equals", re.compile(r"(?<![=!<>])=(?!=)|<>|===")),
    ("cel.has-field", re.compile(r"\bhas\(\s*\w+\s*\)")),
    ("cel.hint.doubled", re.compile(r"(?<!&)&(?!&)|(?<!\|)\|(?!\|)")),
)
"""What people write instead of the expression's own signs, and what is then said."""
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
_FULL_QUOTED = re.compile("\u2018[^\u2019]*\u2019|\u201c[^\u201d]*\u201d")
_WORD = re.compile("[\\w.]*[\u3400-\u9fff\uf900-\ufaff][\\w.]*")
"""A name with Chinese in it, which no expression has outside quotes."""
_SYNTAX_ERROR = re.compile(r"ERROR: <input>:(\d+):(\d+): (?:Syntax error: )?(.*)")


@cache
def _parsed_expr() -> Any:
    """The message class of a parsed expression, built once."""
    file = descriptor_pb2.FileDescriptorProto(
        name="zhuanjie/cel.proto", package="zhuanjie.cel", syntax="proto2"
    )
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for field, (number, kind, repeated) in fields.items():
            added = message.field.add(name=field, number=number, label=3 if repeated else 1)
            number_of = _MESSAGE if isinstance(kind, str) else kind
            added.type = cast("descriptor_pb2.FieldDescriptorProto.Type.ValueType", number_of)
            if isinstance(kind, str):
                added.type_name = f".zhuanjie.cel.{kind}"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(
        pool.FindMessageTypeByName("zhuanjie.cel.ParsedExpr")
    )


@cache
def _env() -> Any:
    return cel.NewEnv()


def parse(text: str) -> tuple[Any, dict[int, int]]:
    """Parse `text`; returns the tree and the offset, in characters, of each node's id.

    Raises ExpressionError with the place of the first syntax error, UnsupportedError for what is
    too long or nested too deeply for the parser.
    """
    if (at := half_pair(text)) is not None:
        raise fail(ExpressionError, "cel.character", at=at + 1)
    try:
        wire = _env().compile(text, disable_check=True).serialize()
    except Exception as error:  # noqa: BLE001  # the binding raises bare RuntimeError
        raise _syntax_error(text, str(error)) from None
    parsed = _parsed_expr().FromString(any_pb2.Any.FromString(wire).value)
    return parsed.expr, {p.key: p.value for p in parsed.source_info.positions}


def _syntax_error(text: str, said: str) -> ExpressionError:
    if "codepoint limit" in said:
        return fail(UnsupportedError, "cel.too-long", size=len(text))
    if "recursion" in said:
        return fail(UnsupportedError, "cel.too-deep")
    bare = _QUOTED.sub("", text)
    hint = next((code for code, slip in _SLIPS if slip.search(bare)), None)
    return _chinese_names(text, hint) or _at_caret(text, said, hint)


def _chinese_names(text: str, hint: str | None) -> ExpressionError | None:
    """Every name in Chinese, each once: an expression may be written with a ledger's headings."""
    bare = _masked(_QUOTED, text)
    names = {found[0]: found.start()
             for found in reversed(list(_WORD.finditer(_masked(_FULL_QUOTED, bare))))}
    if not names:
        return None
    told = [Diagnostic(CHINESE_NAME, {"name": name}, Place(snippet=text, caret=at),
                       "cel.hint.chinese-name") for name, at in sorted(
                           names.items(), key=lambda item: item[1])]
    sign = _FULL_WIDTH.search(bare)
    if sign and hint == "cel.hint.full-width":
        told.append(Diagnostic("cel.syntax", {"detail": cause("token recognition")},
                               Place(snippet=text, caret=sign.start()), hint))
    return ExpressionError(*told)


def _masked(quoted: re.Pattern[str], text: str) -> str:
    return quoted.sub(lambda found: " " * len(found[0]), text)


def _at_caret(text: str, said: str, hint: str | None) -> ExpressionError:
    """What the parser says of a text, at the place that it names."""
    found = _SYNTAX_ERROR.search(said)
    if not found:
        detail = said.splitlines()[0] if said else "?"
        return fail(ExpressionError, "cel.syntax", Place(snippet=text, caret=0), hint,
                    detail=cause(detail))
    line, column, detail = int(found[1]), int(found[2]), found[3].strip()
    starts = [0] + [i + 1 for i, c in enumerate(text) if c == "\n"]
    caret = min(starts[min(line, len(starts)) - 1] + column - 1, len(text))
    # The parser lists every token it could have taken; the place says more than the list.
    detail = detail.split(" expecting ")[0].replace("[INVALID_ARGUMENT]", "").strip()
    return fail(ExpressionError, "cel.syntax", Place(snippet=text, caret=caret), hint,
                detail=cause(detail))
