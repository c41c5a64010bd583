import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from project.supervisor import ChildStoppedError, Program, stop_all, supervise

SLEEPER = (sys.executable, "-c", "import time; time.sleep(60)")
STUBBORN = (
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True);"
    "time.sleep(60)",
)


def test_a_dead_child_stops_the_others_and_is_named(tmp_path):
    pid_file = tmp_path / "pid"
    code = (
        f"import os, pathlib, time; pathlib.Path({str(pid_file)!r}).write_text(str(os.getpid()));"
        "time.sleep(60)"
    )

    def wait_for_first(check):
        while not pid_file.exists() or not pid_file.read_text():
            time.sleep(0.02)

    with pytest.raises(ChildStoppedError, match=r"The second stopped by itself \(exit code 3\)") as caught:
        supervise(
            [
                Program("The first", (sys.executable, "-c", code)),
                Program(
                    "The second", (sys.executable, "-c", "import time; time.sleep(0.5); raise SystemExit(3)")
                ),
            ],
            environment=os.environ,
            when_started=wait_for_first,
        )

    assert caught.value.code == 3
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid_file.read_text()), 0)


def test_a_child_that_ends_while_we_wait_for_the_server_is_noticed():
    def wait_forever(check):
        while True:
            check()
            time.sleep(0.02)

    with pytest.raises(ChildStoppedError, match="The server"):
        supervise(
            [Program("The server", (sys.executable, "-c", "raise SystemExit(1)"))],
            environment=os.environ,
            when_started=wait_forever,
        )


def test_who_does_not_listen_is_killed_after_the_grace():
    child = subprocess.Popen(STUBBORN, stdout=subprocess.PIPE)
    assert child.stdout is not None
    assert child.stdout.readline() == b"ready\n"

    started = time.monotonic()
    stop_all([child], grace=0.3)

    assert child.returncode == -signal.SIGKILL
    assert time.monotonic() - started < 10
    child.stdout.close()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_all_children(number, tmp_path):
    program = textwrap.dedent(f"""
        import os, sys
        from project.supervisor import Program, StopRequested, supervise
        try:
            supervise(
                [Program("a", {SLEEPER!r}), Program("b", {SLEEPER!r})],
                environment=os.environ,
                when_started=lambda check: print("started", flush=True),
            )
        except StopRequested:
            print("stopped", flush=True)
    """)
    supervisor = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert supervisor.stdout is not None
    assert supervisor.stdout.readline() == "started\n"
    children = children_of(supervisor.pid)
    assert len(children) == 2

    supervisor.send_signal(number)

    assert supervisor.stdout.readline() == "stopped\n"
    assert supervisor.wait(timeout=15) == 0
    supervisor.stdout.close()
    for pid in children:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
