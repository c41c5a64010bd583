"""Runs all measurements on a database of their own, or the named ones: ``python -m tests.bench index inbox``.

Each ``bench_<name>.py`` has ``run()``, which returns one row a case. What counts are ratios within one run:
machines differ, and this one may be busy.
"""

import importlib
import os
import platform
import sys
from collections.abc import Sequence
from pathlib import Path

import django
from django.test.utils import setup_databases, setup_test_environment, teardown_databases

Row = dict[str, float | str]


def table(rows: Sequence[Row]) -> str:
    """Lay out rows as a Markdown table."""
    heads = list(rows[0])
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    lines += ["| " + " | ".join(cell(row.get(head, "")) for head in heads) + " |" for row in rows]
    return "\n".join(lines)


def cell(value: float | str) -> str:
    """Write a figure with three digits that count, whole numbers in full."""
    if isinstance(value, float) and not value.is_integer():
        return f"{value:.3g}"
    return f"{value:,.0f}" if isinstance(value, int | float) else value


def main(wanted: Sequence[str]) -> None:
    """Run the measurements and print their tables."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    names = sorted(path.stem.removeprefix("bench_") for path in Path(__file__).parent.glob("bench_*.py"))
    unknown = set(wanted) - set(names)
    if unknown:
        sys.exit(f"No such measurement: {', '.join(sorted(unknown))}. There are: {', '.join(names)}")
    setup_test_environment()
    databases = setup_databases(verbosity=0, interactive=False)
    try:
        sys.stdout.write(f"Python {platform.python_version()}, {os.cpu_count()} cores\n")
        for name in wanted or names:
            rows = importlib.import_module(f"tests.bench.bench_{name}").run()
            sys.stdout.write(f"\n## {name}\n\n{table(rows)}\n")
            sys.stdout.flush()
    finally:
        teardown_databases(databases, verbosity=0)


if __name__ == "__main__":
    main(sys.argv[1:])
