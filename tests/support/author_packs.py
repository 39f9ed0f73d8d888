"""Small packs for tests of what authors do. In: rules and cases as YAML. Out: a pack's folder."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

from zhuanjie.engine.api import load_policy
from zhuanjie.engine.policy.policy import Policy

MANIFEST = """\
id: tried
version: 1.0.0
title: {zh: 试, en: tried}
authority: {zh: 试, en: tried}
document: {number: "1", issued_on: 2007-01-01, title: {zh: 试, en: tried}}
in_force: {from: 2007-01-01}
parameters:
  grace: {unit: days, value: 30, source: {zh: 试, en: tried}, note: {zh: 试, en: tried}}
clauses:
  "1": {binds: sender, text: {zh: 一, en: one}}
  "2": {binds: sender, text: {zh: 二, en: two}}
  "2a": {binds: sender, text: {zh: 二甲, en: two a}}
  "2b": {binds: sender, text: {zh: 二乙, en: two b}}
"""
WORDS = "message: {zh: 错, en: wrong}\n    remedy: {zh: 改, en: mend}"
RULES = f"""\
topic: {{zh: 试, en: tried}}
rules:
  - id: slip-back
    clause: "1"
    title: {{zh: 回执, en: slip}}
    when: has(letter.issued_on)
    deadline:
      due: letter.issued_on + days(params.grace)
      done: receipt.returned_on
    {WORDS}
  - id: where-to
    clause: "2"
    title: {{zh: 去向, en: where}}
    when: has(destination.kind)
    table:
      subject: destination.kind
      rows:
        - clause: "2a"
          title: {{zh: 甲, en: a}}
          when: employment.employed
          allow: [employer_org]
        - clause: "2b"
          title: {{zh: 乙, en: b}}
          when: "!employment.employed"
          allow: [residence_township, parents_township]
    {WORDS}
"""
CASES = """\
as_of: 2007-12-31
record: {member.id: s1}
cases:
  # the boundary
  - name: slip
    record: {letter.issued_on: 2007-06-01}
    table:
      columns: [as_of, receipt.returned_on, expect.slip-back, expect.slip-back.due]
      rows:
        - [null, 2007-07-01, satisfied, 2007-07-01]
        - [null, 2007-07-02, violation, null]
        - [2007-07-01, null, pending, null]
        - [2007-07-01, 2007-07-01, satisfied, null]
        - [2007-07-01, 2007-07-02, pending, null]
        - [2007-07-02, null, violation, null]
  - name: no letter
    expect: {slip-back: not_applicable, where-to: not_applicable}
  - name: where
    table:
      columns: [employment.employed, destination.kind, expect.where-to, expect.where-to.clause]
      rows:
        - [true, employer_org, satisfied, "2a"]
        - [true, residence_township, violation, "2a"]
        - [true, parents_township, violation, "2a"]
        - [true, workplace_township, violation, "2a"]
        - [true, talent_service, violation, "2a"]
        - [true, retained, violation, "2a"]
        - [false, employer_org, violation, "2b"]
        - [false, residence_township, satisfied, "2b"]
        - [false, parents_township, satisfied, "2b"]
        - [false, workplace_township, violation, "2b"]
        - [false, talent_service, violation, "2b"]
        - [false, retained, violation, "2b"]
        - [null, employer_org, undetermined, null]
        - [null, retained, violation, "2"]
"""
WEIGHED = """\
  - name: what slips weigh
    record: {letter.issued_on: 2007-06-01}
    expect: {slip-back: {outcome: violation, clause: "1", severity: error, binds: sender}}
  - name: what a way weighs
    record: {destination.kind: retained}
    table:
      columns: [employment.employed, expect.where-to, expect.where-to.clause,
                expect.where-to.severity, expect.where-to.binds]
      rows:
        - [true, violation, "2a", error, sender]
        - [false, violation, "2b", error, sender]
        - [null, violation, "2", error, sender]
"""
"""Further cases, of what chooses and weighs."""


def write(folder: Path, rules: str = RULES, cases: str | None = CASES,
          manifest: str = MANIFEST) -> Path:
    """The pack, written to a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pack.yaml").write_text(manifest, encoding="utf-8")
    (folder / "10-rules.yaml").write_text(rules, encoding="utf-8")
    if cases is not None:
        (folder / "cases").mkdir(exist_ok=True)
        (folder / "cases" / "all.yaml").write_text(dedent(cases), encoding="utf-8")
    return folder


def policy(folder: Path, **parts: str | None) -> Policy:
    """The same, loaded."""
    return load_policy(write(folder, **parts))
