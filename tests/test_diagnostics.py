"""Diagnostics as a terminal shows them: the place, the excerpt, carets under the right columns."""

import pytest

from derive.diagnostics import DeriveError, Diagnostic, Source, display_width, render


def carets_of(text: str, start: int, end: int) -> tuple[str, str]:
    """The excerpt line and the caret line, both without the margin."""
    source = Source("a.tex", text)
    lines = render(Diagnostic("code", "message", "a.tex", start, end), source).splitlines()
    return lines[3].split("| ", 1)[1], lines[4].split("| ", 1)[1]


def test_positions_are_counted_from_one_in_characters():
    source = Source("a", "ab\ncd\r\né f")
    assert [source.position(at) for at in (0, 2, 3, 7, 9, 99)] == [
        (1, 1),
        (1, 3),
        (2, 1),
        (3, 1),
        (3, 3),
        (3, 4),
    ]


def test_whole_rendering():
    source = Source("net.tex", "first\nz = (W x\nlast\n")
    diagnostic = Diagnostic(
        "unclosed-bracket",
        "`(` is never closed",
        "net.tex",
        10,
        11,
        "add `)`",
        ("seen here",),
    )
    assert render(diagnostic, source) == (
        "error[unclosed-bracket]: `(` is never closed\n"
        " --> net.tex:2:5\n"
        "  |\n"
        "2 | z = (W x\n"
        "  |     ^\n"
        "  = note: seen here\n"
        "  = help: add `)`"
    )


@pytest.mark.parametrize(
    ("text", "start", "end", "carets"),
    [
        ("abc", 1, 3, " ^^"),
        ("损失 x", 3, 4, "     ^"),  # East Asian letters take two columns
        ("损失", 1, 2, "  ^^"),
        ("x\u0302 y", 3, 4, "  ^"),  # a combining hat takes none
        ("\tx", 1, 2, "    ^"),
        ("ab", 2, 2, "  ^"),  # an empty span at the end of the line
        ("ab\ncd", 0, 5, "^^"),  # a span over two lines is marked on its first
    ],
)
def test_carets_stand_under_the_span(text, start, end, carets):
    assert carets_of(text, start, end)[1] == carets


def test_long_lines_are_clipped_around_the_span():
    text = "a" * 500 + "B" + "c" * 500
    excerpt, carets = carets_of(text, 500, 501)
    assert display_width(excerpt) <= 102
    assert excerpt[len(carets) - 1] == "B"


def test_control_characters_do_not_reach_the_terminal():
    assert "\x1b" not in render(Diagnostic("c", "m", "f", 0, 1), Source("f", "a\x1b[31mb"))


def test_colour_only_where_asked():
    diagnostic, source = Diagnostic("c", "m", "f", 0, 1), Source("f", "ab")
    assert "\x1b[" in render(diagnostic, source, color=True)
    assert "\x1b[" not in render(diagnostic, source)


def test_an_error_carries_its_diagnostics():
    first, second = Diagnostic("one", "a"), Diagnostic("two", "b")
    error = DeriveError(first, second)
    assert error.diagnostics == (first, second)
    assert "[one] a" in str(error)
