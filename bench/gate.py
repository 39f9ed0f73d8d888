"""How fast is one record judged? In: nothing. Out: medians beside peers, all in one run.

Twenty-two conditions (`conditions.py`) on the same record, by every engine in the best form found
for it; then the whole provincial pack, with its findings in words, by ours alone.
"""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path
from typing import Any

from conditions import RECORD
from engines import DAY, dated, durable_by_hand, google, ours, plain, rules, rust_cel, zen
from measure import AS_OF, COMMAND, HERE, median, process, report, table

from zhuanjie.engine import api


def whole_pack() -> list[list[Any]]:
    """`check` with the provincial pack, findings in words, by each engine for single records."""
    policy = api.load_policy("fujian-2007-80")
    record = dated({g: fields for g, fields in RECORD.items() if g != "floating"})
    rows = []
    for name in ("python", "durable", "reference"):
        found = api.check(record, policy, as_of=DAY, backend=name)
        rows.append([name, len(found),
                     median(lambda n=name: api.check(record, policy, as_of=DAY, backend=n))])
    return rows


def processes() -> list[list[Any]]:
    ledger = str(HERE.parent / "fixtures" / "ledgers" / "office-2007.xlsx")
    with tempfile.TemporaryDirectory() as folder:
        record = Path(folder, "record.yaml")
        record.write_text("member.id: '1'\nletter.issued_on: 2007-06-30\n", encoding="utf-8")
        judging = ["--as-of", AS_OF, "--fail-on", "never"]
        calls = {
            "zhuanjie --help": ["--help"],
            "zhuanjie check RECORD": ["check", str(record), *judging],
            "zhuanjie audit, 200 rows of .xlsx": ["audit", ledger, *judging],
        }
        return [[name, statistics.median(process([COMMAND, *args]).seconds for _ in range(9))]
                for name, args in calls.items()]


def main() -> None:
    contenders = [plain(), ours("python"), zen(), google(), rust_cel(), rules(), ours("durable"),
                  durable_by_hand()]
    expected = contenders[0].judge(RECORD)
    rows = []
    for each in contenders:
        record = each.shape(RECORD)
        found = sorted(each.read(each.judge(record)))
        assert found == expected, (each.name, found, expected)
        rows.append([each.name, median(lambda c=each, r=record: c.judge(r))])
    base = rows[0][1]
    engines = table([[n, t, t / base] for n, t in rows],
                    ["22 conditions on one record", "median µs", "times plain ifs"],
                    ["", ".1f", ".1f"])
    packs = table(whole_pack(), ["whole provincial pack, findings in words", "findings",
                                 "median µs"], ["", "", ".0f"])
    commands = table(processes(), ["process", "median s"], ["", ".2f"])
    report("gate", "One record", f"""\
The same record for all, in memory; compiling rules is not counted. All say that the same
{len(expected)} conditions hold.

{engines}

{packs}

{commands}""", ["zen-engine", "cel-expr-python", "common-expression-language", "rule-engine",
                "durable-rules"])


if __name__ == "__main__":
    main()
