"""Whatever happens to workers, leases, generations and Redis in whatever order: what answers is the fold of the log up to
where it says it stands, nothing goes back, and the feed tells each change once.
"""

import asyncio
import os
import re
from collections import Counter
from contextlib import AsyncExitStack, suppress

import msgspec
import pytest
import redis
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test
from redis.asyncio import Redis

from projections import passes, worker
from projections.all import touched
from projections.generations import Generations, NoSuchGenerationError
from projections.store import RefusedError
from projections.worker import Worker
from reads.store import Store
from shop import views
from shop.tail import open_tail
from shop.views import Keys
from tests.engine.tiny_shop import VIEWS, Expected, TinyLog

EXAMPLES = int(os.environ.get("TRADEWIND_ANY_ORDERS", "90"))
KEYS = Keys(2)
FOR_EVER = 1_000.0  # seconds: leases run out where a rule says so, and a worker looks anew where one does

_OF_A_GENERATION = re.compile(r"(\{tw\d\}:\w+\.\d+)([:/]).+", re.DOTALL)

names = st.sampled_from([0, 1])
some_kinds = st.lists(st.integers(0, 15), min_size=1, max_size=6)
some_views = st.sampled_from(["product", "stock_level"])


@pytest.fixture
def small(monkeypatch):
    """Little is read and written at once, so that much is left half done."""
    monkeypatch.setattr(passes, "_MOST_DOCUMENTS", 2)
    monkeypatch.setattr(passes, "_MOST_FOLDS", 4)
    monkeypatch.setattr(worker, "_LIVE_EVENTS", 5)
    monkeypatch.setattr(worker, "_REBUILD_EVENTS", 7)


class AnyOrder(RuleBasedStateMachine):
    """Two workers by name, of which each may be replaced; every script that was sent may come again, late."""

    databases = folder = address = None

    def __init__(self):
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.ended = AsyncExitStack()
        self.redis = redis.Redis.from_url(self.address)
        self.redis.flushall()
        self.database = self.databases.new(self.folder)
        self.client = Redis.from_url(self.address, protocol=2)
        self.tail = self.does(self.ended.enter_async_context(open_tail(self.database.address)))
        self.log, self.expected = TinyLog(self.database), Expected(KEYS)
        self.generations = Generations(self.client, KEYS)
        self.sent = []
        self.workers = [self.new_worker(name) for name in ("a", "b")]
        self.replaced = []
        self.forget_places()

    def does(self, work):
        return self.loop.run_until_complete(work)

    def new_worker(self, name):
        one = Worker(self.tail, self.client, KEYS, name=name, lease_seconds=FOR_EVER)
        for script in ("_commit", "_switch"):
            setattr(one._store, script, self.recording(script, getattr(one._store, script)))
        return one

    def recording(self, name, script):
        async def send(*, keys, args):
            self.sent.append((name, script, keys, args))
            return await self.send(*self.sent[-1])

        return send

    async def send(self, name, script, keys, args):
        """Run a script; whether it may write is known from what Redis says right before."""
        may = name == "_switch" or _may(self.redis, keys, args)
        answer = await script(keys=keys, args=args)
        assert may or not answer[0], "a late write was taken"
        return answer

    def ends_leases(self, which):
        for segment in range(KEYS.segments):
            for generation, text in self.redis.hgetall(KEYS.leases(segment)).items():
                lease = views.lease(text.decode())
                if which(lease):
                    self.redis.hset(KEYS.leases(segment), generation, f"{lease.fence}0")

    def forget_places(self):
        """Redis is empty: whatever comes begins at the log's beginning."""
        self.made, self.shown, self.answered = {}, {}, None

    @rule(kinds=some_kinds)
    def the_log_grows(self, kinds):
        self.log.append(kinds)
        self.expected.follows(self.log.events)

    @initialize(kinds=st.lists(st.integers(0, 15), min_size=8, max_size=16))
    def all_is_folded(self, kinds):
        self.the_log_grows(kinds)
        self.a_worker_catches_up(0)

    @rule(name=names, looks=st.booleans(), times=st.integers(1, 3))
    def a_worker_steps(self, name, looks, times):
        if looks:
            self.workers[name]._renewed = float("-inf")
        for _ in range(times):
            self.does(self.workers[name].step())

    @rule(name=names)
    def a_worker_catches_up(self, name):
        self.does(self.workers[name].catch_up())

    @rule(name=names)
    def leases_run_out(self, name):
        """Those of one worker, which does not know it."""
        self.ends_leases(lambda lease: lease.owner == self.workers[name]._leases._owner)
        self.redis.zrem(views.WORKERS, self.workers[name]._leases._member)

    @rule(name=names)
    def a_worker_forgets(self, name):
        self.workers[name]._forget()

    @rule(name=names, keeps_its_name=st.booleans(), takes_over=st.booleans())
    def a_worker_is_replaced(self, name, keeps_its_name, takes_over):
        """The old one is not dead: it only is not heard of for a while."""
        self.replaced = [*self.replaced[-2:], self.workers[name]]
        if not keeps_its_name:
            self.leases_run_out(name)
        self.workers[name] = self.new_worker("ab"[name] if keeps_its_name else f"heir-{len(self.sent)}")
        if takes_over:
            self.does(self.workers[name]._renew())

    @precondition(lambda self: self.replaced)
    @rule(which=st.integers(0, 2), presents=st.booleans(), kinds=some_kinds)
    def one_that_was_replaced_goes_on_where_it_was(self, which, presents, kinds):
        """There is something new to be folded, and it knows nothing of its heir."""
        self.the_log_grows(kinds)
        old = self.replaced[which % len(self.replaced)]
        lines = list(old._lines_present() if presents else old._lines_coming())
        work = (old._present if presents else old._coming).advance(lines)
        self.tries(work)

    @precondition(lambda self: self.sent)
    @rule(ago=st.integers(1, 30))
    def a_script_comes_again(self, ago):
        self.does(self.send(*self.sent[-min(ago, len(self.sent))]))

    @rule(view=some_views)
    def a_rebuild_is_begun(self, view):
        self.does(self.generations.rebuild(self.log.epoch, [view]))

    @rule(view=some_views, name=names)
    def a_view_is_made_anew_by_one_worker(self, view, name):
        self.a_rebuild_is_begun(view)
        self.a_worker_catches_up(name)

    @rule(view=some_views)
    def it_is_rolled_back(self, view):
        with suppress(NoSuchGenerationError):
            self.does(self.generations.roll_back([view]))

    @rule(view=some_views)
    def it_is_cleaned_up(self, view):
        self.does(self.generations.clean([view]))

    @rule(name=names, looks=st.booleans())
    def a_worker_tries_to_switch(self, name, looks):
        """Whether or not it believes that what it makes has caught up."""
        one = self.workers[name]
        if looks:
            self.does(one._renew())
        for line in list(one._lines_coming()):
            self.tries(one._let_answer(line))

    @precondition(lambda self: self.made)
    @rule(times=st.integers(0, 3))
    def redis_is_emptied(self, times):
        """Seldom: all begins again with it."""
        if times == 3:
            self.redis.flushall()
            self.forget_places()

    def tries(self, work):
        with suppress(RefusedError):
            self.does(work)

    @invariant()
    def no_generation_goes_back(self):
        for segment in range(KEYS.segments):
            found = self.redis.hgetall(KEYS.checkpoints(segment))
            now = {(segment, name): views.checkpoint(text.decode()).position for name, text in found.items()}
            for name, position in now.items():
                assert self.made.get(name, 0) <= position, name
            self.made = {name: at for name, at in self.made.items() if name[0] != segment} | now

    @invariant()
    def what_answers_is_the_log_folded_up_to_where_it_stands(self):
        found = self.found()
        for segment in range(KEYS.segments):
            for view, number in self.serving(segment).items():
                position = self.made[segment, f"{view}.{number}".encode()]
                assert self.shown.get((segment, view), 0) <= position
                self.shown[segment, view] = position
                assert self.expected.keys_of(view, segment, number, position) == found.get(
                    f"{{tw{segment}}}:{view}.{number}", {}
                )

    @invariant()
    def no_answer_goes_back(self):
        lowest = self.does(Store(self.client, KEYS).state()).lowest
        assert self.answered is None or lowest is not None
        assert self.answered is None or self.answered <= lowest
        self.answered = lowest

    @invariant()
    def the_feed_tells_nothing_twice(self):
        for segment in range(KEYS.segments):
            for told, times in Counter(self.told(segment)).items():
                assert 1 == times, told

    def serving(self, segment):
        return {view.decode(): int(number) for view, number in self.redis.hgetall(KEYS.serving(segment)).items()}

    def found(self):
        """Every document and index, by generation and key; an index is a dict of member to score."""
        found, pipeline = {}, self.redis.pipeline(transaction=False)
        keys = [match for key in self.redis.scan_iter(count=1000) if (match := _OF_A_GENERATION.fullmatch(key.decode()))]
        for key in keys:
            _ = pipeline.get(key[0]) if key[2] == ":" else pipeline.zrange(key[0], 0, -1, withscores=True)
        for key, value in zip(keys, pipeline.execute(), strict=True):
            index = {member.decode(): score for member, score in value} if key[2] == "/" else None
            found.setdefault(key[1], {})[key[0]] = value if index is None else index
        return found

    def told(self, segment):
        """What the feed of a segment tells: the moment, which names the event, and view and document."""
        for _, fields in self.redis.xrange(KEYS.feed(segment, self.log.epoch)):
            entry = msgspec.json.decode(fields[b"e"])
            yield from ((entry["at"], view, document_id) for _, view, document_id in entry["documents"])

    def due(self, segment):
        """What it has to tell: whatever the log changed since the feed is whole."""
        began = int(self.redis.hget(KEYS.feed_from(segment), self.log.epoch))
        return {
            (recorded.at, touch.projection.view.view, touch.document_id)
            for recorded in self.log.events[began:]
            for touch in touched(recorded)
            if KEYS.segment(touch.document_id) == segment
        }

    def teardown(self):
        try:
            self.ends_leases(lambda _: True)
            self.redis.delete(views.WORKERS)
            last = self.new_worker("last")
            self.does(last.catch_up())
            self.check_that_all_is_there()
        finally:
            self.does(self.ended.aclose())
            self.does(self.client.aclose())
            self.loop.close()
            self.redis.close()
            self.database.close()
            self.database.engine.dispose()

    def check_that_all_is_there(self):
        self.no_generation_goes_back()
        self.what_answers_is_the_log_folded_up_to_where_it_stands()
        self.no_answer_goes_back()
        self.the_feed_tells_nothing_twice()
        for segment in range(KEYS.segments):
            assert self.serving(segment).keys() == set(VIEWS)
            assert self.redis.hgetall(KEYS.goals(segment)) == self.redis.hgetall(KEYS.serving(segment))
            assert {len(self.log.events)} == {self.shown[segment, view] for view in VIEWS}
            assert set() == self.due(segment) - set(self.told(segment))


def _may(client, keys, args):
    """Whether a batch may be written: by the holder of the lease, on the checkpoint that it goes on from."""
    expected, generations = args[1], args[10 : 10 + 2 * int(args[5])]
    return all(
        (client.hget(keys[0], name) or b"").decode() == expected
        and (client.hget(keys[1], name) or b"").decode().startswith(fence)
        for name, fence in zip(generations[::2], generations[1::2], strict=True)
    )


def test_whatever_happens_in_whatever_order(sqlite_databases, redis_address, tmp_path, small):
    AnyOrder.databases, AnyOrder.folder, AnyOrder.address = sqlite_databases, tmp_path, redis_address
    run_state_machine_as_test(
        AnyOrder,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=40,
            deadline=None,
            derandomize=True,
            phases=(Phase.explicit, Phase.generate),  # a shorter case takes minutes to find
            suppress_health_check=list(HealthCheck),
        ),
    )
