"""Every key in Redis and every index name, written down here, once."""

import zlib

import msgspec

from shop.views.base import Document


def root(document_id: str) -> str:
    """Return the id that the document hangs on: what stands before the first colon."""
    return document_id.partition(":")[0]


class Keys(msgspec.Struct, frozen=True):
    """All Redis keys, for a number of segments that was fixed when the views were made.

    A segment's keys share a hash tag, so that they lie in one slot of a Redis Cluster and one script may write them.
    """

    segments: int

    def segment(self, document_id: str) -> int:
        """The segment of a document: by a hash of its root, the same in every process."""
        return 0 if self.segments == 1 else zlib.crc32(root(document_id).encode()) % self.segments

    def document(self, view: type[Document], document_id: str, generation: int) -> str:
        return f"{{tw{self.segment(document_id)}}}:{view.view}.{generation}:{document_id}"

    def index(self, view: type[Document], segment: int, name: str, generation: int) -> str:
        return f"{{tw{segment}}}:{view.view}.{generation}/{name}"

    def serving(self, segment: int) -> str:
        """A hash: view -> the number of the generation that answers."""
        return f"{{tw{segment}}}:serving"

    def goals(self, segment: int) -> str:
        """A hash: view -> the number of the generation that shall answer once it has caught up."""
        return f"{{tw{segment}}}:goals"

    def previous(self, segment: int) -> str:
        """A hash: view -> the number of the generation that answered before, kept for a rollback."""
        return f"{{tw{segment}}}:previous"

    def checkpoints(self, segment: int) -> str:
        """A hash: generation -> how far it is folded (`Checkpoint`)."""
        return f"{{tw{segment}}}:checkpoints"

    def writing(self, segment: int) -> str:
        """A hash: generation -> the position that a script writes it up to; left behind where one broke half-way."""
        return f"{{tw{segment}}}:writing"

    def folds(self, segment: int) -> str:
        """A hash: generation -> the version of the fold that makes it."""
        return f"{{tw{segment}}}:folds"

    def leases(self, segment: int) -> str:
        """A hash: generation -> which worker may write it, and until when (`Lease`)."""
        return f"{{tw{segment}}}:leases"

    def parked(self, segment: int) -> str:
        """A hash: generation and document -> the event that could not be folded into it (`Parked`)."""
        return f"{{tw{segment}}}:parked"

    def wishes(self, segment: int) -> str:
        """A hash: id -> what an operator wants of the segment's worker (`Wish`)."""
        return f"{{tw{segment}}}:wishes"

    def feed(self, segment: int, epoch: str) -> str:
        """A stream with an entry `<position>-0` for every event that changed a document here."""
        return f"{{tw{segment}}}:feed.{epoch}"

    def feed_from(self, segment: int) -> str:
        """A hash: epoch -> the position after which the feed is whole."""
        return f"{{tw{segment}}}:feed_from"


LAYOUT = "tradewind:layout"  # a hash: `segments`
WORKERS = "tradewind:workers"  # a sorted set: the workers that live, by until when
NUDGE = "tradewind:nudge"  # a channel: the log has grown, or there is other work for the workers

DELIVERIES = "tradewind:deliveries"  # a hash: webhook -> how far it was delivered (`Delivered`); kept by the duty that sends
_OPERATION = "tradewind:operation:"


def operation_key(digest: str) -> str:
    """What was asked under an operator's idempotency key; gone by itself after as long as keys are kept."""
    return f"{_OPERATION}{digest}"


def is_beside_the_views(key: str) -> bool:
    """Whether a key is of neither a view nor the worker's own: kept beside them for operators."""
    return key == DELIVERIES or key.startswith(_OPERATION)


# ---------------------------------------------------------------------------------------------------------- indexes
# An index is a sorted set. Where order is by text, all scores are 0 and a member is `sort key, NUL, document id`: it
# pages both ways from any member, and a cursor (which is a member) stays good while the catalog changes.

LOOKUP = "lookup"  # members `kind=value NUL id`: the way from a slug, SKU, number or reference to an id
EVERY = "every"  # all documents of a view, in the order of its natural key
TREE = "tree"  # categories: members `parent id NUL id`, so that the whole tree is one range
FREE = "free"  # stock levels by how many are free: below zero where more is promised than is there
RULED = "ruled"  # collections that have a rule
SEARCH = "search"  # members `word NUL id`: a range finds all words that begin alike


def member(sort_key: str, document_id: str) -> str:
    return f"{sort_key}\0{document_id}"


def member_id(entry: str) -> str:
    """The document id of an index member."""
    return entry.rpartition("\0")[2]


def sort_key(entry: str) -> str:
    """What an index member is ordered by."""
    return entry.rpartition("\0")[0]


def number_key(value: int) -> str:
    """Write a whole number so that texts compare as numbers do, negative ones too."""
    return f"{value + 10**17:018d}"


def key_number(key: str) -> int:
    """Read back what `number_key` wrote."""
    return int(key) - 10**17


def listing(channel: str, scope: str, sort: str) -> str:
    """Products published in a channel: of a category's or a collection's id, or `all`; sorted by the API's ProductSortField.

    POSITION, the order of a collection's list, is a sort of collections alone. Products that no channel sells are listed
    in the channel ''; those that have a price in a channel and are not published there by that price, as `unsold`.
    """
    return f"listing:{channel}:{scope}:{sort}"


def orders_by(axis: str, value: str, sort: str) -> str:
    """Orders of an axis (see order_axes) and a value of it; sorted by the API's OrderSortField."""
    return f"orders:{axis}:{value}:{sort}"


def reviews_of(product_id: str, status: str, rating: str, sort: str) -> str:
    """Reviews of a product's id or of `all`, with a status, of one rating or of `any`; sorted by the API's ReviewSortField."""
    return f"reviews:{product_id}:{status}:{rating}:{sort}"


def returns_in(state: str) -> str:
    """Returns of a state: members `moment and return's id NUL order's id`."""
    return f"returns:{state}"


def stock_in(warehouse_id: str) -> str:
    return f"warehouse:{warehouse_id}"


def top(channel: str, day: str, by: str) -> str:
    """Product ids scored by what they sold on a day; `by` is REVENUE or UNITS."""
    return f"top:{channel}:{day}:{by}"
