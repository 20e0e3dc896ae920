"""What a listing of products may be narrowed by further. How it is narrowed is in `schema.listings`."""

import enum

import strawberry


@strawberry.enum(
    description="`kind` names the field of ProductWhere that a value goes to; ATTRIBUTE goes to `attributes` under `key`."
)
class FacetKind(enum.StrEnum):
    ATTRIBUTE = "ATTRIBUTE"
    CATEGORY = "CATEGORY"
    COLLECTION = "COLLECTION"
    VENDOR = "VENDOR"
    TAG = "TAG"
    IN_STOCK = "IN_STOCK"


@strawberry.type
class FacetValue:
    value: str
    label: str
    count: int
    selected: bool


@strawberry.type(
    description="Counts are disjunctive: a facet is counted against the selection without its own key. "
    "So is the connection's `priceRange`."
)
class Facet:
    key: str
    label: str
    kind: FacetKind
    values: list[FacetValue]
