"""Compiles the translations without GNU gettext, which a fresh machine lacks."""

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import polib
from django.conf import settings
from django.utils.translation.reloader import translation_file_changed

PROJECT = Path(__file__).resolve().parent
LOCALE = PROJECT / "locale"
PO_FILE = Path("LC_MESSAGES", "django.po")
SOURCE_LANGUAGE = "en"  # the texts in the code are English already


def translated_languages() -> list[str]:
    """Return the languages that need a .po file: those of the interface but that of the code."""
    return [code for code, _ in settings.LANGUAGES if code != SOURCE_LANGUAGE]


def locale_directories() -> list[Path]:
    """Our own texts and, beside them in ``locale_<package>``, what a package left untranslated."""
    return sorted(PROJECT.glob("locale*"))


def extraction_options() -> dict[str, Any]:
    """Options of makemessages, the same for updating and for checking.

    The folder ``locale`` is ignored while looking for sources: makemessages would write into each one it
    finds, also when only a copy is to be changed.
    """
    return {
        "ignore_patterns": [".venv", "var", "tests", "scripts", "docs", "locale", "locale_*"],
        "no_location": True,  # they change with every move of a file and are found by searching the text
        "no_wrap": True,
        "no_obsolete": True,
        "verbosity": 0,
    }


def compile_messages(directories: Iterable[Path] | None = None) -> list[Path]:
    """Compile each .po file that is newer than its .mo file.

    Fuzzy and untranslated entries are left out, as msgfmt does.

    Args:
        directories: Locale directories, each with ``<language>/LC_MESSAGES/<domain>.po``;
            None for the project's.

    Returns:
        The .mo files written; empty if all were up to date.
    """
    written = []
    for directory in locale_directories() if directories is None else directories:
        for source in sorted(directory.glob("*/LC_MESSAGES/*.po")):
            target = source.with_suffix(".mo")
            if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
                continue
            # Test workers may compile at the same time: write beside, then swap.
            draft = target.with_suffix(f".{os.getpid()}.tmp")
            polib.pofile(str(source)).save_as_mofile(str(draft))
            draft.replace(target)
            written.append(target)
            # This process may have looked before there was a file, and would stay English: the first demo
            # of a fresh checkout wrote its agreements so.
            translation_file_changed(None, target)
    return written


if __name__ == "__main__":
    for path in compile_messages():
        sys.stdout.write(f"Compiled {path.relative_to(Path.cwd())}\n")
