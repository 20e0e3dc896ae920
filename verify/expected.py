"""What the tables say must be in Redis: collected here, key by key. Which documents there are is said by the other files."""

from collections import defaultdict
from typing import Any

import sqlalchemy as sa

from shop import views
from shop.views import Document, Keys
from verify.found import Found

# Told here, so that JSON comes back parsed from both databases.
_JSON = dict.fromkeys(
    (
        "address",
        "applied_codes",
        "attributes",
        "billing_address",
        "countries",
        "event_types",
        "image",
        "media",
        "metadata",
        "option_values",
        "rule",
        "shipping_address",
        "shipping_method",
        "tags",
        "tax_lines",
    ),
    sa.JSON,
)


class Expected:
    """Documents and index entries that must be there, and the tables they are told from."""

    def __init__(self, connection: sa.Connection, keys: Keys, found: Found) -> None:
        """`found` answers the two questions that no table does: see `updated_at` and `is_there`."""
        self._connection = connection
        self._keys = keys
        self._found = found
        self.documents: dict[str, Document] = {}
        self.indexes: dict[str, dict[str, float]] = defaultdict(dict)
        self.versions: dict[str, int] = {row.id: row.version for row in self.rows("SELECT id, version FROM streams")}

    def rows(self, sql: str) -> list[Any]:
        return list(self._connection.execute(sa.text(sql).columns(**_JSON)))

    def grouped(self, sql: str) -> dict[str, list[Any]]:
        """Rows by their column `of`, in the order of the query."""
        groups: dict[str, list[Any]] = defaultdict(list)
        for row in self.rows(sql):
            groups[row.of].append(row)
        return groups

    def key(self, view: type[Document], document_id: str) -> str:
        """The Redis key of a document."""
        return self._keys.document(view, document_id, self._generation(view, self._keys.segment(document_id)))

    def _generation(self, view: type[Document], segment: int) -> int:
        """The generation that answers; 0, which is none, where none does."""
        return self._found.serving.get((view.view, segment), 0)

    def document(self, document: Document) -> None:
        self.documents[self.key(type(document), document.id)] = document

    def entry(self, view: type[Document], document_id: str, index: str, member: str, score: float = 0) -> None:
        """An index entry that a document must have, in the document's segment."""
        segment = self._keys.segment(document_id)
        self.indexes[self._keys.index(view, segment, index, self._generation(view, segment))][member] = score

    def sorted_by(self, document: Document, index: str, sort_key: str) -> None:
        """An index entry of the common form: sort key, NUL, id."""
        self.entry(type(document), document.id, index, f"{sort_key}\0{document.id}")

    def updated_at(self, document: Document) -> str:
        """When the document found was changed last: no table tells, but its index entries must agree with it."""
        found = self._found.documents.get(self.key(type(document), document.id))
        return "" if found is None else found.updated_at

    def is_there(self, view: type[Document], document_id: str) -> bool:
        return self.key(view, document_id) in self._found.documents

    def level_is_shown(self, row: Any) -> bool:
        """Whether a stock level must have a document.

        A row that was opened for backorders and never moved has none, and looks like one that was counted to zero:
        for rows of zeros the document of the level says which it is, and the product's must agree with it.
        """
        moved = bool(row.on_hand or row.allocated or row.reserved)
        return moved or self.is_there(views.StockLevel, f"{row.product_id}:{row.variant_id}:{row.warehouse_id}")
