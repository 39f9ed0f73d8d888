"""The real command, and a small ledger for it. In: arguments. Out: what the process said."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

COMMAND = str(Path(sys.executable).parent / "zhuanjie")
AS_OF = ("--as-of", "2007-12-31", "--policy", "fujian-2007-80")

SOUND = {
    "学号": "06000", "姓名": "张三", "性别": "男", "党员类别": "正式", "届别": "2007",
    "离校时间": "2007-06-30", "离校教育时间": "2007-06-01", "书面告知时间": "2007-06-02",
    "告知形式": "书面", "是否落实工作单位": "是", "单位是否建立党组织": "是",
    "去向类型": "单位党组织", "介绍信式样": "三联", "存根序号": "A1", "介绍信编号": "A1",
    "回执序号": "A1", "开具单位": "某校", "转出时间": "2007-06-30", "介绍信姓名": "张三",
    "介绍信性别": "男", "介绍信党员类别": "正式", "介绍信联系电话": "13800000000",
    "原所在基层党委通讯地址": "某路1号", "跟踪责任人": "李四", "回执收到日期": "2007-08-01",
}


def record(number: int, **changed: str) -> dict[str, str]:
    """A sound record but for what is `changed`."""
    serial = f"A{number}"
    return SOUND | {"学号": f"06{number:03}", "存根序号": serial, "介绍信编号": serial,
                    "回执序号": serial} | changed


LEDGER = [
    record(1),
    record(2, 回执收到日期=""),
    record(3, 离校时间=""),
    record(4, 转出时间="2007-02-30"),
    record(5, 转出时间="2007-11-30", 回执收到日期=""),
    record(6, 离校教育时间="2007-07-10"),
    record(7, 是否落实工作单位=""),
]


def write_ledger(path: Path, rows: list[dict[str, str]] | None = None) -> Path:
    """A ledger as CSV with Chinese headings."""
    rows = LEDGER if rows is None else rows
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(SOUND))
        writer.writeheader()
        writer.writerows(rows)
    return path


def run(*args: str | Path, lang: str = "en", **more: Any) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    env = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "NO_COLOR", "LANG")}
    env |= {"LC_ALL": {"en": "C.UTF-8", "zh": "zh_CN.UTF-8"}[lang], **more.pop("env", {})}
    return subprocess.run([COMMAND, *map(str, args)], capture_output=True, encoding="utf-8",
                          env=env, timeout=more.pop("timeout", 120), check=False, **more)
