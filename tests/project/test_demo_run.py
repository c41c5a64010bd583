"""The demo as a visitor meets it: loaded, served, stopped, and there again."""

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from project.demo import HOST

NO_PROXY = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def start(var: Path, port: int) -> tuple[subprocess.Popen[str], list[str]]:
    """Start the demo and read what it says until it serves."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("DATABASE_URL", "DJANGO_", "EMAIL_"))
    }
    demo = subprocess.Popen(
        [sys.executable, "manage.py", "rundemo", "--port", str(port)],
        cwd=settings.BASE_DIR,
        env=kept
        | {
            "DEMO_MODE": "1",
            "DEMO_DIR": str(var),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    said = []
    assert demo.stdout is not None
    for line in demo.stdout:
        said.append(line)
        if "Ctrl-C stops everything" in line:
            return demo, said
    demo.wait(timeout=30)
    demo.stdout.close()
    pytest.fail("The demo did not start:\n" + "".join(said))


def stop(demo: subprocess.Popen[str]) -> None:
    demo.send_signal(signal.SIGINT)
    assert demo.wait(timeout=30) == 0
    assert demo.stdout is not None
    demo.stdout.close()


def rows(var: Path) -> dict[str, int]:
    """Count the rows of every table that only people and the demo's content fill."""
    with sqlite3.connect(var / "passgenau.sqlite3") as database:
        names = [
            name
            for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            if name.startswith(("stakeholders_", "monitoring_", "measures_"))
        ]
        counts = {name: database.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in names}
    database.close()
    return counts


@pytest.mark.walk
@pytest.mark.skipif(connection.vendor != "sqlite", reason="The demo is on SQLite whatever the tests run on.")
def test_the_demo_loads_serves_stops_and_keeps_its_data(tmp_path, port):
    demo, said = start(tmp_path, port)
    try:
        address = f"http://{HOST}:{port}"
        assert any(address in line for line in said)
        assert NO_PROXY.open(f"{address}/healthz").status == 200
        page = NO_PROXY.open(f"{address}/").read().decode()
        assert "Passgenau" in page
        # All that the page names is there, under names that may be cached for ever.
        assert "/static/" in page
        assert NO_PROXY.open(address + page.split('rel="stylesheet" href="')[1].split('"')[0]).status == 200
    finally:
        stop(demo)
    loaded = rows(tmp_path)
    assert sum(loaded.values()) > 0

    demo, _ = start(tmp_path, port)
    stop(demo)

    assert rows(tmp_path) == loaded
