"""What is written from the rules, and what must have words: roles and audit codes."""

import ast
from io import StringIO
from pathlib import Path

import polib
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.utils import translation

from stakeholders import roles_doc
from stakeholders.audit_labels import LABELS, action_label, detail_lines
from stakeholders.models import LogEntry
from stakeholders.permissions import Perm, Role
from workflows.models import AssignmentStep

PACKAGES = ("project", "stakeholders", "monitoring", "measures", "workflows")


#: What writes into the log: the service itself, and those that call it for one kind of thing.
LOGGERS = {"log_action", "_log", "agenda_log", "poll_log"}


def logged_codes() -> dict[str, str]:
    """Every code the product writes into the log, with the file that writes it.

    Reads the calls of ``log_action`` (and of the wrapper in the services of people); parts of an f-string are
    combined with every text that may stand in it.
    """
    found = {}
    for package in PACKAGES:
        for path in sorted((Path(settings.BASE_DIR) / package).rglob("*.py")):
            for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(call, ast.Call) and getattr(call.func, "id", "") in LOGGERS:
                    for code in texts(call.args[0]):
                        found[code] = str(path)
    # The history of an assignment and the log share their words.
    return found | {
        f"assignment.{step.value}": "workflows/services/assignments.py" for step in AssignmentStep
    }


def texts(node: ast.expr) -> list[str]:
    """The texts an expression may have; none for a plain variable."""
    match node:
        case ast.Constant(value=str(text)):
            return [text]
        case ast.IfExp():
            return texts(node.body) + texts(node.orelse)
        case ast.JoinedStr():
            found = [""]
            for part in node.values:
                inner = texts(part.value if isinstance(part, ast.FormattedValue) else part)
                found = [start + end for start in found for end in inner]
            return found
    return []


def test_codes_were_found():
    codes = logged_codes()

    assert len(codes) > 40
    assert {"decision.recorded", "person.created", "task.escalated", "delivery.returned"} <= codes.keys()


def test_every_code_in_the_log_has_a_label_and_every_label_a_code():
    assert set(LABELS) == set(logged_codes())


def test_codes_are_an_entity_and_a_past_participle():
    for code in LABELS:
        entity, _dot, act = code.partition(".")
        assert entity.replace("_", "").isalpha(), code
        assert act.replace("_", "").isalpha(), code


def test_labels_are_german_sentences_for_people():
    catalogue = polib.pofile(str(Path(settings.BASE_DIR) / "project/locale/de/LC_MESSAGES/django.po"))
    german = {entry.msgid: entry.msgstr for entry in catalogue if not entry.obsolete}
    with translation.override(None):
        for code, label in LABELS.items():
            assert german.get(str(label)), f"{code} ({label}) has no German words"


def test_details_are_said_in_the_words_of_people():
    entry = LogEntry(
        action="membership.started",
        data={"function": "head", "starts_on": "2026-03-01", "sha256": "abc", "reason": ""},
    )
    with translation.override("de"):
        assert detail_lines(entry) == ["Funktion: Leitung", "Von: 01.03.2026"]


def test_details_of_lists_stages_and_quorum():
    def lines(**data):
        with translation.override("en"):
            return detail_lines(LogEntry(data=data))

    assert lines(areas=["Altstadt", "Südhang"]) == ["Areas: Altstadt, Südhang"]
    assert lines(stage=1) == lines(stage="data") == ["Stage: Data"]
    assert lines(fields=["name", "quorum_share"], quorum_share=["0.50", "0.75"]) == [
        "Changed: Name, Quorum",
        "Quorum: 50% → 75%",
    ]
    assert lines(starts_on="someday", result="new") == ["From: someday", "Result: new"]


def test_an_unknown_code_is_shown_as_it_is():
    assert action_label("thing.done") == "thing.done"


# --- docs/roles.md ----------------------------------------------------------------------------------


def test_the_roles_document_is_up_to_date():
    call_command("write_roles", "--check")


def test_the_roles_document_is_the_same_in_every_language():
    with translation.override("de"):
        german = roles_doc.roles_document()
    with translation.override("en"):
        assert roles_doc.roles_document() == german
    assert "Administrator of the territory" in german


def test_every_right_and_role_stands_in_the_document():
    text = roles_doc.roles_document()

    assert set(roles_doc.MEANINGS) == set(Perm)
    for perm in Perm:
        assert f"`{perm.name}`" in text
    assert text.count("| yes") + text.count("yes |") > len(Role)


def test_an_outdated_document_is_told(monkeypatch, tmp_path):
    monkeypatch.setattr("stakeholders.management.commands.write_roles.PATH", tmp_path / "roles.md")
    with pytest.raises(CommandError, match="out of date"):
        call_command("write_roles", "--check")

    out = StringIO()
    call_command("write_roles", stdout=out)
    call_command("write_roles", "--check")
    (tmp_path / "roles.md").write_text("old", encoding="utf-8")
    with pytest.raises(CommandError):
        call_command("write_roles", "--check")
