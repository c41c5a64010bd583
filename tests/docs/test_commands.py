"""docs/commands.md names every command, and no other."""

import re

import pytest
from django.core.management import get_commands, load_command_class

from tests.docs.tools import DOCS, ROOT

TEXT = (DOCS / "commands.md").read_text(encoding="utf-8")
PACKAGES = {"project", "stakeholders", "monitoring", "measures", "workflows"}
COMMANDS = {name: app for name, app in get_commands().items() if app.split(".")[0] in PACKAGES}
TARGETS = set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


def test_commands_and_targets_were_found():
    assert {"run_timers", "sync_roles", "rundemo"} <= COMMANDS.keys()
    assert {"demo", "test"} <= TARGETS


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_each_command_is_documented_with_its_options(name):
    section = re.search(rf"^### `{name}`(.*?)(?=^##|\Z)", TEXT, re.MULTILINE | re.DOTALL)
    assert section, f"{name} is missing"
    parser = load_command_class(COMMANDS[name], name).create_parser("manage.py", name)
    own = [action for action in parser._actions if not _is_djangos(action.option_strings)]
    for action in own:
        shown = action.option_strings[-1] if action.option_strings else action.dest
        assert f"`{shown}" in section[1], f"{shown} is missing"


def _is_djangos(options):
    djangos = {"--help", "--version", "--verbosity", "--settings", "--pythonpath", "--traceback"}
    djangos |= {"--no-color", "--force-color", "--skip-checks"}
    return bool(djangos & set(options))


@pytest.mark.parametrize("name", sorted(TARGETS))
def test_each_make_target_is_documented(name):
    assert re.search(rf"^\| `make {name}\b", TEXT, re.MULTILINE)


def test_nothing_is_documented_that_does_not_exist():
    assert set(re.findall(r"^### `(\w+)`", TEXT, re.MULTILINE)) == COMMANDS.keys()
    assert set(re.findall(r"^\| `make ([a-z-]+)", TEXT, re.MULTILINE)) == TARGETS
