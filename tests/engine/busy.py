"""A random shop that is never quiet: commands come all the time, workers fold, readers read and note whatever goes back."""

import asyncio
import itertools
from collections import Counter
from contextlib import asynccontextmanager, suppress

import msgspec

from projections.all import touched
from projections.generations import Generations
from projections.worker import Worker
from reads import live
from reads.reading import Views
from reads.store import Range
from shop import log, views
from shop.position import Position

_LISTED = [
    (views.Order, views.orders_by("all", "", "PLACED_AT")),
    (views.Product, views.EVERY),
    (views.StockLevel, views.EVERY),
    (views.Warehouse, views.EVERY),
]
ORDERS = _LISTED[0][1]
PATIENCE = 60


class Reader:
    """A client that asks several processes in turn. `wrong` is what no client may ever see."""

    def __init__(self, sources, listed=None, *, knowing=False):
        """`knowing`: it asks for the log's end each time, as one does that has just written."""
        self._sources = sources
        self._listed = listed or _LISTED
        self._knowing = knowing
        self._seen = {}
        self._position = None
        self._orders = 0
        self.open = True
        self.reads = 0
        self.wrong = []

    async def run(self):
        while self.open:
            for source in self._sources:
                await self._read(source)
                await asyncio.sleep(0)

    async def _read(self, source):
        try:
            reading = await source.reading()
            if self._knowing:
                await reading.at_least(Position(*await source.log.head()), PATIENCE * 1000)
            for view, index in self._listed:
                await self._read_some(reading, view, index)
            await self._count(reading)
        except Exception as error:  # noqa: BLE001 - whatever a read raises, it is no answer
            self.wrong.append(repr(error))
        else:
            self._note_position(reading.position)
            self.reads += 1

    async def _read_some(self, reading, view, index):
        [members] = await reading.ranges(view, [Range(index, 40, falling=True)])
        ids = [views.member_id(member) for member in members]
        for document_id, document in zip(ids, await reading.many(view, ids), strict=True):
            name, place = (view.view, document_id), -1 if document is None else document.folded_position
            if place < self._seen.get(name, 0):
                self.wrong.append(f"{name} was at {self._seen[name]}, then at {place}")
            self._seen[name] = place

    async def _count(self, reading):
        if views.Order in dict(self._listed):
            orders = await reading.counts(views.Order, [ORDERS])
            if orders < self._orders:
                self.wrong.append(f"there were {self._orders} orders, then {orders}")
            self._orders = orders

    def _note_position(self, position):
        if self._position is not None and position < self._position:
            self.wrong.append(f"an answer was at {self._position}, then one at {position}")
        self._position = position


class Heard:
    """A listener of the feed that keeps all it is told."""

    def __init__(self):
        self.changes = []
        self.ended = []

    def put(self, changes):
        self.changes += [(one.position, one.ordinal, one.view, one.document_id) for one in changes]

    def end(self, reason):
        self.ended.append(reason)


class Busy:
    """The shop, its workers and its readers; what an operator does to it; and what must hold at its end."""

    def __init__(self, one, workers, clients):
        self.one = one
        self.generations = Generations(one.async_redis, one.keys)
        self.workers = [Worker(one.tail, one.async_redis, one.keys, name=f"worker-{number}") for number in range(workers)]
        self.sources = [Views(client, one.keys, one.tail) for client in clients]
        self.readers = [Reader(self.sources[:1]), Reader(self.sources), Reader(self.sources[1:], knowing=True)]
        self.heard = Heard()
        self.messages = []
        self.open = True
        self.begun = 0
        self.epoch = ""

    async def sells(self):
        while self.open:
            await self.one.shop.does(1)
            await asyncio.sleep(0.002)  # as a client's round trip: readers and workers run on the same loop

    async def subscribes(self):
        async for message in live.orders_changed(self.sources[0], None, None, Position(self.epoch, self.begun)):
            self.messages.append(message)

    async def rebuild(self, names):
        begun = await self.generations.rebuild(self.epoch, names)
        await self.until_settled()
        return begun

    async def roll_back(self, names):
        back = await self.generations.roll_back(names)
        await self.until_settled()
        return back

    async def until_settled(self):
        """Wait until every generation that shall answer does."""
        async with asyncio.timeout(PATIENCE):
            while any(self._of("goals", at) != self._of("serving", at) for at in range(self.one.keys.segments)):
                await asyncio.sleep(0.01)

    async def until_caught_up(self):
        async with asyncio.timeout(PATIENCE):
            while any(":checkpoints " in line for line in self.one.differences()):
                await asyncio.sleep(0.05)

    async def until_some_of_it_is_made(self, number):
        """Wait until generations of a number are on their way, but not there."""
        async with asyncio.timeout(PATIENCE):
            while not any(at > 0 for at in self.made(number).values()):
                await asyncio.sleep(0)

    async def until_read(self):
        """Wait until each reader has read some more."""
        wanted = [reader.reads + 10 for reader in self.readers]
        async with asyncio.timeout(PATIENCE):
            while any(reader.reads < reads for reader, reads in zip(self.readers, wanted, strict=True)):
                await asyncio.sleep(0.01)

    def made(self, number):
        """How far the generations of a number are, by segment and name."""
        found = {}
        for segment in range(self.one.keys.segments):
            for name, text in self._of("checkpoints", segment).items():
                if views.generation(name.decode()).number == number:
                    found[segment, name.decode()] = views.checkpoint(text.decode()).position
        return found

    def serving(self, view):
        """The numbers of the generations that answer, over all segments."""
        return {int(self._of("serving", at)[view.encode()]) for at in range(self.one.keys.segments)}

    def _of(self, key, segment):
        return self.one.redis.hgetall(getattr(self.one.keys, key)(segment))

    def told(self):
        """What the log says changed since the readers began: position, ordinal, view, document."""
        every = self.one.shop.database.read(lambda connection: log.after(connection, self.begun, 100_000))
        return [(of.position, one.ordinal, one.projection.view.view, one.document_id) for of in every for one in touched(of)]

    def fed(self):
        """What the feeds say changed since then; told late, it stands at a later position."""
        for segment in range(self.one.keys.segments):
            for at, fields in self.one.redis.xrange(self.one.keys.feed(segment, self.epoch), str(self.begun + 1)):
                for _, view, document_id in msgspec.json.decode(fields[b"e"])["documents"]:
                    yield int(at.partition(b"-")[0]), 0, view, document_id

    def faults(self):
        """What is not as it must be once it is quiet and everything is folded."""
        told, last = self.told(), {}
        for position, _, view, document_id in told:
            last[view, document_id] = position
        orders = {document_id: at for (view, document_id), at in last.items() if view == "order"}
        places = [change[:2] for change in self.heard.changes]
        messages = [message.position for message in self.messages]
        found = [wrong for reader in self.readers for wrong in reader.wrong]
        found += [f"the feed was ended: {reason!r}" for reason in self.heard.ended]
        found += _not_each_once("the feed", told, self.fed())
        found += _not_each_once("who follows", told, self.heard.changes)
        found += [f"after {one} came {next_one}" for one, next_one in itertools.pairwise(places) if next_one <= one]
        found += [f"after {one} came {next_one}" for one, next_one in itertools.pairwise(messages) if next_one <= one]
        shown = {message.id: message.document.folded_position for message in self.messages}
        found += [f"{one} was shown at {shown.get(one)}, not {at}" for one, at in orders.items() if shown.get(one) != at]
        return [*found, *self.one.differences(), *([] if orders else ["no order changed"])]


def _not_each_once(who, told, heard):
    """Where a list of changes has another number of changes of a document than the log."""
    expected, found = (Counter(change[2:] for change in changes) for changes in (told, heard))
    return [
        f"{who} told {found[name]} times of {name}, not {expected[name]}"
        for name in expected | found
        if expected[name] != found[name]
    ]


@asynccontextmanager
async def busy(one, clients, workers=1, commands=40):
    """Open the shop with some history, and keep it busy for as long as the block lasts; then all must hold."""
    await one.shop.does(commands)
    it = Busy(one, workers, clients)
    folding = [asyncio.create_task(worker.run()) for worker in it.workers]
    await it.until_caught_up()
    it.epoch, it.begun = await one.tail.head()
    following = [asyncio.create_task(source.follow()) for source in it.sources]
    await _reached(it.sources[0].feed, it.begun)
    following.append(asyncio.create_task(it.subscribes()))
    working = [asyncio.create_task(work) for work in (it.sells(), *(reader.run() for reader in it.readers))]
    try:
        with it.sources[0].feed.listening(it.heard):
            await it.until_read()
            yield it
            await it.until_read()
            it.open = False
            await working[0]
            await it.until_caught_up()
            await _heard_all(it)
    finally:
        for one_of in (it, *it.readers):
            one_of.open = False
        for worker in it.workers:
            worker.stop()
        await asyncio.gather(*working, *folding)
        await ended(following)
    faults = it.faults()
    assert [] == faults[:5], faults[:5]


async def _reached(feed, position):
    async with asyncio.timeout(PATIENCE):
        while feed.position != position:
            await asyncio.sleep(0.01)


async def _heard_all(it):
    """Give the last changes the time to come; what never comes is found missing."""
    with suppress(TimeoutError):
        async with asyncio.timeout(5):
            while any(" told " in fault or " shown " in fault for fault in it.faults()):
                await asyncio.sleep(0.05)


async def ended(tasks):
    """End tasks; one whose cancellation came just as a reply did may have missed it, and is told again."""
    waiting = set(tasks)
    while waiting:
        for task in waiting:
            task.cancel()
        done, waiting = await asyncio.wait(waiting, timeout=0.5)
        for task in done:
            with suppress(asyncio.CancelledError):
                task.result()


def remade(one, view):
    """Take a view away as if it had never been: as it is when a program first brings it."""
    for segment in range(one.keys.segments):
        for key in (one.keys.goals, one.keys.serving, one.keys.previous):
            one.redis.hdel(key(segment), view)
        for key in (one.keys.checkpoints, one.keys.folds, one.keys.leases):
            one.redis.hdel(key(segment), f"{view}.1")
    one.redis.delete(*one.redis.keys(f"*:{view}.1:*"), *one.redis.keys(f"*:{view}.1/*"))
