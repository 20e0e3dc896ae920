"""A log that is written to directly, and what the views must hold at any place in it: folded in memory, without the engine."""

import datetime as dt
import itertools

import msgspec

from projections.all import ALL, BY_VIEW, touched
from shop import appending, events, log
from shop.keyring import KeySchema

_EPOCH = dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)
_PRODUCTS = [f"prod_{number}" for number in range(4)]


class TinyLog:
    """Real events, of a few products and warehouses; each at a moment of its own, so that the moment names it."""

    def __init__(self, database):
        self._database = database
        self._numbers = itertools.count(1)
        self._made = set()
        self.events = []
        self.epoch = database.read(log.head)[0]

    def append(self, kinds):
        """Write an event of each kind, in one transaction. A product that is not there is made first."""
        happened = [event for kind in kinds for event in self._happens(kind)]
        self._database.change(lambda connection: self._write(connection, happened))
        self.events = self._database.read(lambda connection: log.after(connection, 0, 10_000))

    def _happens(self, kind):
        product_id = _PRODUCTS[kind % len(_PRODUCTS)]
        if product_id not in self._made:
            self._made.add(product_id)
            yield events.ProductCreated(product_id=product_id, slug=product_id, name=product_id)
        yield _event(kind // len(_PRODUCTS), product_id, next(self._numbers))

    def _write(self, connection, happened):
        drafts = []
        for event in happened:
            number = next(self._numbers)
            at = _EPOCH + dt.timedelta(seconds=number)
            said = {"actor": "test", "command_id": f"{number}", "correlation": None}
            drafts += appending.draft(connection, [event], keyring=KeySchema(), at=at, **said)  # none tells of a person
        appending.append(connection, drafts)


def _event(kind, product_id, number):
    match kind:
        case 0:
            return events.VariantCreated(product_id=product_id, variant_id=f"var_{number}", sku=f"S{number}", name="a variant")
        case 1:
            return events.ProductDescribed(product_id=product_id, name=f"{product_id} called {number}")
        case 2:
            return events.WarehouseCreated(warehouse_id=f"wh_{number}", code=f"W{number}", name="a warehouse")
        case _:
            move = events.Move(
                variant_id="var_x",
                product_id=product_id,
                warehouse_id="wh_x",
                quantity=1,
                on_hand=number,
                allocated=0,
                reserved=0,
            )
            return events.StockAdjusted(adjustment_id=f"adj_{number}", warehouse_id="wh_x", reason="COUNT", moves=[move])


class Expected:
    """What a view holds in a segment at a position. Documents and indexes are written as the keys of one generation."""

    def __init__(self, keys):
        self._keys = keys
        self._at = [{}]  # by position: every document by view and id
        self._keys_of = {}

    def follows(self, recorded_events):
        """Fold on from where the last call ended."""
        for recorded in recorded_events[len(self._at) - 1 :]:
            documents = dict(self._at[-1])
            for touch in touched(recorded):
                name = (touch.projection.view, touch.document_id)
                documents[name] = touch.projection.fold(
                    documents.get(name), touch.document_id, recorded, touch.ordinal, touch.part
                )
            self._at.append(documents)

    def keys_of(self, view, segment, generation, position):
        """Every key of a generation with its value; an index is a dict of member to score."""
        place = (view, segment, generation, position)
        if place not in self._keys_of:
            self._keys_of[place] = self._worked_out(*place)
        return self._keys_of[place]

    def _worked_out(self, view, segment, generation, position):
        found = {}
        for (kind, document_id), document in self._at[position].items():
            if kind.view == view and self._keys.segment(document_id) == segment and document is not None:
                self._add(found, kind, segment, generation, document)
        return found

    def _add(self, found, kind, segment, generation, document):
        filed = BY_VIEW[kind].filed(document)
        for one_id, one in {document.id: document, **filed.cuts}.items():
            found[self._keys.document(kind, one_id, generation)] = msgspec.json.encode(one)
        for index, entry, score in filed.entries:
            found.setdefault(self._keys.index(kind, segment, index, generation), {})[entry] = score


VIEWS = [projection.view.view for projection in ALL]
