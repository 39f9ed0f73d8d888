"""A pack that is scaffolded passes whatever a pack is asked; a pack is put into words
and laid out."""

from __future__ import annotations

import io
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import pytest
from support.author_packs import MANIFEST, RULES, write
from support.marks import few

from zhuanjie.engine.api import lint, load_policy
from zhuanjie.engine.authoring.coverage.coverage import coverage
from zhuanjie.engine.authoring.editing.layout import formatted, pack_files
from zhuanjie.engine.authoring.editing.scaffold import scaffold
from zhuanjie.engine.authoring.mutation.mutate import mutate
from zhuanjie.engine.authoring.phrases import Phrases
from zhuanjie.engine.authoring.testing.report import run_tests
from zhuanjie.engine.authoring.verification.verify import verify
from zhuanjie.engine.core.errors import PolicyError, UsageError
from zhuanjie.engine.core.yaml_source import parse_source
from zhuanjie.engine.policy.found import pack_folders
from zhuanjie.report.formats import html
from zhuanjie.report.section import Section
from zhuanjie.report.view import View

DAY = date(2024, 2, 20)


def written(folder: Path, name: str, base: str | None = None) -> Path:
    for path, text in scaffold(name, folder, DAY, base).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return folder


NEW = [(name, base) for name in ("mine-2024-1", "2024", "null") for base in (None, *pack_folders())]


@pytest.mark.parametrize(("name", "base"), few(
    NEW, *(n for n in NEW if n[1] is None), NEW[-1]))
def test_a_new_pack_passes_everything(tmp_path: Path, name: str, base: str | None) -> None:
    policy = load_policy(written(tmp_path / name, name, base))
    assert policy.id == name
    assert policy.manifest.builds_on == base
    assert {d.code for d in lint(policy)} <= {"lint.left-over"}
    assert run_tests(policy, ("reference",)).failed == ()
    assert coverage(policy).uncovered == []
    assert mutate(policy).survivors == ()
    if name == "mine-2024-1":
        found = verify(policy)
        assert not found.findings, found.findings


def test_a_new_pack_on_a_new_pack_takes_other_names(tmp_path: Path) -> None:
    written(tmp_path / "one", "one")
    policy = load_policy(written(tmp_path / "two", "two", "one"))
    assert [r.id for r in policy.rules] == ["example-1", "example-2"]
    assert coverage(policy).uncovered == []


def test_schemas_beside_the_folder_are_used(tmp_path: Path) -> None:
    alone = scaffold("a", tmp_path / "a", DAY)
    assert "_schema/pack.schema.json" in alone
    for name, text in alone.items():
        if name.endswith(".yaml"):
            _, _, schema = text.splitlines()[0].partition("$schema=")
            assert str(Path(name).parent / schema).replace("cases/../", "") in alone
    (tmp_path / "_schema").mkdir()
    for name, text in alone.items():
        if name.endswith(".json"):
            (tmp_path / name).write_text(text, encoding="utf-8")
    shared = scaffold("a", tmp_path / "a", DAY)
    assert set(shared) == {"pack.yaml", "10-example.yaml", "cases/10-example.yaml"}
    assert "$schema=../../_schema/cases" in shared["cases/10-example.yaml"]


@pytest.mark.parametrize(("name", "where", "base", "code"), [
    ("Bad_", "new", None, "scaffold.id"),
    ("a--b", "new", None, "scaffold.id"),
    ("good", "used", None, "scaffold.in-use"),
    ("good", "new", "nowhere", "policy.not-found"),
])
def test_what_cannot_be_scaffolded(tmp_path: Path, name: str, where: str, base: str | None,
                                   code: str) -> None:
    write(tmp_path / "used")
    with pytest.raises(UsageError) as caught:
        scaffold(name, tmp_path / where, DAY, base)
    assert caught.value.diagnostics[0].code == code


def test_a_base_that_the_pack_would_not_find(tmp_path: Path) -> None:
    far = write(tmp_path / "far" / "base")
    with pytest.raises(UsageError) as caught:
        scaffold("good", tmp_path / "near" / "good", DAY, str(far))
    assert caught.value.diagnostics[0].code == "scaffold.base-elsewhere"


# --- expressions in words ---------------------------------------------------------------------


@pytest.mark.parametrize(("cel", "en", "zh"), [
    ("has(letter.issued_on)", "letter.issued_on is on record", "已记转出时间"),
    ("!has(letter.issued_on)", "letter.issued_on is blank", "转出时间未记"),
    ("employment.employed", "employment.employed is “yes”", "是否落实工作单位为“是”"),
    ("!employment.employed", "employment.employed is “no”", "是否落实工作单位为“否”"),
    ("employment.employed == false", "employment.employed is no", "是否落实工作单位为否"),
    ("'full' != member.category", "“full” is not member.category", "“正式”不为党员类别"),
    ("letter.form in ['two_part', 'three_part']",
     "letter.form is one of “two_part”, “three_part”", "介绍信式样为“两联”、“三联”之一"),
    ("letter.issued_on <= as_of", "letter.issued_on is no later than the as-of day",
     "转出时间不晚于核对日"),
    ("letter.valid_days < 3", "letter.valid_days is less than 3", "介绍信有效期天数小于3"),
    ("as_of > letter.issued_on + days(params.grace)",
     "the as-of day is after 30 day(s) (grace) after letter.issued_on",
     "核对日晚于转出时间后30天（grace）"),
    ("letter.issued_on + days(has(letter.valid_days) ? letter.valid_days : 9) == as_of",
     "(letter.valid_days if letter.valid_days is on record, else 9) day(s) after "
     "letter.issued_on is the as-of day",
     "转出时间后（已记介绍信有效期天数的，为介绍信有效期天数，否则为9）天为核对日"),
    ("has(member.id) && (has(member.sex) || has(member.name) && employment.employed)",
     "member.id is on record, and (member.sex is on record, or (member.name is on record, and "
     "employment.employed is “yes”))",
     "已记学号，且（已记性别，或（已记姓名，且是否落实工作单位为“是”））"),
    ("!(has(member.id) && has(member.sex))",
     "it is not so that (member.id is on record, and member.sex is on record)",
     "并非（已记学号，且已记性别）"),
    ("member.name.startsWith('a')", "member.name begins with “a”", "姓名以“a”开头"),
])
def test_an_expression_in_words(tmp_path: Path, cel: str, en: str, zh: str) -> None:
    rules = RULES.replace("when: has(letter.issued_on)", f'when: "{cel}"')
    policy = load_policy(write(tmp_path, rules=rules))
    when = policy.rules[0].when
    assert when is not None
    assert Phrases(policy.parameters, policy.vocabulary.fields, "en").condition(when) == en
    assert Phrases(policy.parameters, policy.vocabulary.fields, "zh").condition(when) == zh


def test_a_number_that_changed_goes_by_its_name(tmp_path: Path) -> None:
    manifest = MANIFEST.replace("value: 30", "values: [{value: 30}, {from: 2008-01-01, value: 9}]")
    policy = load_policy(write(tmp_path, manifest=manifest))
    due = policy.rules[0].due
    assert due is not None
    assert Phrases(policy.parameters, policy.vocabulary.fields, "en").condition(due) == (
        "grace day(s) after letter.issued_on")


@pytest.mark.parametrize("name", pack_folders())
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_expression_of_the_shipped_packs_has_words(name: str, lang: str) -> None:
    policy = load_policy(name)
    phrases = Phrases(policy.parameters, policy.vocabulary.fields, lang)  # type: ignore[arg-type]  # one of LANGS
    for rule in policy.rules:
        for expr in rule.expressions().values():
            said = phrases.condition(expr)
            assert said
            assert "&&" not in said
            assert "==" not in said


class Reader(HTMLParser):
    """The tags that stand open, and the text that a page shows."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def test_a_page_escapes_what_it_quotes() -> None:
    evil = "<script>alert('x')</script> & \"y\""
    out = io.StringIO()
    html.render([Section(title=evil, level=1), Section(
        title=evil, notes=[evil], headers=[evil], rows=[[evil]], tree=[evil])], out, View("en"))
    reader = Reader()
    reader.feed(out.getvalue())
    assert reader.open == []
    assert "<script" not in out.getvalue()
    # once as the page's own title, twice as headings, once in the contents, five times below: a table
    # is told by its heading too
    assert reader.text.count(evil) == 9


# --- lints ------------------------------------------------------------------------------------


# --- layout -----------------------------------------------------------------------------------

UNEVEN = """\


# head
id:   x  \t
list:
- a   # first
# about b
- b: 1

  # about c
  c: |-
     one
        two  \x20

     three



  # about d
  d: [1,
    2]
deep:
      inner:
            - {a: 1,
                  b: 2}
            -   far: "x
                  y"
                near: 1
      # last of deep
# tail


"""
EVEN = """\
# head
id:   x
list:
  - a   # first
  # about b
  - b: 1

    # about c
    c: |-
       one
          two  \x20

       three

    # about d
    d: [1,
      2]
deep:
  inner:
    - {a: 1,
          b: 2}
    -   far: "x
          y"
        near: 1
  # last of deep
# tail
"""


def data(text: str) -> object:
    return parse_source(text, PolicyError, "x").data


@pytest.mark.parametrize("uneven", [UNEVEN, UNEVEN.replace("\n", "\r\n"), "\ufeff" + UNEVEN, EVEN])
def test_a_layout_is_made_even(uneven: str) -> None:
    assert formatted(uneven, "x") == EVEN
    assert data(EVEN) == data(uneven.replace("\r\n", "\n").removeprefix("\ufeff"))


@pytest.mark.parametrize("text", [
    "a: |2\n    x\n  y\nb: 1\n",
    "a:\n    |+\n    x\n\n\n",
    "a: |\n  x\n  # text\n# comment\nb: >\n   folded\n\n   text\n",
    "? a\n: b\n",
    "- - a\n  - b\n-\n  - c\n",
    "a: &x {b: 1}\nc: *x\n",
    "a: plain\n   goes on\nb: 'q\n\n  w'\n",
    "--- # start\na: 1\n...\n",
])
def test_an_odd_file_keeps_its_meaning_and_its_comments(text: str) -> None:
    once = formatted(text, "x")
    assert data(once) == data(text)
    assert formatted(once, "x") == once
    assert once.count("#") == text.count("#")


@pytest.mark.parametrize("path", [p for f in pack_folders().values() for p in pack_files(f)],
                         ids=lambda p: f"{p.parent.name}/{p.name}")
def test_shipped_files_are_laid_out_and_found_again(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert formatted(text, "x") == text
    after = "" if "|-" in text else " "  # a text's own blanks are part of it
    wide = "\n".join(f"  {x}{after}" if x[:1] == " " else x for x in text.split("\n"))
    assert wide != text
    assert formatted(wide.replace("\n\n", " \n\n \n"), "x") == text


def test_what_is_no_yaml_is_refused_with_its_place() -> None:
    with pytest.raises(PolicyError) as caught:
        formatted("a: [1\nb: 2\n", "x.yaml")
    assert caught.value.diagnostics[0].place.line == 2
