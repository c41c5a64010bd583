import socket
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from project.demo import HOST, DemoRunningError, demo_lock, port_is_free, remove_leftovers, static_fingerprint


@pytest.fixture(autouse=True)
def var(settings, tmp_path):
    settings.VAR_DIR = tmp_path / "var"
    return settings.VAR_DIR


@pytest.fixture
def taken_port():
    with socket.socket() as server:
        server.bind((HOST, 0))
        server.listen()
        yield server.getsockname()[1]


def test_a_second_demo_is_told_where_the_first_one_serves():
    with (
        demo_lock("http://127.0.0.1:8000"),
        pytest.raises(DemoRunningError, match=r"http://127\.0\.0\.1:8000"),
        demo_lock("http://127.0.0.1:8001"),
    ):
        pass


def test_the_lock_is_free_again_afterwards():
    with demo_lock("http://127.0.0.1:8000"):
        pass
    with demo_lock("http://127.0.0.1:8001"):
        pass


def test_a_port_is_taken_or_free(taken_port):
    assert not port_is_free(taken_port)
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        free = probe.getsockname()[1]
    assert port_is_free(free)


@pytest.mark.parametrize("port", ["", "abc", "0", "65536", "-1", "8 0"])
def test_rundemo_refuses_what_is_no_port(port):
    with pytest.raises(CommandError, match="PORT must be a number from 1 to 65535"):
        call_command("rundemo", port=port)


def test_rundemo_names_another_port_if_this_one_is_taken(taken_port):
    with pytest.raises(CommandError, match=f"Port {taken_port} is taken.* PORT={taken_port + 1}"):
        call_command("rundemo", port=str(taken_port))


@pytest.mark.parametrize("command", ["rundemo", "resetdemo"])
def test_outside_of_the_demo_the_commands_refuse(command, settings):
    settings.DEMO_MODE = False
    with pytest.raises(CommandError, match="not a demo"):
        call_command(command)


def test_reset_removes_the_demo_and_nothing_else(var):
    (var / "mails").mkdir(parents=True)
    (var / "mails" / "one.log").write_text("mail")
    (var / "passgenau.sqlite3").write_text("data")
    (var / "own-notes.txt").write_text("keep me")
    out = StringIO()

    call_command("resetdemo", stdout=out)

    assert sorted(path.name for path in var.iterdir()) == ["demo.lock", "own-notes.txt"]
    assert f"Removed {var / 'passgenau.sqlite3'}" in out.getvalue()
    assert f"Removed {var / 'mails'}" in out.getvalue()


def test_reset_of_nothing_says_so(var):
    out = StringIO()
    call_command("resetdemo", stdout=out)

    assert "nothing to remove" in out.getvalue()
    assert remove_leftovers() == []


def test_reset_leaves_a_running_demo_alone(var):
    with demo_lock("http://127.0.0.1:8000"):
        (var / "passgenau.sqlite3").write_text("data")
        with pytest.raises(CommandError, match=r"running \(http://127\.0\.0\.1:8000\)"):
            call_command("resetdemo")

    assert (var / "passgenau.sqlite3").exists()


def test_fingerprint_changes_with_a_static_file(settings, tmp_path):
    settings.STATICFILES_DIRS = [tmp_path / "static"]
    (tmp_path / "static").mkdir()
    style = tmp_path / "static" / "a.css"
    style.write_text("a {}")
    before = static_fingerprint()
    assert static_fingerprint() == before

    style.write_text("a { color: red }")
    assert static_fingerprint() != before
