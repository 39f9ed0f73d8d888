"""Mutators for trees of lists and groups, such as JSON and YAML hold. In: a tree. Out: another."""

from __future__ import annotations

import copy
from collections.abc import Callable
from random import Random
from typing import Any

from fuzz import nasty

Leaf = Callable[[Random], Any]


def _places(tree: Any) -> list[tuple[Any, Any]]:
    """Every place: what holds it and under which key."""
    found: list[tuple[Any, Any]] = []
    waiting = [tree]
    while waiting:
        held = waiting.pop()
        keys = list(held) if isinstance(held, dict) else range(len(held))
        for key in keys:
            found.append((held, key))
            if isinstance(held[key], dict | list):
                waiting.append(held[key])
    return found


def mutate(rng: Random, tree: Any, leaf: Leaf = nasty.value, count: int = 1) -> Any:
    """The tree with `count` places changed; what is handed in stays as it is."""
    holder = [copy.deepcopy(tree)]
    for _ in range(count):
        _once(rng, holder, leaf)
    return holder[0]


def _once(rng: Random, holder: list[Any], leaf: Leaf) -> None:
    places = _places(holder)
    held, key = rng.choice(places)
    other, there = rng.choice(places)
    match rng.randrange(9):
        case 0 if held is not holder:
            del held[key]
        case 1 if held is not holder and isinstance(held, list):
            held.insert(key, copy.deepcopy(held[key]))
        case 2 if isinstance(held, dict):
            held[str(nasty.text(rng))] = held.pop(key)
        case 3 if isinstance(held, dict):
            held[rng.choice(list(held))] = leaf(rng)
        case 4:
            held[key] = copy.deepcopy(other[there])
        case 5:
            held[key] = [held[key]] if rng.random() < 0.5 else {str(nasty.text(rng)): held[key]}
        case 6 if isinstance(held[key], str):
            text = held[key]
            at = rng.randrange(len(text) + 1)
            held[key] = text[:at] + str(nasty.text(rng)) + text[at + rng.randrange(3):]
        case _:
            held[key] = leaf(rng)
