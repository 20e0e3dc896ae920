"""Progress: plain lines with a rate and the time left, where there is no terminal."""

import io

from server.progress import _Lines, shown_on


def test_lines_tell_how_far_how_fast_and_how_long():
    moments = iter([0.0, 0.0, 1.0, 10.0, 20.0])
    stream = io.StringIO()
    lines = _Lines(stream, now=lambda: next(moments))

    for done in (0, 100, 1000, 2000):
        lines.tell(done, 2000, "lines")

    assert ["1,000 of 2,000 lines, 100/s, 10 s left", "2,000 of 2,000 lines, 100/s"] == stream.getvalue().splitlines()


def test_no_bar_is_drawn_where_there_is_no_terminal():
    stream = io.StringIO()

    with shown_on(stream) as progress:
        progress(1, 1, "products")

    assert "1 of 1 products\n" == stream.getvalue()


def test_a_terminal_gets_a_bar():
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    stream = Terminal()

    with shown_on(stream) as progress:
        progress(1, 2, "products")
        progress(2, 2, "products")

    assert "2/2" in stream.getvalue()
