"""The packs that come with the program, held against the notice's clauses and themselves."""

import re
from datetime import date
from functools import cache
from pathlib import Path
from string import Formatter

import pytest
from support.party_transfer import fields

from zhuanjie.engine.core.unicode import width
from zhuanjie.engine.policy.check import build_policy
from zhuanjie.engine.policy.found import pack_folders
from zhuanjie.engine.policy.locate import load_chain
from zhuanjie.engine.policy.pack_files import load_cases

ROOT = Path(__file__).resolve().parents[2]
OBLIGATIONS = ROOT.parent / "shared" / "obligations.md"
PACKS = sorted(p.name for p in (ROOT / "rules").iterdir() if (p / "pack.yaml").is_file())
BASE, OVERLAY = "fujian-2007-80", "quanzhou-normal-2007-23"
SHAPES = {"decision": "table"}
HAN = re.compile(r"[\u4e00-\u9fff]")
# What a value of each type adds to a message; an enum adds its longest value.
WIDTHS = {"date": 10, "string": 12, "bool": 5, "int": 4}
LIMITS = {"zh": 80, "en": 95}


@cache
def policy(name):
    return build_policy(load_chain(pack_folders()[name]))


@cache
def cases(name):
    return load_cases(pack_folders()[name])


def table(first, columns):
    """The rows of a table of the obligations whose first cell matches `first`."""
    if not OBLIGATIONS.is_file():
        pytest.skip(f"no {OBLIGATIONS.name} beside the repository")
    rows = []
    for line in OBLIGATIONS.read_text(encoding="utf-8").splitlines():
        # `||` stands in conditions, `|` with spaces around it between cells.
        cells = [c.strip() for c in re.split(r"(?<!\|)\|(?!\|)", line.strip())][1:-1]
        if len(cells) == columns and re.fullmatch(first, cells[0]):
            rows.append(cells)
    assert rows
    return rows


def texts(rule):
    return {k: t for k in ("message", "remedy", "late", "late_remedy") if (t := getattr(rule, k))}


def names(text):
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def filled_width(text, lang):
    """Columns the text takes once its values are filled in."""
    return sum(width(literal) + (value_width(name, lang) if name else 0)
               for literal, name, _, _ in Formatter().parse(text))


def value_width(name, lang):
    field = fields().get(name)
    if field is None:
        return 3 if name == "days_late" or name.startswith("params.") else WIDTHS["date"]
    if field.type == "enum":
        return max(map(width, field.values.values() if lang == "zh" else field.values))
    return WIDTHS[field.type]


def every_text(name):
    """All texts of a pack, with where they stand."""
    pack = policy(name)
    top = pack.manifest
    yield from {"title": top.title, "authority": top.authority,
                "document": top.document.title}.items()
    if pack.scope_rule:
        yield "scope", pack.scope_rule.title
    for key, parameter in pack.parameters.items():
        yield from ((f"{key}.source", parameter.source), (f"{key}.note", parameter.note))
    for key, clause in pack.clauses.items():
        yield key, clause.text
    for typed in pack.rules:
        yield f"{typed.id}.title", typed.title
        yield from ((f"{typed.id}.{k}", t) for k, t in texts(typed.rule).items())
        yield from ((f"{typed.id}.{row.clause}", row.title) for row in typed.rows)


def test_both_packs_are_there():
    assert {BASE, OVERLAY} <= set(PACKS)
    assert set(PACKS) == set(pack_folders())


@pytest.mark.parametrize("name", PACKS)
def test_pack_loads_and_types(name):
    assert policy(name).id == name
    assert policy(name).rules


@pytest.mark.parametrize("name", PACKS)
def test_every_file_names_its_schema(name):
    for path in (ROOT / "rules" / name).rglob("*.yaml"):
        kind = {"pack.yaml": "pack"}.get(path.name, "topic")
        kind, up = ("cases", "../..") if path.parent.name == "cases" else (kind, "..")
        first = path.read_text(encoding="utf-8").split("\n", 1)[0]
        want = f"# yaml-language-server: $schema={up}/_schema/{kind}.schema.json"
        assert first == want, path


@pytest.mark.parametrize("name", PACKS)
def test_every_text_is_in_its_language(name):
    for where, text in every_text(name):
        assert HAN.search(text.zh), where
        assert not HAN.search(text.en), where
        assert names(text.zh) == names(text.en), where


@pytest.mark.parametrize("name", PACKS)
def test_texts_quote_only_what_their_rule_knows(name):
    for rule in policy(name).rules:
        timed = rule.shape in ("deadline", "recurring")
        for key, text in texts(rule.rule).items():
            quoted = names(text.en)
            assert timed or not quoted & {"due", "days_late"}, (rule.id, key)
            assert key.startswith("late") or "done" not in quoted, (rule.id, key)
            own = {q for q in quoted if "." in q and not q.startswith("params.")}
            assert own <= rule.fields, (rule.id, key)
            assert {q[7:] for q in quoted if q.startswith("params.")} <= rule.params, rule.id


@pytest.mark.parametrize("name", PACKS)
def test_texts_fit_a_table(name):
    for rule in policy(name).rules:
        for key, text in texts(rule.rule).items():
            for lang, limit in LIMITS.items():
                assert filled_width(getattr(text, lang), lang) <= limit, (rule.id, key, lang)


@pytest.mark.parametrize("name", PACKS)
def test_deadlines_have_words_for_a_late_act(name):
    for rule in policy(name).rules:
        both = (rule.rule.late is not None, rule.rule.late_remedy is not None)
        assert both == ((True, True) if rule.shape == "deadline" else (False, False)), rule.id


def test_rules_follow_the_obligations():
    rows = [r for r in table(r"\d\.\d[a-z]?", 4) if r[1] != "row"]
    want = []
    for clause, shape, _, _ in rows:
        kind, _, severity = shape.partition(", ")
        want.append((clause, SHAPES.get(kind, kind), severity or "error"))
    assert [(r.clause, r.shape, str(r.severity)) for r in policy(BASE).rules] == want


def test_rows_of_the_decision_follow_the_obligations():
    want = [(clause, tuple(re.findall(r"[a-z]+(?:_[a-z]+)+|retained", asks.split(" (")[0])))
            for clause, shape, _, asks in table(r"\d\.\d[a-z]?", 4) if shape == "row"]
    decision = next(r for r in policy(BASE).rules if r.shape == "table")
    assert [(row.clause, row.allow) for row in decision.rows] == want


def test_parameters_follow_the_obligations():
    want = {}
    for listed, values, _ in table(r"[a-z_]+(, [a-z_]+)*", 3):
        if values.replace(", ", "").isdigit():
            want |= zip(listed.split(", "), map(int, values.split(", ")), strict=True)
    found = policy(BASE).parameters
    assert {n: p.value for n, p in found.items()} == want
    assert {n: p.unit for n, p in found.items()} == {n: n.rsplit("_", 1)[1] for n in want}


def test_every_clause_is_used_and_every_parameter_read():
    pack = policy(BASE)
    assert set(pack.clauses) == {c for r in pack.rules for c in r.clauses}
    assert set(pack.parameters) == set().union(*(r.params for r in pack.rules))
    for clause, meaning in pack.clauses.items():
        assert meaning.binds == ("sender" if clause.startswith("1.") else "receiver")


def test_overlay_adds_its_scope_and_nothing_else():
    base, overlay = policy(BASE), policy(OVERLAY)
    assert overlay.manifest.builds_on == BASE
    assert base.scope is None and overlay.scope is not None
    assert overlay.scope_rule.when == "member.cohort in [2006, 2007]"
    assert [r.id for r in overlay.rules] == [r.id for r in base.rules]


def test_every_topic_has_cases():
    folder = ROOT / "rules" / BASE
    topics = {p.stem for p in folder.glob("[0-9]*.yaml")}
    assert topics <= {p.stem for p in (folder / "cases").glob("*.yaml")}


def test_every_rule_has_a_case_of_every_outcome_it_owes():
    seen = {}
    for loaded in cases(BASE):
        for case in loaded.cases.cases:
            for rule, want in case.expect.items():
                seen.setdefault(rule, set()).add(getattr(want, "outcome", want))
    for rule in policy(BASE).rules:
        owed = {"satisfied", "violation", "not_applicable"}
        owed |= {"pending"} if rule.shape == "deadline" else set()
        assert owed <= seen[rule.id], rule.id


@pytest.mark.parametrize("name", PACKS)
def test_cases_name_known_rules_and_fields(name):
    ids = {r.id for r in policy(name).rules}
    for loaded in cases(name):
        listed = loaded.cases.cases
        assert len({c.name for c in listed}) == len(listed), loaded.source.file
        assert_readable(loaded.cases.record, loaded.source.file)
        for case in listed:
            assert set(case.expect) <= ids, case.name
            assert set(case.params) <= set(policy(name).parameters), case.name
            for record in (case.record, *case.others):
                assert_readable(record, case.name)


def assert_readable(record, where):
    """Each value is one the field can hold."""
    for name, value in record.items():
        field = fields()[name]
        match field.type:
            case _ if value is None:
                continue
            case "date":
                date.fromisoformat(value)
            case "enum":
                assert value in field.values, (where, name)
            case "bool":
                assert isinstance(value, bool), (where, name)
            case "int":
                assert type(value) is int, (where, name)
            case _:
                assert isinstance(value, str), (where, name)
