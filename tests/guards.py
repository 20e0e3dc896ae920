"""Proof that the engine's guards are tested: each is taken out of a copy of the source, and its tests must fail.

`python -m tests.guards [WORD]` tries those whose description has the word; ends 1 if a test stayed green without its guard.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Collection
from pathlib import Path

_HOME = Path(__file__).parents[1]
_DELIVERY, _LATE = "test_delivery.py::test_", "test_late_writes.py::test_a_batch_held_back_"
_LEASES, _MENDING = "test_leases.py::test_", "test_mending.py::test_"
_PARKING, _SCRIPT, _SWITCHING = "test_parking.py::test_", "test_commit_script.py::test_a_batch_", "test_switching.py::test_a_"
_BROKEN = _SCRIPT + "that_broke_after_any_write_is_whole_when_it_is_run_again"
_PROGRAMS = _LEASES + "an_older_and_a_newer_program_each_move_their_own_and_nothing_else"
_HANDS_OVER = _LEASES + "a_worker_that_stops_hands_over_at_once"
_AGAIN = _DELIVERY + "events_that_are_delivered_again_change_nothing"

# what is guarded, file, exact text, what stands there instead, test that is to fail
_GUARDS = [
    ("a batch: the lease", "commit.lua", "if string.sub(lease, 1, #fence) ~= fence", "if false",
     _LATE + "is_refused_where_its_heir_has_not_written_yet"),
    ("a batch: the checkpoint", "commit.lua", "if checkpoint ~= expected", "if false",
     _DELIVERY + "a_batch_that_was_written_is_refused_a_second_time"),
    ("the feed: what was told", "feed.lua",
     " and not told(position, position, content) and not told(string.format('%.0f', last), position, content)", "", _BROKEN),
    ("the feed: positions rise", "feed.lua", "if tonumber(position) > last then", "if true then", _AGAIN),
    ("the switch: beside what answers", "switch.lua", "if same_log and beside ~= checkpoint", "if false",
     _SWITCHING + "generation_that_stands_behind_the_one_that_answers_does_not"),
    ("the switch: the lease", "switch.lua", "if string.sub(redis.call('HGET', leases, next_name) or '', 1, #fence) ~= fence",
     "if false", _SWITCHING + "generation_that_another_worker_makes_now_is_not_switched_by_the_one_before"),
    ("the switch: the goal", "switch.lua", "if redis.call('HGET', goals, view) ~= coming", "if false",
     _SWITCHING + "generation_that_is_not_wanted_any_more_does_not_answer"),
    ("the switch: what answers", "switch.lua", "if (redis.call('HGET', serving, view) or '') ~= present", "if false",
     _SWITCHING + "generation_that_answers_already_is_not_switched_again"),
    ("the switch: the checkpoint", "switch.lua", "if redis.call('HGET', checkpoints, next_name) ~= checkpoint", "if false",
     _SWITCHING + "generation_that_has_moved_since_is_looked_at_anew"),
    ("beginning: a newer fold is left alone", "begin.lua", "return fold > version or (", "return (", _PROGRAMS),
    ("leases: the living keep theirs", "lease.lua", "local free = tonumber(till) < now or", "local free = true or",
     _LEASES + "a_worker_that_dies_is_replaced_when_its_leases_ran_out_and_not_before"),
    ("leases: the dead lose theirs", "lease.lua", "tonumber(till) < now or ", "",
     _LEASES + "a_worker_that_dies_is_replaced_when_its_leases_ran_out_and_not_before"),
    ("leases: one name, one owner", "lease.lua", " or string.match(holder, '^(.*)#') == name", "",
     _LEASES + "a_worker_of_the_same_name_takes_over_at_once"),
    ("leases: one name, one share", "leases.py", 'return f"{self._carries} {self._name}"',
     'return f"{self._carries} {self._owner}"',
     _LEASES + "a_worker_of_the_same_name_takes_over_at_once"),
    ("leases: a fair share", "leases.py", "return -(-self._keys.segments // alike)", "return self._keys.segments",
     _LEASES + "workers_share_the_segments_fairly"),
    ("leases: only what it can fold", "leases.py", "self._is_carried(one) and ", "",
     _LEASES + "what_only_a_newer_program_can_make_is_left_to_it_and_what_answers_moves_on"),
    ("leases: only of this log", "leases.py", " and self._at(one).epoch == self.epoch", "",
     "test_switching.py::test_views_of_a_log_that_has_a_new_epoch_are_made_anew_and_the_old_ones_left_as_they_are"),
    ("the end: leases are given back", "worker.py", "await self._leases.release()", "pass", _HANDS_OVER),
    ("the end: the others are told", "leases.py", 'await self._redis.publish(views.NUDGE, "leases")', "pass", _HANDS_OVER),
    ("a refusal is looked at anew", "worker.py", 'logger.info("worker_looks_anew", reason=str(refused))', "raise",
     "test_late_writes.py::test_a_worker_that_was_refused_looks_anew_and_goes_on"),
    ("outages are waited out", "worker.py", "_OUTAGES = (redis.exceptions.RedisError, LogUnavailableError, OSError)",
     "_OUTAGES = (redis.exceptions.RedisError, OSError)", _DELIVERY + "a_log_that_is_away_for_a_while_parks_nothing"),
    ("a fold: what is folded already", "projection.py", "if document is not None and document.folded_position >= position:",
     "if False:", _AGAIN),
    ("the log: the event at the checkpoint", "../shop/log.py", "if found != event_id:", "if False:",
     _SWITCHING + "log_that_was_set_back_and_grew_on_is_found_out_and_folded_anew"),
    ("parked: later events wait", "batch.py", "parked.get(name) or stands.parked.get(name)", "parked.get(name)",
     _PARKING + "events_of_later_batches_wait_too"),
    ("parked: later events of a batch wait", "batch.py", "parked.get(name) or stands.parked.get(name)",
     "stands.parked.get(name)", _PARKING + "a_fold_that_raises_parks_its_document_and_what_follows_and_nothing_else"),
    ("parked: each that waits is counted once", "batch.py", "if recorded.position <= max(behind.position, behind.last):",
     "if False:", _BROKEN),
    ("parked: readers are told", "../reads/reading.py", "if self.state.parked:", "if False:",
     _PARKING + "who_reads_a_parked_document_is_told_that_it_is_old"),
    ("parked: readers are refused", "../reads/reading.py", "parked.position <= self._asked.position:", "False:",
     _PARKING + "who_asks_for_a_later_place_is_refused_the_parked_document_alone"),
    ("parked: a worse generation waits", "worker.py", "if _is_worse(holding, unit):", "if False:",
     _MENDING + "a_next_generation_with_more_parked_does_not_answer_until_it_is_mended"),
    ("mending: the event that is left out", "mending.py", "if recorded.position != wish.without", "if True",
     _MENDING + "only_the_event_that_was_wished_away_is_left_out"),
    ("a document after all that is cut from it", "batch.py", "for cut_id, cut_document in new.cuts.items():",
     'out.documents[keys.document(view, document_id, generation)] = b""\n    for cut_id, cut_document in new.cuts.items():',
     _BROKEN),
]  # fmt: skip


def main() -> int:
    """Try the guards; return 1 where one is not tested, or is not found."""
    word = sys.argv[1] if len(sys.argv) > 1 else ""
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        _copy_to(copy)
        guards = [guard for guard in _GUARDS if word in guard[0]]
        if not guards or _run(copy, {test for *_, test in guards}):
            print("no such guard, or the tests fail with every guard in its place")
            return 1
        for what, file, text, instead, test in guards:
            began = time.monotonic()
            said = _tried(copy, copy / "projections" / file, text, instead, test)
            wrong += said != "red"
            print(f"{what:42} {said:10} {time.monotonic() - began:5.1f} s", flush=True)
    print(f"{wrong} guards without a test that goes red" if wrong else "every guard has a test that goes red without it")
    return 1 if wrong else 0


def _copy_to(copy: Path) -> None:
    for name in subprocess.check_output(["git", "ls-files", "-co", "--exclude-standard"], cwd=_HOME, text=True).splitlines():
        target = copy / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((_HOME / name).read_bytes())


def _tried(copy: Path, file: Path, text: str, instead: str, test: str) -> str:
    """Take the guard out, run the test, put it back."""
    source = file.read_text()
    if source.count(text) != 1:
        return "not found"
    file.write_text(source.replace(text, instead))
    try:
        code = _run(copy, {test})
    finally:
        file.write_text(source)
    return {0: "GREEN", 1: "red"}.get(code, f"ended {code}")


def _run(copy: Path, tests: Collection[str]) -> int:
    """Return pytest's code: 1 is a failure. A test that never ends without the guard has failed too."""
    whole = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-x", *(f"tests/engine/{test}" for test in tests)]
    try:
        return subprocess.run(whole, cwd=copy, capture_output=True, timeout=60, check=False).returncode
    except subprocess.TimeoutExpired:
        return 1


if __name__ == "__main__":
    sys.exit(main())
