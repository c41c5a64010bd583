"""Reading our Markdown files and settings."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings

ROOT = Path(settings.BASE_DIR)
DOCS = ROOT / "docs"
#: Folders that belong to the machine or to others, not to the repository.
FOREIGN = {".git", ".venv", "var", "node_modules", "vendor", "__pycache__"}
_CODE_BLOCK = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`[^`\n]*`")
_SEPARATOR = re.compile(r"^[\s|:-]+$")


def repository_files(*endings: str) -> list[Path]:
    """Files of the repository with one of these endings, without what belongs to others or to the machine."""
    return sorted(
        path
        for path in ROOT.rglob("*")
        if path.suffix in endings and path.is_file() and not _is_foreign(path.relative_to(ROOT))
    )


def _is_foreign(path: Path) -> bool:
    return any(part in FOREIGN or part.endswith("_cache") for part in path.parts)


def markdown_files() -> list[Path]:
    return repository_files(".md")


def without_code(text: str) -> str:
    """Markdown without code blocks and code spans, whose brackets are no links."""
    return _CODE.sub("``", _CODE_BLOCK.sub("", text))


def table_rows(text: str) -> Iterator[list[str]]:
    """Cells of each row of each table, without the line of dashes; heads are rows as well."""
    for line in _CODE_BLOCK.sub("", text).splitlines():
        stripped = line.strip()
        if stripped.startswith("|") and not _SEPARATOR.match(stripped):
            cells = re.split(r"(?<!\\)\|", stripped.strip("|"))
            yield [cell.strip().replace("\\|", "|") for cell in cells]


def code_spans(text: str) -> list[str]:
    return re.findall(r"`([^`\n]+)`", text)


def environment_reads(path: Path) -> dict[str, Any]:
    """Variables that a Python file reads by ``env_*``, each with its default.

    The default is ... where it is computed from other settings.
    """
    found: dict[str, Any] = {}
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call) or not node.args or not isinstance(node.args[0], ast.Constant):
            continue
        name = ast.unparse(node.func)
        if name in {"env_str", "env_bool", "env_int", "env_list"}:
            found[str(node.args[0].value)] = _default(node, {"env_bool": False}.get(name, ""))
    return found


def _default(call: ast.Call, fallback: Any) -> Any:
    given = [*call.args[1:2], *(keyword.value for keyword in call.keywords if keyword.arg == "default")]
    if not given:
        return fallback
    if any(isinstance(part, ast.Name) for part in ast.walk(given[0])):
        return ...
    return eval(compile(ast.Expression(given[0]), "default", "eval"))


def assigned_settings(path: Path) -> set[str]:
    """Names of the settings that a settings file assigns at its top level."""
    names = set()
    for statement in ast.parse(path.read_text(encoding="utf-8")).body:
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id.isupper():
                names.add(node.id)
    return {name for name in names if not name.startswith("_")}
