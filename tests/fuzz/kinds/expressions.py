"""Conditions in CEL. In: a random source. Out: texts that are mostly CEL, and calls that read them."""

from __future__ import annotations

import json
from dataclasses import replace
from random import Random

from fuzz import nasty
from fuzz.inputs import FuzzInput

NAMES = ("member.left_on", "member.id", "member.name", "letter.issued_on", "letter.valid_days",
         "letter.phone", "destination.kind", "member.sex", "as_of", "params.receipt_return_days",
         "retention.attends", "dues.paid_to", "x.y", "member", "member.name.x", "a.b.c")
ATOMS = ("1", "0", "-1", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "1u", "1.5",
         "1e400", "0x1F", "true", "false", "null", "''", "'a'", '"\\u0041"', "r'\\d'", "b'a'", "'''x'''",
         "[]", "['a', 'b']", "[1, 'a']", "{}", "{'a': 1}", "timestamp('2007-12-25T00:00:00Z')",
         "timestamp('x')", "date(2007, 2, 30)", "date(2007, 12, 25)", "duration('1h')", "days(3)",
         "months(1)", "months(9223372036854775807)", "days(-106751991)", "as_of")
PATTERNS = ("^a", "(a|aa)+$", "(a|a)*$", "^(.*,){12}x$", "(a+)+$", "[", "(", "*", "a{1000}", "a{" + "9" * 5000 + "}", "a{1,99999}",
            "(?i)a", "(?=a)", "\\\\p{L}", "\\\\1", "^(1[0-9]{10})$", "((((((a?){9}){9}){9}){9}){9}){9}", "$^",
            "[^\\\\x00-\\\\x{10FFFF}]", "a" * 3000, "(" * 200 + ")" * 200, "|" * 500, ".*" * 50)
INFIX = ("==", "!=", "<", "<=", ">", ">=", "&&", "||", "+", "-", "*", "/", "%", "in")
METHODS = ("size()", "startsWith('a')", "endsWith('')", "contains('b')", "getFullYear()", "getMonth()",
           "getDayOfWeek()", "getDate()", "map(x, x)", "exists(x, x == 'a')", "all(x, true)", "toString()",
           "matches(member.name)", "__class__", "lowerAscii()")
TOKENS = ("(", ")", "[", "]", "{", "}", ".", ",", "?", ":", "&&", "||", "!", "-", "'", '"', "//", "\n", "\\",
          "`", "#", ";", "has(", "matches(", "?.", "in", "optional.of(1)", "\x00", "\u202e")


def expression(rng: Random, depth: int = 4) -> str:
    """A text that a grammar gives, spoiled now and then."""
    text = _node(rng, rng.randrange(depth + 1))
    match rng.randrange(12):
        case 0:
            at = rng.randrange(len(text) + 1)
            return text[:at] + rng.choice(TOKENS) + text[at + rng.randrange(4):]
        case 1:
            return rng.choice((" || ", " && ", " + ", "!", "-", "(", "[", "")).join(
                [text] * rng.choice((2, 30, 300)))
        case 2:
            return "(" * rng.choice((20, 260, 3000)) + text + ")" * rng.choice((20, 260, 3000))
        case 3:
            return text + " == " + json.dumps(nasty.text(rng), ensure_ascii=False)
        case _:
            return text


def _node(rng: Random, depth: int) -> str:
    if depth <= 0:
        return rng.choice((rng.choice(NAMES), rng.choice(ATOMS)))
    one = _node(rng, depth - 1)
    match rng.randrange(9):
        case 0:
            return f"has({rng.choice(NAMES)})"
        case 1:
            return f"!({one})"
        case 2:
            return f"({one} ? {_node(rng, depth - 1)} : {_node(rng, depth - 1)})"
        case 3:
            return f"({one}).{rng.choice(METHODS)}"
        case 4:
            return f"{rng.choice(NAMES)}.matches('{rng.choice(PATTERNS)}')"
        case 5:
            return f"{rng.choice(('days', 'months', 'size', 'int', 'string', 'date', 'duration'))}({one})"
        case _:
            return f"({one} {rng.choice(INFIX)} {_node(rng, depth - 1)})"


def fresh(rng: Random) -> FuzzInput:
    """A call of `eval` on a record."""
    record = {"member.left_on": "2007-06-30", "member.name": rng.choice(("张三", "a" * 40, nasty.text(rng))),
              "letter": {"issued_on": rng.choice(("2007-06-30", None, "x")), "valid_days": 90},
              "retention.attends": rng.choice((True, None, "是")), "member.id": "06001",
              "x.y": rng.choice((1, 2**63, 1.5, "a", True, None))}
    args = ["eval", expression(rng), "--data", "r.json", "--as-of", "2007-12-31", "--lang", "en"]
    if rng.random() < 0.5:
        args += ["--backend", rng.choice(("reference", "python", "polars", "durable", "duckdb"))]
    if rng.random() < 0.3:
        args += ["--policy", rng.choice(("fujian-2007-80", "central-2019-regulations"))]
    if rng.random() < 0.1:
        args += ["--set", f"receipt_return_days={rng.choice((0, -1, 2**63, 10**30, 'x'))}"]
    if args[1].startswith("-"):
        args[1] = f" {args[1]}"
    data = json.dumps(record, ensure_ascii=False).encode(errors="surrogatepass")
    return FuzzInput("cel", tuple(a.replace("\x00", "\ufffd") for a in args), {"r.json": data})


def mutate(rng: Random, given: FuzzInput) -> FuzzInput:
    """One token more, less or in another place."""
    args = list(given.args)
    text = args[1]
    at = rng.randrange(len(text) + 1)
    args[1] = " " + text[:at] + rng.choice((*TOKENS, *INFIX, *NAMES, *ATOMS)) + text[at + rng.randrange(6):]
    return replace(given, args=tuple(a.replace("\x00", "\ufffd") for a in args))
