"""The Merkle tree of RFC 9162. In: a tree's nodes. Out: roots and proofs at any size, checked.

A tree is asked for the hash of a whole subtree, the one of 2^level leaves that begins at
`number` * 2^level; roots and proofs of any past size follow from O(log n) of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from typing import Final

NODE_PREFIX: Final = b"\x01"
"""What sets a node apart from a leaf (RFC 9162, 2.1.1)."""
EMPTY_ROOT: Final = sha256(b"").digest()

Subtree = Callable[[int, int], bytes]
"""The hash of a whole subtree, by level and number."""


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of a node above two others."""
    return sha256(NODE_PREFIX + left + right).digest()


def root(tree: Subtree, size: int) -> bytes:
    """The root of the first `size` leaves (2.1.1)."""
    return _range(tree, 0, size) if size else EMPTY_ROOT


def inclusion(tree: Subtree, index: int, size: int) -> list[bytes]:
    """The path from a leaf to the root of the first `size` (2.1.3.1)."""
    if not 0 <= index < size:
        raise ValueError("no such leaf")
    return _path(tree, index, 0, size)


def consistency(tree: Subtree, first: int, second: int) -> list[bytes]:
    """What shows that the first `first` leaves begin the first `second` (2.1.4.1)."""
    if not 0 <= first <= second:
        raise ValueError("no such sizes")
    return _consistency(tree, first, 0, second, whole=True) if 0 < first < second else []


def includes(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether a path shows that a leaf is in a tree (2.1.3.2)."""
    if not 0 <= index < size:
        return False
    at, last, found = index, size - 1, leaf
    for step in path:
        if last == 0:
            return False
        if at & 1 or at == last:
            found = node_hash(step, found)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            found = node_hash(found, step)
        at, last = at >> 1, last >> 1
    return last == 0 and found == root


def continues(first: int, first_root: bytes, second: int, second_root: bytes,
              path: Sequence[bytes]) -> bool:
    """Whether a path shows that a tree goes on from an earlier one (2.1.4.2)."""
    if first == second:
        return not path and first_root == second_root
    if not 0 <= first < second:
        return False
    if first == 0:
        return not path and first_root == EMPTY_ROOT
    steps = [first_root, *path] if first & (first - 1) == 0 else list(path)
    if not steps:
        return False
    at, last = first - 1, second - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    old = new = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            old, new = node_hash(step, old), node_hash(step, new)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            new = node_hash(new, step)
        at, last = at >> 1, last >> 1
    return last == 0 and old == first_root and new == second_root


def fold(hashes: Iterable[bytes]) -> bytes:
    """The hash above 2^k hashes that stand side by side."""
    row = list(hashes)
    while len(row) > 1:
        row = [node_hash(row[at], row[at + 1]) for at in range(0, len(row), 2)]
    return row[0]


class Frontier:
    """A tree's right edge: takes leaves in, one by one, and knows the root of what it took."""

    def __init__(self) -> None:
        self.size = 0
        self._edge: list[bytes] = []
        """The roots of the whole subtrees that stand side by side, the largest first."""

    def add(self, leaf: bytes) -> None:
        """Take in the next leaf."""
        size = self.size
        while size & 1:
            leaf = node_hash(self._edge.pop(), leaf)
            size >>= 1
        self._edge.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        """The root of what was taken in."""
        if not self._edge:
            return EMPTY_ROOT
        *rest, found = self._edge
        for left in reversed(rest):
            found = node_hash(left, found)
        return found


def _range(tree: Subtree, start: int, end: int) -> bytes:
    """The hash over leaves from `start` to before `end`; `start` is where such a subtree begins."""
    count = end - start
    if count & (count - 1) == 0:
        level = count.bit_length() - 1
        return tree(level, start >> level)
    middle = start + _split(count)
    return node_hash(_range(tree, start, middle), _range(tree, middle, end))


def _split(count: int) -> int:
    """The largest power of two below `count`."""
    return 1 << (count - 1).bit_length() - 1


def _path(tree: Subtree, index: int, start: int, end: int) -> list[bytes]:
    if end - start == 1:
        return []
    middle = start + _split(end - start)
    if index < middle:
        return [*_path(tree, index, start, middle), _range(tree, middle, end)]
    return [*_path(tree, index, middle, end), _range(tree, start, middle)]


def _consistency(tree: Subtree, first: int, start: int, end: int, *, whole: bool) -> list[bytes]:
    if first == end:
        return [] if whole else [_range(tree, start, end)]
    middle = start + _split(end - start)
    if first <= middle:
        return [*_consistency(tree, first, start, middle, whole=whole),
                _range(tree, middle, end)]
    return [*_consistency(tree, first, middle, end, whole=False), _range(tree, start, middle)]
