"""The real command, and a small ledger for it. In: arguments. Out: what the process said."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from support.prepared import PreparedCommand

COMMAND = str(Path(sys.executable).parent / "zhuanjie")
PREPARED = PreparedCommand()
AS_OF = ("--as-of", "2007-12-31", "--policy", "fujian-2007-80")

UNUSED = (
    "入党时间", "人才服务机构级别", "是否政府人事劳动部门所属", "个人档案是否随转", "保留原因",
    "保留申请日期", "申请形式", "申请人", "审批意见", "审批部门", "审批日期", "编入支部日期",
    "保留期间能否参加组织生活", "流动党员活动证发放日期", "最近联系日期", "最近验证日期",
    "介绍信有效期天数", "跟踪落实日期", "报到日期", "凭证查验日期", "接收日期", "编入党支部日期",
    "党内档案转入日期", "回执寄出日期", "是否委托办理", "委托核实日期", "接收后能否参加组织生活",
    "接收地活动证发放日期", "接收地最近联系日期", "接收地最近验证日期", "持证报到日期",
    "联系流出地日期", "流动党员编入支部日期", "转正讨论日期", "转正结果", "预备期延长至",
)
"""Columns that the ledger has and leaves blank: without them clauses could not be judged."""

SOUND = {
    "学号": "06000", "姓名": "张三", "性别": "男", "党员类别": "正式", "届别": "2007",
    "离校时间": "2007-06-30", "离校教育时间": "2007-06-01", "书面告知时间": "2007-06-02",
    "告知形式": "书面", "是否落实工作单位": "是", "单位是否建立党组织": "是",
    "去向类型": "单位党组织", "介绍信式样": "三联", "存根序号": "A1", "介绍信编号": "A1",
    "回执序号": "A1", "开具单位": "某校", "转出时间": "2007-06-30", "介绍信姓名": "张三",
    "介绍信性别": "男", "介绍信党员类别": "正式", "介绍信联系电话": "13800000000",
    "原所在基层党委通讯地址": "某路1号", "跟踪责任人": "李四", "回执收到日期": "2007-08-01",
} | dict.fromkeys(UNUSED, "")


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
    """Run the command to its end, where it can be in a process that is prepared."""
    env = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "NO_COLOR", "LANG")}
    env |= {"LC_ALL": {"en": "C.UTF-8", "zh": "zh_CN.UTF-8"}[lang], **more.pop("env", {})}
    call, timeout = [*map(str, args)], more.pop("timeout", 120)
    if PREPARED.fits(call, env, more):
        return PREPARED.run(COMMAND, call, env, timeout, **more)
    return subprocess.run([COMMAND, *call], capture_output=True, encoding="utf-8",
                          env=env, timeout=timeout, check=False, **more)
