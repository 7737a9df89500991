"""The command between other programs: pipes, full disks, closed streams and interrupts."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from derive.app import cli
from tests.test_cli import BAD, GOOD, ROOT


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "good.tex").write_text(GOOD)
    (tmp_path / "bad.tex").write_text(BAD)
    return tmp_path


@pytest.mark.skipif(os.name != "posix", reason="needs pipes and signals")
def test_a_closed_pipe_is_no_traceback(folder):
    code = f"{sys.executable} -m derive.app.cli graph good.tex | true; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", code], capture_output=True, text=True, cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.stderr == ""
    assert done.stdout.strip() in ("0", str(cli.BROKEN_PIPE))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is full")
def test_a_full_disk_behind_standard_output_is_no_traceback(folder):
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "derive.app.cli", "graph", "good.tex"], stdout=full, cwd=folder,
            stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
    assert done.returncode == cli.UNREADABLE
    assert done.stderr == "derive: standard output: No space left on device\n"


@pytest.mark.skipif(os.name != "posix", reason="needs a POSIX shell")
@pytest.mark.parametrize(
    ("how", "code"), [("graph good.tex >&-", 0), ("solve bad.tex 2>&-", 2), ("solve - <&-", 2)]
)
def test_a_closed_stream_is_no_traceback(folder, how, code):
    done = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m derive.app.cli {how}"], cwd=folder, text=True,
        capture_output=True, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == code
    assert "internal error" not in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(os.name != "posix", reason="needs pipes and signals")
def test_an_interrupt_is_no_traceback(folder):
    process = subprocess.Popen(
        [sys.executable, "-m", "derive.app.cli", "solve", "-"], cwd=folder, text=True,
        stdin=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(ROOT)},
        # A shell starts what runs in its background with interrupts ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    time.sleep(3.0)  # until it waits for its input, on a busy machine too
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=20)
    assert process.returncode == cli.INTERRUPTED
    assert said == "derive: interrupted\n"
