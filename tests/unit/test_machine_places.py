"""What formats for other programs share: addresses, lines, the worst of many, plain texts."""

from __future__ import annotations

from pathlib import Path

import pytest

from zhuanjie.report.machine import words
from zhuanjie.report.machine.places import Lines, relative, uri
from zhuanjie.report.machine.segments import segments
from zhuanjie.report.machine.worst import Worst


def test_addresses_are_relative_and_escaped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert uri("a b/台账#1%.csv") == ("a%20b/%E5%8F%B0%E8%B4%A6%231%25.csv", True)
    assert uri(str(tmp_path / "a.csv")) == ("a.csv", True)
    assert uri("./x/../a.csv") == ("a.csv", True)
    assert uri("../a.csv") == ("../a.csv", False)
    assert uri("/srv/a b.csv") == ("file:///srv/a%20b.csv", False)
    assert uri("a:b.csv") == ("a%3Ab.csv", True), "a name is no scheme"
    address = "postgresql://u@h/db?table=t"
    assert uri(address) == (address, False)
    assert relative("./a/./b.csv") == "a/b.csv"


def test_lines_are_those_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('h,i\n1,"a\n\nb"\n\n2,x\n3,"y ""z"""\n4,"p\nq"\n5,r\n', encoding="utf-8")
    lines = [Lines().of(str(path), row) for row in range(1, 8)]
    assert lines == [1, 2, 5, 6, 7, 8, 10]
    path.write_text('h,i\n1,6" pipe\n2,x\n', encoding="utf-8")
    assert Lines().of(str(path), 3) is None, "a quote that does not close tells nothing"
    path.write_text("h,i\n1,x\n", encoding="utf-16")
    assert Lines().of(str(path), 2) is None
    assert Lines().of("a.jsonl", 7) == 7
    assert Lines().of("a.xlsx", 7) is Lines().of("gone.csv", 7) is Lines().of(None, 7) is None


def test_the_worst_are_kept_in_their_order() -> None:
    worst: Worst[str] = Worst(3)
    for weight, thing in ((2, "a"), (1, "b"), (2, "c"), (0, "d"), (1, "e"), (2, "f"), (1, "g")):
        assert worst.would_keep(weight) == (thing not in "fg")
        worst.add(weight, thing)
    assert list(worst) == [(0, "d"), (1, "b"), (1, "e")]
    assert len(worst) == 3 and worst.seen == {0: 1, 1: 3, 2: 3}


def test_pieces_come_back_by_their_heads() -> None:
    with segments() as kept:
        for number in range(30_000):
            kept.add(number % 3, f"{number}——\n")
        for head in range(3):
            told = "".join(kept.of(head))
            assert told == "".join(f"{n}——\n" for n in range(head, 30_000, 3))
        assert "".join(kept.of("none")) == ""


def test_a_text_is_made_plain() -> None:
    assert words.plain("a\u3000b 台账") == "a\u3000b 台账"
    assert words.plain("a\tb\r\nc\x85d\u2028e") == "a b c d e"
    assert words.plain("\x00\ud800\u202e\ufffe") == "\ufffd" * 4
