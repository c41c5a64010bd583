"""Tells which texts lack a translation; what `make messages` would change."""

import re
import shutil
import tempfile
from pathlib import Path
from typing import Any

import polib
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.test.utils import override_settings

from project.messages import LOCALE, PO_FILE, extraction_options, translated_languages

PLACEHOLDER = re.compile(r"%\((\w+)\)")
SHOWN_PER_LANGUAGE = 20


def gaps(path: Path) -> list[str]:
    """List the entries of a .po file that are untranslated or marked fuzzy."""
    found = []
    for entry in polib.pofile(str(path)):
        if entry.obsolete:
            continue
        if entry.fuzzy:
            found.append(f"fuzzy: {entry.msgid!r}")
        elif not entry.translated():
            found.append(f"missing: {entry.msgid!r}")
        elif not same_placeholders(entry):
            found.append(f"placeholders differ or have no name: {entry.msgid!r}")
    return found


def same_placeholders(entry: polib.POEntry) -> bool:
    """Tell whether each translation uses the names of its text, and nothing but names."""
    names = set(PLACEHOLDER.findall(entry.msgid + entry.msgid_plural))
    texts = [entry.msgstr] if entry.msgstr else list(entry.msgstr_plural.values())
    used = set(PLACEHOLDER.findall("".join(texts)))
    return used == names and not any("%s" in text or "%d" in text for text in texts)


def msgids(path: Path) -> set[tuple[str | None, str, str]]:
    """List the keys of a .po file: context, text, plural."""
    return {(e.msgctxt, e.msgid, e.msgid_plural) for e in polib.pofile(str(path)) if not e.obsolete}


class Command(BaseCommand):
    help = "Checks that every text is translated and no translation is left over."
    requires_system_checks = ()

    def handle(self, **options: Any) -> None:
        source = LOCALE
        languages = translated_languages()
        absent = [language for language in languages if not (source / language / PO_FILE).exists()]
        if absent:
            raise CommandError(f"No texts at all: {', '.join(absent)} (make messages)")
        if shutil.which("xgettext"):
            with tempfile.TemporaryDirectory() as folder:
                copy = Path(folder) / "project" / "locale"
                shutil.copytree(source, copy)
                with override_settings(LOCALE_PATHS=[copy]):
                    call_command("makemessages", locale=languages, **extraction_options())
                faults = self._faults(source, copy, languages)
        else:
            self.stderr.write(
                "GNU gettext is absent: new texts are not looked for (apt-get install gettext)."
            )
            faults = self._faults(source, source, languages)
        if faults:
            raise CommandError("\n".join(faults))
        self.stdout.write(f"Messages complete: {', '.join(languages)}")

    def _faults(self, source: Path, extracted: Path, languages: list[str]) -> list[str]:
        faults = []
        for language in languages:
            file = Path(language) / PO_FILE
            found = gaps(extracted / file)
            found += [
                f"no longer used: {msgid!r}"
                for _, msgid, _ in sorted(msgids(source / file) - msgids(extracted / file), key=str)
            ]
            if found:
                faults.append(f"{language}: {len(found)} texts to see to (make messages)")
                faults += [f"  {line}" for line in found[:SHOWN_PER_LANGUAGE]]
                if len(found) > SHOWN_PER_LANGUAGE:
                    faults.append(f"  ... and {len(found) - SHOWN_PER_LANGUAGE} more")
        return faults
