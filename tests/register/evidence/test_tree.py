"""The tree of RFC 9162: as its definition has it, at every size; kept in tiles; proofs that hold."""

from __future__ import annotations

from base64 import b64decode
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, select

from zhuanjie.web.evidence.tables import TRAIL_TILES
from zhuanjie.web.evidence.tree import extend, tree
from zhuanjie.web.store.database import RegisterDatabase
from zhuanjie.web.store.tables import EVENTS
from zhuanjie.web.trail import merkle
from zhuanjie.web.trail.note import NoteError, Signer, Verifier
from zhuanjie.web.trail.tiles import HASH, WIDTH

LEAVES = [sha256(b"\x00" + str(n).encode()).digest() for n in range(700)]


def defined(leaves: list[bytes]) -> bytes:
    """The root as section 2.1.1 defines it, word for word."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return sha256(b"\x01" + defined(leaves[:split]) + defined(leaves[split:])).digest()


def of_leaves(level: int, number: int) -> bytes:
    return defined(LEAVES[number << level:(number + 1) << level])


def test_the_frontier_has_the_root_of_every_size() -> None:
    frontier = merkle.Frontier()
    for size in range(200):
        assert frontier.root() == defined(LEAVES[:size]) == merkle.root(of_leaves, size)
        frontier.add(LEAVES[size])


@given(st.integers(1, 300).flatmap(lambda n: st.tuples(st.integers(0, n - 1), st.just(n))))
def test_a_path_shows_its_leaf_and_no_other(case: tuple[int, int]) -> None:
    index, size = case
    root, path = defined(LEAVES[:size]), merkle.inclusion(of_leaves, index, size)
    assert merkle.includes(LEAVES[index], index, size, path, root)
    assert not merkle.includes(LEAVES[index + 1], index, size, path, root)
    assert not merkle.includes(LEAVES[index], index, size, [*path, root], root)
    assert not merkle.includes(LEAVES[index], index, size, path, LEAVES[0][::-1])
    for at in range(len(path)):
        broken = [*path[:at], bytes([path[at][0] ^ 1]) + path[at][1:], *path[at + 1:]]
        assert not merkle.includes(LEAVES[index], index, size, broken, root)
        assert not merkle.includes(LEAVES[index], index, size, path[:at], root)


@given(st.integers(0, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_a_path_shows_that_a_tree_goes_on(case: tuple[int, int]) -> None:
    first, second = case
    before, after = defined(LEAVES[:first]), defined(LEAVES[:second])
    path = merkle.consistency(of_leaves, first, second)
    assert merkle.continues(first, before, second, after, path)
    if first:
        assert not merkle.continues(first, after[::-1], second, after, path)
        assert not merkle.continues(first, before, second, before[::-1], path)
        assert not merkle.continues(first, before, second, after, [*path, before])
    for at in range(len(path)):
        broken = [*path[:at], bytes([path[at][0] ^ 1]) + path[at][1:], *path[at + 1:]]
        assert not merkle.continues(first, before, second, after, broken)


@pytest.mark.parametrize("steps", [[700], [1] * 3 + [300, 255, 1, 1, 140], [256, 256, 188]])
def test_tiles_hold_the_tree(database: RegisterDatabase, steps: list[int]) -> None:
    size = 0
    for step in steps:
        with database.writing() as conn:
            conn.execute(insert(EVENTS), [
                {"seq": n + 1, "id": str(n), "at": "", "kind": "", "actor": "", "body": b"",
                 "leaf": LEAVES[n]} for n in range(size, size + step)])
            extend(conn, size + step, size, LEAVES[size:size + step])
        size += step
    with database.reading() as conn:
        for at in (0, 1, 2, 255, 256, 257, 511, 512, 600, 699, 700):
            assert merkle.root(tree(conn, at), at) == defined(LEAVES[:at])
        kept = {(r.level, r.number): r.hashes for r in conn.execute(select(TRAIL_TILES))}
    assert set(kept) == {(0, 0), (0, 1), (1, 0)}
    assert len(kept[0, 0]) == WIDTH * HASH
    assert kept[1, 0] == defined(LEAVES[:256]) + defined(LEAVES[256:512])


def test_tiles_that_a_change_did_not_write_are_caught_up_with(database: RegisterDatabase) -> None:
    with database.writing() as conn:
        conn.execute(insert(EVENTS), [
            {"seq": n + 1, "id": str(n), "at": "", "kind": "", "actor": "", "body": b"",
             "leaf": LEAVES[n]} for n in range(700)])
        extend(conn, 700, 690, LEAVES[690:])
        assert merkle.root(tree(conn, 650), 650) == defined(LEAVES[:650])


# A key, a text and its note as the specification of C2SP prints them.
KEY = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
PUBLIC = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
TEXT = ("If you think cryptography is the answer to your problem,\n"
        "then you don't know what your problem is.\n")
NOTE = TEXT + ("\n\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZS"
               "NXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n")


def test_notes_are_those_of_other_programs() -> None:
    signer = Signer.read(KEY)
    assert signer.text == KEY
    assert signer.verifier.text == PUBLIC
    assert signer.sign(TEXT) == NOTE
    assert Verifier.read(PUBLIC).open(NOTE) == TEXT


def test_no_byte_of_a_note_may_differ() -> None:
    verifier = Verifier.read(PUBLIC)
    data = NOTE.encode()
    for at in range(len(data)):
        for bit in (1, 0x20):
            broken = (data[:at] + bytes([data[at] ^ bit]) + data[at + 1:]).decode(errors="replace")
            with pytest.raises(NoteError):
                verifier.open(broken)
    assert len(b64decode(NOTE.split()[-1])) == 4 + 64


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\n", "\u2003"])
def test_names_that_no_note_can_have(name: str) -> None:
    with pytest.raises(NoteError):
        Signer.new(name)
