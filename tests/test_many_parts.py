"""The parts of a run over many documents: folders, limits, the line of progress, the counts."""

from __future__ import annotations

import inspect
import io
import itertools
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from derive.app.many import limit
from derive.app.many.limit import Expired, within
from derive.app.many.pool import LARGEST_CHUNK, Pace
from derive.app.many.progress import Line, Silent, Told, clipped, progress
from derive.app.many.summary import SEVERITY, VERDICTS, Summary, exit_code, worse
from derive.app.many.walk import documents
from derive.diagnostics import DeriveError, display_width

# -------------------------------------------------------------------------------------- folders


def made(top: Path, *names: str) -> Path:
    for name in names:
        path = top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    return top


def found(*paths: Path | str) -> list[str]:
    return [str(one) for one in documents(paths)]


def test_a_folder_stands_for_the_documents_in_it(tmp_path: Path) -> None:
    made(tmp_path, "b.tex", "a.md", "z/c.TEX", "z/y/d.tex", "notes.txt", ".git/e.tex", ".f.tex")
    (tmp_path / "folder.tex").mkdir()
    made(tmp_path, "folder.tex/g.md")
    expected = ["a.md", "b.tex", "folder.tex/g.md", "z/c.TEX", "z/y/d.tex"]
    assert found(tmp_path) == [str(tmp_path / name) for name in expected]


def test_what_is_named_is_taken_and_only_once(tmp_path: Path) -> None:
    made(tmp_path, "a.tex", "notes.txt")
    (tmp_path / "link.tex").symlink_to("a.tex")
    notes, link = tmp_path / "notes.txt", tmp_path / "link.tex"
    assert found(notes, link, tmp_path, "-", "-", f"{tmp_path}/./a.tex") == [
        str(notes), str(link), "-",
    ]  # fmt: skip
    assert found(tmp_path / "absent.tex") == [str(tmp_path / "absent.tex")]


def test_links_that_go_round_end(tmp_path: Path) -> None:
    made(tmp_path, "in/a.tex")
    (tmp_path / "in" / "up").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "in" / "itself.tex").symlink_to("itself.tex")
    (tmp_path / "in" / "broken.tex").symlink_to("nowhere.tex")
    inside = [str(tmp_path / "in" / name) for name in ("a.tex", "broken.tex", "itself.tex")]
    assert found(tmp_path) == inside


def test_a_pipe_in_a_folder_is_not_waited_for(tmp_path: Path) -> None:
    made(tmp_path, "a.tex")
    os.mkfifo(tmp_path / "pipe.tex")
    assert found(tmp_path) == [str(tmp_path / "a.tex")]


def test_folders_may_be_deep(tmp_path: Path) -> None:
    deep = tmp_path / "/".join("d" * 200)
    made(deep, "a.tex")
    most = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack(0)) + 60)
    try:
        assert found(tmp_path) == [str(deep / "a.tex")]
    finally:
        sys.setrecursionlimit(most)


def test_a_folder_without_documents_is_said_to_be(tmp_path: Path) -> None:
    (error,) = documents([tmp_path])
    assert isinstance(error, DeriveError)
    assert error.diagnostics[0].file == str(tmp_path)


# --------------------------------------------------------------------------------------- limits


def in_a_thread(call):
    with ThreadPoolExecutor(1) as threads:
        return threads.submit(call).result()


def here(call):
    return call()


@pytest.mark.parametrize("where", [here, in_a_thread])
def test_what_is_in_time_is_as_without_a_limit(where) -> None:
    def fails() -> None:
        raise KeyError("k")

    assert where(lambda: within(60, lambda: 7)) == 7
    assert where(lambda: within(None, lambda: 7)) == 7
    with pytest.raises(KeyError):
        where(lambda: within(60, fails))


@pytest.mark.parametrize("where", [here, in_a_thread])
def test_what_is_not_in_time_is_interrupted_and_nothing_comes_after(where, monkeypatch) -> None:
    monkeypatch.setattr(limit, "AGAIN", 0.05)

    def both() -> str:
        with pytest.raises(Expired):
            within(0.05, lambda: [None for _ in itertools.count()] and None)
        for _ in range(12):  # in none of the times when it would ring again
            time.sleep(0.01)
        return "untouched"

    before = threading.active_count()
    assert where(both) == "untouched"
    assert threading.active_count() == before


TRACED = """
import sys, threading
from derive.app.many.limit import Expired, within

def work():
    assert within(60, lambda: 7) == 7
    try:
        within(0.05, lambda: [None for _ in iter(int, 1)])
    except Expired:
        sys.settrace(lambda *event: None)
        (lambda: None)()
        sys.settrace(None)
        print("traced")

thread = threading.Thread(target=work)
thread.start()
thread.join()
"""


def test_a_debugger_goes_on_after_a_limit_in_a_thread() -> None:
    command = [sys.executable, "-c", TRACED]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "traced\n"


def test_the_timer_and_its_handler_are_given_back() -> None:
    def ring(signum: int, frame: object) -> None:
        raise AssertionError("too early")

    handler = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, 500)
    try:
        with pytest.raises(Expired):
            within(0.02, lambda: time.sleep(30))
        left, _ = signal.getitimer(signal.ITIMER_REAL)
        assert signal.getsignal(signal.SIGALRM) is ring
        assert 0 < left < 500
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)


def test_an_except_clause_does_not_stop_it() -> None:
    assert not issubclass(Expired, Exception)


# --------------------------------------------------------------------------------------- chunks


@given(st.integers(0, 10**6), st.floats(0, 1000), st.integers(1, 64))
def test_a_chunk_is_short_and_leaves_work_for_all(total: int, seconds: float, jobs: int) -> None:
    pace = Pace(total)
    assert pace.chunk(jobs) == 1  # nothing is known of the documents
    pace.learn([(0, "checked", "", seconds)])
    chunk = pace.chunk(jobs)
    assert 1 <= chunk <= LARGEST_CHUNK
    assert chunk == 1 or (chunk * seconds <= 0.25 and chunk * 2 * jobs <= total)


# ------------------------------------------------------------------------------------- progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def clock(step: float):
    times = itertools.count()
    return lambda: next(times) * step


def test_the_line_on_a_terminal(monkeypatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "70")
    stream = Terminal()
    line = Line(stream, clock(2.0))
    for done, verdict in enumerate(["proved", "refuted", "proved"], 1):
        line.tell(done, 5, "作业/很长很长很长很长的名字.tex", verdict, False)
    shown = stream.getvalue().split("\r")
    assert "\x1b" not in stream.getvalue()
    assert "\n" not in stream.getvalue()
    assert shown[3].startswith("checked 3 of 5  1 refuted  2.0 s/file  0:04 left  作业/")
    assert all(display_width(text) <= 69 for text in shown)
    line.clear()
    assert stream.getvalue().endswith("\r" + " " * display_width(shown[3].rstrip()) + "\r")
    for done in (4, 5):
        line.tell(done, 5, "a.tex", "proved", False)
    line.close()
    last = stream.getvalue().split("\r")[-1]
    assert last.rstrip(" \n").endswith("2.0 s/file  0:08")
    assert last.endswith("\n")


def test_what_the_journal_has_says_nothing_of_the_speed(monkeypatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    line = Line(Terminal(), clock(1.0))
    for done in range(1, 100):
        line.tell(done, 102, "a.tex", "proved", True)
    assert "left" not in line.text
    for done in (100, 101):
        line.tell(done, 102, "a.tex", "proved", False)
    assert "checked 101 of 102" in line.text
    assert "files/s" not in line.text.replace("s/file", "")


def test_elsewhere_nothing_unless_asked_and_then_lines() -> None:
    assert type(progress(None)) is Silent  # standard error of a test is no terminal
    assert type(progress(False)) is Silent
    stream = io.StringIO()
    line = progress(stream, clock(0.5))
    for done in range(1, 51):
        line.tell(done, 50, "a.tex", "proved", False)
    line.clear()
    line.close()
    lines = stream.getvalue().splitlines()
    assert len(lines) == 4  # the first, two after ten seconds each, the last
    assert lines[-1].startswith("checked 50 of 50  2.0 files/s")
    assert "\r" not in stream.getvalue()


def test_a_function_is_told() -> None:
    said: list[tuple[int, int, str, str]] = []
    asked = progress(lambda *what: said.append(what))
    assert isinstance(asked, Told)
    asked.tell(1, 2, "a.tex", "proved", False)
    assert said == [(1, 2, "a.tex", "proved")]
    assert progress(asked) is asked


def test_nobody_reading_stops_nothing(monkeypatch) -> None:
    stream = io.StringIO()
    line = Line(stream)
    stream.close()
    line.tell(1, 1, "a.tex", "proved", False)
    line.close()


@given(st.text(max_size=40), st.integers(1, 30))
def test_clipped_text_fits_and_cannot_move_the_cursor(text: str, columns: int) -> None:
    shown = clipped(text, columns)
    assert display_width(shown) <= columns
    assert not any(ord(letter) < 32 for letter in shown)


# --------------------------------------------------------------------------------------- counts


def result(*links: tuple[str, str | None]) -> dict[str, object]:
    order = ("proved", "unsettled", "ill-typed", "refuted", "unreadable")
    claims = [{"verdict": v, "links": [{"verdict": v, "mistake": m}]} for v, m in links]
    worst = max((v for v, _ in links), key=order.index, default="proved")
    return {"verdict": worst, "claims": claims}


def test_the_worse_of_two_codes() -> None:
    # Unreadable over wrong over unsettled over proved.
    assert SEVERITY == (0, 3, 1, 2)
    for one, other in itertools.product(range(4), repeat=2):
        assert worse(one, other) == worse(other, one)
        assert worse(one, one) == one
    assert [exit_code({"verdict": v}) for v in VERDICTS] == [0, 3, 1, 1, 2]
    assert (worse(3, 1), worse(3, 2), worse(1, 2), worse(0, 3)) == (1, 2, 2, 3)


def test_the_summary_counts() -> None:
    summary = Summary()
    assert summary.json()["exit"] == 0
    summary.add("作业/李.tex", "checked", result(("proved", None), ("refuted", "sign")))
    summary.add("b.tex", "checked", result(("refuted", "sign"), ("ill-typed", "transpose")), True)
    summary.add("b2.tex", "checked", result(("refuted", "sign"), ("refuted", "sign")))
    assert summary.code == 1
    summary.add("c.tex", "timed out", {"verdict": "unsettled", "claims": []})
    summary.add("d.tex", "crashed", {"verdict": "unreadable", "claims": []})
    assert summary.json() == {
        "files": {
            "total": 5, "proved": 0, "unsettled": 1, "ill-typed": 0, "refuted": 3, "unreadable": 1,
        },
        "without_verdict": {"crashed": 1, "timed out": 1},
        "claims": {
            "total": 6, "proved": 1, "unsettled": 0, "ill-typed": 1, "refuted": 4, "unreadable": 0,
        },
        "mistakes": [
            {"code": "sign", "count": 4, "files": 3}, {"code": "transpose", "count": 1, "files": 1},
        ],
        "worst_files": [
            {"file": "b.tex", "wrong": 2, "claims": 2}, {"file": "b2.tex", "wrong": 2, "claims": 2},
            {"file": "作业/李.tex", "wrong": 1, "claims": 2},
        ],
        "resumed": 1,
        "exit": 2,
    }  # fmt: skip
    assert summary.text().splitlines() == [
        "5 files             1 unsettled               3 refuted  1 unreadable",
        "6 claims  1 proved               1 ill-typed  4 refuted",
        "1 crashed",
        "1 timed out",
        "1 from the journal",
        "",
        "mistake    count  files",
        "sign           4      3",
        "transpose      1      1",
        "",
        "file         wrong  claims",
        "b.tex            2       2",
        "b2.tex           2       2",
        "作业/李.tex      1       2",
    ]


def test_long_tables_are_cut_and_say_so() -> None:
    summary = Summary()
    for k in range(13):
        summary.add(f"{k:02}.tex", "checked", result(("refuted", f"code-{k:02}")))
    assert summary.text().count("and 3 more") == 2
    assert len(summary.json()["mistakes"]) == 13
