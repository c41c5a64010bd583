"""The demo's surroundings: its lock, its port, its files."""

import contextlib
import errno
import fcntl
import hashlib
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.files.storage import FileSystemStorage

HOST = "127.0.0.1"
FIRST_PORT, LAST_PORT = 1, 65_535
#: Written into the demo's folder before anything else. Without it nothing there is touched.
MARKER = "demo.marker"
_DATABASE = ("passgenau.sqlite3", "passgenau.sqlite3-wal", "passgenau.sqlite3-shm")
_CONTENT = ("mails", "media")
# What the demo leaves in its folder; nothing else there is ever removed. The marker goes last.
LEFTOVERS = (*_DATABASE, *_CONTENT, "static", MARKER)


class DemoRunningError(Exception):
    """Another demo uses the same files; ``address`` is where it serves."""

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self.address = address


class ForeignFolderError(Exception):
    """The folder holds what no demo has put there."""

    def __init__(self) -> None:
        super().__init__(
            f"{settings.VAR_DIR} holds files that no demo has put there. "
            "Choose another folder: make demo DEMO_DIR=var/second"
        )


def demo_claim() -> None:
    """Mark the folder as the demo's, unless it is so already.

    A database file alone may be claimed: whether real people are in it, the caller asks the database.

    Raises:
        ForeignFolderError: Uploads or mails lie there without a marker.
    """
    marker = settings.VAR_DIR / MARKER
    if marker.exists():
        return
    if any((settings.VAR_DIR / name).exists() for name in _CONTENT):
        raise ForeignFolderError
    settings.VAR_DIR.mkdir(parents=True, exist_ok=True)
    marker.write_text("The demo of Passgenau keeps its data here; make demo-reset removes them.\n", "utf-8")


@contextlib.contextmanager
def demo_lock(address: str) -> Iterator[None]:
    """Hold the demo's files for oneself; the system lets go even if the holder is killed.

    Args:
        address: Where this demo serves, for the message to whoever comes second.

    Raises:
        DemoRunningError: Somebody holds them.
    """
    settings.VAR_DIR.mkdir(parents=True, exist_ok=True)
    with (settings.VAR_DIR / "demo.lock").open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            raise DemoRunningError(file.read().strip()) from error
        file.truncate(0)
        file.write(address)
        file.flush()
        yield


def port_is_free(port: int) -> bool:
    """Tell whether a server could listen on this port of the loopback address.

    Raises:
        OSError: The port cannot be had for another reason, such as a lack of rights below 1024.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return False
            raise
    return True


def static_fingerprint() -> str:
    """Digest of names, sizes and times of all static files: equal means nothing to collect."""
    digest = hashlib.sha256()
    for finder in get_finders():
        for name, storage in finder.list([]):
            if not isinstance(storage, FileSystemStorage):
                continue
            state = Path(storage.path(name)).stat()
            digest.update(f"{name}\0{state.st_size}\0{state.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def remove_leftovers() -> list[Path]:
    """Remove the demo's database, uploads, mails and collected static files.

    Returns:
        What was removed; empty if there was nothing.

    Raises:
        ForeignFolderError: There is something, but no marker of a demo.
    """
    present = [path for name in LEFTOVERS if (path := settings.VAR_DIR / name).exists()]
    if present and not (settings.VAR_DIR / MARKER).exists():
        raise ForeignFolderError
    for path in present:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
    return present
