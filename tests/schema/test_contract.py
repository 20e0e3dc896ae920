"""Our printed schema against the contract: nothing we have may differ from it, and what we do not have yet is listed."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from graphql import DocumentNode, parse, print_ast
from graphql.language import ast

from schema.root import build_schema

HERE = Path(__file__).parent
CONTRACT = (HERE / "contract.graphql").read_text()
NOT_YET = set((HERE / "not_yet.txt").read_text().split("\n")[:-1])


def members(sdl: str) -> dict[str, str]:
    """All that a schema promises, flat: `Query.product(channel)` leads to `String! = "default"`."""
    return dict(_members(parse(sdl, no_location=True)))


def _members(document: DocumentNode) -> Iterator[tuple[str, str]]:
    for node in document.definitions:
        match node:
            case ast.ObjectTypeDefinitionNode() | ast.InterfaceTypeDefinitionNode():
                yield node.name.value, f"{node.kind} {sorted(one.name.value for one in node.interfaces or ())}{_marks(node)}"
                for field in node.fields or ():
                    path = f"{node.name.value}.{field.name.value}"
                    yield path, print_ast(field.type) + _marks(field)
                    yield from _values(path + "({})", field.arguments)
            case ast.InputObjectTypeDefinitionNode():
                yield node.name.value, node.kind + _marks(node)
                yield from _values(node.name.value + ".{}", node.fields)
            case ast.EnumTypeDefinitionNode():
                yield node.name.value, node.kind + _marks(node)
                yield from ((f"{node.name.value}.{one.name.value}", one.kind + _marks(one)) for one in node.values or ())
            case ast.DirectiveDefinitionNode():
                yield f"@{node.name.value}", f"{sorted(one.value for one in node.locations)} {node.repeatable}"
                yield from _values(f"@{node.name.value}" + "({})", node.arguments)
            case ast.ScalarTypeDefinitionNode():
                yield node.name.value, node.kind + _marks(node)
            case _:
                raise AssertionError(f"The walker does not know what a {node.kind} promises.")


def _values(form: str, nodes: tuple[ast.InputValueDefinitionNode, ...] | None) -> Iterator[tuple[str, str]]:
    for node in nodes or ():
        default = "" if node.default_value is None else f" = {print_ast(node.default_value)}"
        yield form.format(node.name.value), print_ast(node.type) + default + _marks(node)


def _marks(node: ast.Node) -> str:
    return "".join(f" {print_ast(mark)}" for mark in node.directives or ())  # type: ignore[attr-defined]


def differing(ours: str, contract: str = CONTRACT) -> set[str]:
    """The paths of ours that the contract does not have, or has otherwise."""
    promised = members(contract)
    return {path for path, promise in members(ours).items() if promised.get(path) != promise}


def missing(ours: str, contract: str = CONTRACT) -> set[str]:
    """The paths of the contract that are not ours. Of a missing type or field only itself is named."""
    absent = members(contract).keys() - members(ours).keys()
    return {path for path in absent if not _parents(path) & absent}


def _parents(path: str) -> set[str]:
    field = path.partition("(")[0]
    return {field, field.partition(".")[0]} - {path}


@pytest.fixture(scope="module")
def printed() -> str:
    return build_schema().as_str()


def test_nothing_we_have_differs_from_the_contract(printed: str) -> None:
    assert set() == differing(printed)


def test_what_the_contract_has_and_we_have_not_is_listed(printed: str) -> None:
    assert sorted(NOT_YET) == sorted(missing(printed))


def test_the_contract_agrees_with_itself() -> None:
    assert (set(), set()) == (differing(CONTRACT), missing(CONTRACT))


PLANTED = {
    "a field that may be null": (
        "  slug: String!\n  name: String!\n  desc",
        "  slug: String\n  name: String!\n  desc",
        "Category.slug",
    ),
    "a field of another type": ("  totalSpent: [Money!]!", "  totalSpent: [Decimal!]!", "Customer.totalSpent"),
    "a list whose items may be null": ("  totalSpent: [Money!]!", "  totalSpent: [Money]!", "Customer.totalSpent"),
    "a field that the contract lacks": ("  sku: String!\n", "  sku: String!\n  ean: String\n", "Variant.ean"),
    "another default of an argument": (
        'id: ID, slug: String, channel: String! = "default"',
        'id: ID, slug: String, channel: String! = "shop"',
        "Query.product(channel)",
    ),
    "a default that is gone": (
        'id: ID, slug: String, channel: String! = "default"',
        "id: ID, slug: String, channel: String!",
        "Query.product(channel)",
    ),
    "a default where there is none": ("checkout(id: ID!,", 'checkout(id: ID! = "1",', "Query.checkout(id)"),
    "an argument that must not be null": ("cart(id: ID,", "cart(id: ID!,", "Query.cart(id)"),
    "an argument that the contract lacks": ("cart(id: ID,", "cart(id: ID, now: Boolean,", "Query.cart(now)"),
    "another default of an input field": (
        "  backorderable: Boolean! = false\n",
        "  backorderable: Boolean! = true\n",
        "ProductVariantInput.backorderable",
    ),
    "an input field that must not be null": (
        "input MoneyInput {\n  amount: Decimal!",
        "input MoneyInput {\n  amount: Decimal",
        "MoneyInput.amount",
    ),
    "an enum value that the contract lacks": ("  EXPIRED\n}", "  EXPIRED\n  LOST\n}", "CartStatus.LOST"),
    "an interface that is not implemented": (
        "type Product implements Node & Versioned",
        "type Product implements Node",
        "Product",
    ),
    "a type that the contract lacks": ("type PageInfo {", "type Paging { a: Int }\ntype PageInfo {", "Paging"),
    "an interface in place of a type": ("type Channel {", "interface Channel {", "Channel"),
    "another default of a directive's argument": ("timeoutMs: Int! = 1000", "timeoutMs: Int! = 2000", "@atLeast(timeoutMs)"),
    "a directive in another place": (" on QUERY", " on FIELD", "@atLeast"),
    "a deprecation": ("  totalSpent: [Money!]!", "  totalSpent: [Money!]! @deprecated", "Customer.totalSpent"),
    "a scalar that says more of itself": ("scalar JSON", 'scalar JSON @specifiedBy(url: "https://example.com")', "JSON"),
}


@pytest.mark.parametrize("change", PLANTED)
def test_a_planted_difference_is_found(printed: str, change: str) -> None:
    before, after, path = PLANTED[change]

    changed = printed.replace(before, after)

    assert changed != printed
    assert path in differing(changed)


DROPPED = {
    "a field": ("  totalSpent: [Money!]!\n", "", "Customer.totalSpent"),
    "an argument": ("cart(id: ID, ", "cart(", "Query.cart(id)"),
    "an input field": ("  weightGrams: Int\n", "", "VariantCreateInput.weightGrams"),
    "an enum value": ("  EXPIRED\n}", "}", "CartStatus.EXPIRED"),
    "a directive's argument": ("timeoutMs: Int! = 1000, ", "", "@atLeast(timeoutMs)"),
}


@pytest.mark.parametrize("what", DROPPED)
def test_what_is_dropped_is_missed(printed: str, what: str) -> None:
    before, after, path = DROPPED[what]

    changed = printed.replace(before, after)

    assert changed != printed
    assert path in missing(changed) - NOT_YET
