"""One word, one meaning, in what people read: the catalogues and the shipped packs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from zhuanjie.engine.core.messages import LANGS, catalogue

ROOT = Path(__file__).parents[2]
HAN = "[\u3400-\u9fff]"
WRONG_ZH = {
    "台帐": "台账", "政策": "规则包", "编号或文件夹": "标识或文件夹", "规则包的编号": "规则包的标识",
    "截止日": "核对日", "截至日": "核对日", "审核": "核对（人所做的除外）",
}
BY_PEOPLE = ("人工审核",)
"""What people do goes by its own word."""
WRONG_EN = ("show this help and leave", "has no use for", "weight")
RAW = re.compile(r"`[^`]*`|\{[^}]*\}|[a-z]+://\S+|：@ : / % ")
"""What is quoted keeps its own marks."""


def texts() -> list[tuple[str, str]]:
    """The Chinese that people read: messages, and the words of the shipped packs."""
    packs = [(f"{path.parent.name}/{path.name}:{number}", line)
             for path in sorted((ROOT / "rules").glob("[a-z]*/*.yaml"))
             for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
             if re.search(HAN, line)]
    return [*catalogue("zh").items(), *packs]


def wrong_words(text: str) -> list[str]:
    """The words in a text that have another one here."""
    for said in BY_PEOPLE:
        text = text.replace(said, "")
    return [word for word in WRONG_ZH if word in text]


def half_width(text: str) -> list[str]:
    """Half-width punctuation beside Chinese characters, but for what is quoted."""
    text = RAW.sub("x", text)
    return re.findall(f"{HAN}[,;!?]|{HAN}:(?!\\w)|[,;:!?]{HAN}|{HAN}\\(|\\){HAN}", text)


def test_chinese_has_one_word_for_one_thing() -> None:
    found = {where: wrong_words(text) for where, text in catalogue("zh").items()}
    found |= {where: [w for w in ("台帐",) if w in text] for where, text in texts()}
    assert {where: words for where, words in found.items() if words} == {}


def test_chinese_messages_have_full_width_marks() -> None:
    found = {where: half_width(text) for where, text in catalogue("zh").items()}
    assert {where: marks for where, marks in found.items() if marks} == {}


@pytest.mark.parametrize(("text", "wrong"), [
    ("请核对,再填", ["对,"]), ("用法: x", ["法:"]), ("写作 `学号: 1`", []), ("甲(乙)", ["甲("]),
    ("{a}: {b}", []), ("用 --set a=b，可重复", []),
])
def test_half_width_marks_are_told(text: str, wrong: list[str]) -> None:
    assert half_width(text) == wrong


def test_wrong_words_are_told() -> None:
    assert wrong_words("按政策审核台帐") == ["台帐", "政策", "审核"]
    assert wrong_words("提请人工审核") == []


def test_document_numbers_have_the_brackets_of_official_papers() -> None:
    found = [(where, text) for where, text in texts()
             if re.search(rf"{HAN}[\[［【(（]\d{{4}}[\]］】)）]\d+号", text)]
    assert found == []


def test_english_has_the_words_of_other_commands() -> None:
    said = catalogue("en")
    assert said["cli.option.help"] == "show this message and exit"
    assert said["cli.option.fail-on"].startswith("minimum severity for exit code 1")
    assert "unexpected argument" in said["cli.usage.extra"]
    assert "invalid usage" in said["cli.usage.call"]
    assert [code for code, text in said.items() for word in WRONG_EN if word in text] == []


def test_both_languages_say_the_same_things() -> None:
    zh, en = (catalogue(lang) for lang in LANGS)
    assert zh.keys() == en.keys()
