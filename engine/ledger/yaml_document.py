"""A YAML text whose scalars stay text. In: a text. Out: what stands in it, or where it is wrong.

Imported by whoever meets such a text: JSON needs none of it.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, NoReturn

import yaml


class YamlFault(Exception):
    """What is wrong with a text, and the line and column where the reader knows them, from 0.

    It is for whoever reads the document to word.
    """

    def __init__(self, problem: str, at: tuple[int, int] | None = None) -> None:
        super().__init__(problem)
        self.problem, self.at = problem, at


class _TextLoader(yaml.SafeLoader):
    """YAML whose scalars stay text, so that `06021` and `2007-06-20` are what was typed.

    Only an empty value is nothing. Aliases are refused: a record has no use for them.
    """

    yaml_implicit_resolvers = {  # noqa: RUF012  # the base class declares it so
        first: [pair for pair in pairs if pair[0] == "tag:yaml.org,2002:null"]
        for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """Compose a node that is not an alias."""
        if self.check_event(yaml.AliasEvent):
            event = self.peek_event()  # type: ignore[no-untyped-call]  # the stubs lack it
            self._refuse("alias", event.start_mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """Construct a mapping whose keys all differ."""
        names: set[str] = set()
        for name, _ in node.value:
            if not isinstance(name, yaml.ScalarNode):
                self._refuse("a name that is no text", name.start_mark)
            if name.value in names:
                self._refuse(f"`{name.value}` twice", name.start_mark)
            names.add(name.value)
        return super().construct_mapping(node, deep)

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        """Construct what a node's tag says it is, if it is."""
        try:
            return super().construct_object(node, deep)
        except (ValueError, LookupError, TypeError, ArithmeticError, AttributeError):
            self._refuse(f"invalid value for {node.tag}", node.start_mark)

    @staticmethod
    def _refuse(what: str, mark: yaml.Mark) -> NoReturn:
        raise yaml.MarkedYAMLError(problem=what, problem_mark=mark)


def load(text: str) -> object:
    """What stands in a text; raises YamlFault, and RecursionError for what is too deep."""
    try:
        data: object = yaml.load(text, _TextLoader)  # a SafeLoader
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise YamlFault(getattr(error, "problem", None) or str(error),
                        (mark.line, mark.column) if mark else None) from None
    except (ValueError, LookupError, TypeError, AttributeError):  # of what is built in two steps
        raise YamlFault("invalid value") from None
    return data
