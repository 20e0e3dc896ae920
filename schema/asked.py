"""What an operation asks for below a field: so that nothing is read which nobody looks at."""

from collections.abc import Iterator
from typing import Any

from graphql import FieldNode, FragmentSpreadNode, InlineFragmentNode, SelectionSetNode

from schema.context import Info


def asked_below(info: Info) -> set[str]:
    """The names of the fields selected right below the field that is being resolved."""
    raw = info._raw_info  # noqa: SLF001 - Strawberry's own way converts the whole tree
    return {name for node in raw.field_nodes for name in _names(node.selection_set, raw.fragments)}


def _names(selections: SelectionSetNode | None, fragments: Any) -> Iterator[str]:
    for node in selections.selections if selections else ():
        if isinstance(node, FieldNode):
            yield node.name.value
        elif isinstance(node, InlineFragmentNode):
            yield from _names(node.selection_set, fragments)
        elif isinstance(node, FragmentSpreadNode):
            yield from _names(fragments[node.name.value].selection_set, fragments)
