"""Runs several programs as one: they start together and stop together."""

import contextlib
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import FrameType

# A server may finish the requests it has; then it is ended.
GRACE_SECONDS = 10.0
POLL_SECONDS = 0.2
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True)
class Program:
    """A program to run: what a message calls it, and its command line."""

    name: str
    command: Sequence[str]


class ChildStoppedError(Exception):
    """A program ended although nobody asked it to."""

    def __init__(self, name: str, code: int) -> None:
        super().__init__(f"{name} stopped by itself (exit code {code}).")
        self.name = name
        self.code = code


class StopRequested(BaseException):
    """Somebody asked for the end by Ctrl-C, a signal or a closed terminal; that is no error."""


@contextlib.contextmanager
def stop_signals() -> Iterator[None]:
    """Turn the signals that ask for the end into StopRequested."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise StopRequested

    before = {number: signal.signal(number, stop) for number in STOP_SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def stop_all(children: Sequence[subprocess.Popen[bytes]], grace: float = GRACE_SECONDS) -> None:
    """End the programs: ask, wait, then force.

    Args:
        children: Programs, running or not.
        grace: Seconds they have together before they are killed.
    """
    for child in children:
        if child.poll() is None:
            child.terminate()
    deadline = time.monotonic() + grace
    for child in children:
        try:
            child.wait(timeout=max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def supervise(
    programs: Sequence[Program],
    *,
    environment: Mapping[str, str],
    when_started: Callable[[Callable[[], None]], None],
) -> None:
    """Run programs until one ends or somebody asks for the end; then stop all.

    Args:
        programs: What to run.
        environment: Their environment.
        when_started: Called once they run, with a function that raises ChildStoppedError if one has ended;
            it may wait for a server to answer and call that function while it does.

    Raises:
        ChildStoppedError: A program ended by itself.
        StopRequested: Ctrl-C or a signal; all programs have ended.
    """
    children: list[subprocess.Popen[bytes]] = []

    def check() -> None:
        for program, child in zip(programs, children, strict=True):
            code = child.poll()
            if code is not None:
                raise ChildStoppedError(program.name, code)

    with stop_signals():
        try:
            for program in programs:
                # A session of its own: Ctrl-C reaches the supervisor only, which then stops them in order.
                child = subprocess.Popen(program.command, env=environment, start_new_session=True)  # noqa: S603
                children.append(child)
            when_started(check)
            while True:
                check()
                time.sleep(POLL_SECONDS)
        finally:
            # A second Ctrl-C must not leave children behind.
            for number in STOP_SIGNALS:
                signal.signal(number, signal.SIG_IGN)
            stop_all(children)
