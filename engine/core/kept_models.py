"""Models that were kept. In: the values of a checked model. Out: the same, without what checked it.

What checks packs is slow to import, and what was checked need not be checked again. A kept model
has the values of the model it stands for, by the same names. Whoever wants more of it than that
(`model_dump` and the like) gets it from the model itself, which is made then.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any, ClassVar


class KeptModel:
    """Stands for a model of the class that is called like this one's."""

    home: ClassVar[str]
    """The module of the model's own class."""
    said: frozenset[str]
    """The values that were given, where others were left out."""

    def __init__(self, values: Mapping[str, Any], said: frozenset[str]) -> None:
        self.__dict__.update(values, said=said)

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("model_"):
            raise AttributeError(name)
        return getattr(whole(self), name)

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(name)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, KeptModel):
            return type(self) is type(other) and dict(values_of(self)) == dict(values_of(other))
        return bool(whole(self) == other)

    def __hash__(self) -> int:
        return hash((type(self).__name__, *(v for _, v in values_of(self))))

    def __repr__(self) -> str:
        return repr(whole(self))


def values_of(kept: KeptModel) -> Iterator[tuple[str, Any]]:
    """The values of a kept model by name."""
    return ((name, value) for name, value in vars(kept).items() if name != "said")


def whole(value: Any) -> Any:
    """A value with every kept model in it as the model that it stands for."""
    match value:
        case KeptModel():
            model = getattr(import_module(value.home), type(value).__name__)
            return model.model_construct(set(value.said), **{
                name: whole(inner) for name, inner in values_of(value)})
        case tuple():
            return tuple(map(whole, value))
        case dict():
            return {name: whole(inner) for name, inner in value.items()}
        case _:
            return value
