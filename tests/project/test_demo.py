import os
import socket
import subprocess
import sys
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from project.demo import (
    HOST,
    MARKER,
    DemoRunningError,
    ForeignFolderError,
    demo_claim,
    demo_lock,
    port_is_free,
    remove_leftovers,
    static_fingerprint,
)
from stakeholders.selectors import database_is_real
from stakeholders.services import person_create


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


@pytest.mark.django_db
def test_reset_removes_the_demo_and_nothing_else(var):
    demo_claim()
    (var / "mails").mkdir()
    (var / "mails" / "one.log").write_text("mail")
    (var / "passgenau.sqlite3").write_text("data")
    (var / "own-notes.txt").write_text("keep me")
    out = StringIO()

    call_command("resetdemo", stdout=out)

    assert sorted(path.name for path in var.iterdir()) == ["demo.lock", "own-notes.txt"]
    assert f"Removed {var / 'passgenau.sqlite3'}" in out.getvalue()
    assert f"Removed {var / 'mails'}" in out.getvalue()


def test_reset_removes_nothing_that_no_demo_has_put_there(var):
    """A real installation: its database may be elsewhere, its uploads are here."""
    (var / "media" / "deliveries").mkdir(parents=True)
    (var / "media" / "deliveries" / "1.xlsx").write_text("counts")

    with pytest.raises(ForeignFolderError):
        remove_leftovers()

    assert (var / "media" / "deliveries" / "1.xlsx").exists()


@pytest.mark.django_db
@pytest.mark.parametrize("command", ["rundemo", "resetdemo", "seed_demo"])
def test_no_command_of_the_demo_touches_real_people(command, var):
    demo_claim()
    (var / "passgenau.sqlite3").write_text("data")
    (var / "media").mkdir()
    person_create(username="verwaltung", display_name="Verwaltung", email="it@kreis.example", user=None)

    with pytest.raises(CommandError, match="The database holds real people"):
        call_command(command, *(["--only-prepare"] if command == "rundemo" else []))

    assert (var / "passgenau.sqlite3").exists()
    assert (var / "media").exists()


@pytest.mark.django_db
@pytest.mark.parametrize("command", ["rundemo", "seed_demo"])
def test_no_demo_is_loaded_beside_foreign_uploads(command, var):
    (var / "media").mkdir(parents=True)

    with pytest.raises(CommandError, match="no demo has put there"):
        call_command(command, *(["--only-prepare"] if command == "rundemo" else []))

    assert not (var / MARKER).exists()


@pytest.mark.django_db
def test_who_is_entered_in_the_demo_does_not_make_it_real():
    assert not database_is_real(), "nobody is there"
    person_create(username="demo", display_name="Sozialplanerin", email="", is_demo=True, user=None)
    person_create(username="neu", display_name="Neue Kollegin", email="neu@kreis.example", user=None)
    assert not database_is_real()


@pytest.mark.parametrize(
    ("environment", "folder"),
    [
        ({"DEMO_MODE": "1"}, "var/demo"),
        ({"DEMO_MODE": "1", "VAR_DIR": "/srv/passgenau"}, "var/demo"),
        ({"DEMO_MODE": "1", "DEMO_DIR": "/srv/demo", "VAR_DIR": "/srv/passgenau"}, "/srv/demo"),
        ({"DEMO_MODE": "0", "DEMO_DIR": "/srv/demo"}, "var"),
        ({"VAR_DIR": "/srv/passgenau"}, "/srv/passgenau"),
    ],
)
def test_the_demo_has_a_folder_of_its_own(environment, folder, settings):
    code = "from project import settings; print(settings.MEDIA_ROOT, settings.DATABASES['default']['NAME'])"
    said = subprocess.run(
        [sys.executable, "-c", code],
        cwd=settings.BASE_DIR,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    place = settings.BASE_DIR / folder
    assert said.stdout.split() == [f"{place}/media", f"{place}/passgenau.sqlite3"]


def test_make_takes_no_folder_for_real_use_from_the_surroundings(settings):
    said = subprocess.run(
        ["make", "--dry-run", "demo-reset", "DEMO_DIR=var/second"],
        cwd=settings.BASE_DIR,
        env={**os.environ, "VAR_DIR": "/srv/passgenau", "DATABASE_URL": "postgres://db/passgenau"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "-u DATABASE_URL" in said.stdout
    assert 'DEMO_DIR="var/second"' in said.stdout
    assert "/srv/passgenau" not in said.stdout


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
