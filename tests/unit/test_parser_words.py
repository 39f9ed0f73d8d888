"""What a parser finds wrong is said in our words: no raw English in a Chinese message."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from zhuanjie.engine.api import evaluate, load_record_file
from zhuanjie.engine.core.errors import ZhuanjieError
from zhuanjie.engine.core.messages import say
from zhuanjie.engine.core.parser_words import cause


def said(error: ZhuanjieError) -> str:
    [found] = error.diagnostics
    return say(found.code, "zh", **found.args)


@pytest.mark.parametrize(("name", "text", "words"), [
    ("r.json", '{"a": 1 "b": 2}', "缺少逗号"), ("r.json", '{"a": }', "应当有一个值"),
    ("r.json", "{a: 1}", "双引号"), ("r.json", '{"a": "b', "没有配对"),
    ("r.json", '{"a": 1} x', "多余"), ("r.json", '{"a": "\\q"}', "反斜杠"),
    ("r.yaml", "a: b: c", "冒号"), ("r.yaml", "a: [1, 2", "没有配对"), ("r.yaml", "a:\n\t- b", "制表符"),
    ("r.yaml", "a: 'x", "没有配对"), ("r.yaml", "a: @x", "没有意义"),
])
def test_a_fault_of_a_file_has_chinese_words(tmp_path: Path, name: str, text: str,
                                             words: str) -> None:
    path = tmp_path / name
    path.write_text(text, "utf-8")
    with pytest.raises(ZhuanjieError) as wrong:
        load_record_file(str(path))
    message = said(wrong.value)
    assert words in message
    assert not re.search("[a-z]{3}", re.sub("`[^`]*`", "", message.replace(name, "")))


@pytest.mark.parametrize("expression", ["1 +", "a ==== b", "(1", "1 2", "a.b(", "'x", "#"])
def test_a_fault_of_an_expression_has_chinese_words(expression: str) -> None:
    with pytest.raises(ZhuanjieError) as wrong:
        evaluate(expression, {"a": 1})
    assert not re.search("[a-z]{3}", re.sub("`[^`]*`", "", said(wrong.value)))


def test_what_no_kind_fits_has_words_too() -> None:
    assert say("records.json", "zh", detail=cause("gibberish")).endswith("此处写法不符合格式")
    assert str(cause("gibberish")) == "gibberish"
