"""Content of delivered reports for tests, as ``measures.report_content`` says; every sum is reckoned here."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any, Final

from measures.esf import INDICATORS
from measures.report_content import SECTIONS

SHA: Final = "0123456789abcdef" * 4
AT: Final = datetime.datetime(2027, 2, 26, 9, 30, tzinfo=datetime.UTC)
_SUMS: Final = ("planned", "total", "before", "amount", "remaining")
TEXT: Final = (
    "Das Elterncafé war an vier Vormittagen in der Woche geöffnet; im Schnitt kamen 14 Eltern aus dem "
    "Quartier. Neu war die Sprechstunde der Erziehungsberatung an jedem zweiten Mittwoch."
)


def line(kind: str, title: str = "", **values: Any) -> dict[str, Any]:
    """A line of an account; what remains and how far it leaves the plan is reckoned."""
    row: dict[str, Any] = {
        "kind": kind,
        "title": title,
        "planned": "0.00",
        "total": "0.00",
        "before": "0.00",
        "amount": "0.00",
        "drawn": None,
        "is_over": False,
        "reason": "",
    } | values
    total, before, amount = (Decimal(row[name]) for name in ("total", "before", "amount"))
    planned = Decimal(row["planned"])
    percent = (amount - planned) * 100 / planned if planned else None
    row["remaining"] = f"{total - before - amount:.2f}"
    row["deviation_percent"] = None if percent is None else f"{percent:.2f}"
    return row


def account() -> dict[str, Any]:
    """An account of 2026 in six lines; both sides are equal."""
    cost = [
        line(
            "staff",
            planned="62400.00",
            total="187200.00",
            before="60310.42",
            amount="61988.17",
        ),
        line(
            "fees", "Sprachmittlung", planned="6000.00", total="18000.00", before="2140.00", amount="8125.50"
        ),
        line("material", planned="2500.00", total="7500.00", before="2500.00", amount="2317.08"),
        line("lump_sum", planned="9360.00", total="28080.00", before="9046.56", amount="9298.23"),
    ]
    cost[1] |= {
        "is_over": True,
        "reason": "Mehr neu zugezogene Familien; am 12.03.2026 mit dem Fördergeber abgestimmt.",
    }
    funding = [
        line(
            "esf",
            planned="40130.00",
            total="120390.00",
            before="36998.49",
            amount="40864.49",
            drawn="70000.00",
        ),
        line(
            "state",
            planned="32104.00",
            total="96312.00",
            before="29598.79",
            amount="32691.59",
            drawn="56000.00",
        ),
        line("own", planned="8026.00", total="24078.00", before="7399.70", amount="8172.90"),
    ]
    return {"cost": cost, "funding": funding, "cost_sums": sums(cost), "funding_sums": sums(funding)}


def sums(rows: list[dict[str, Any]], names: tuple[str, ...] = _SUMS) -> dict[str, str]:
    """Sums of lines."""
    return {name: f"{sum(Decimal(row[name]) for row in rows):.2f}" for name in names}


def receipts(count: int = 4) -> list[dict[str, Any]]:
    """Receipts of several kinds, days and lengths."""
    kinds = ("staff", "fees", "material")
    return [
        {
            "number": f"2026-{place:04d}",
            "paid_on": (datetime.date(2026, 1, 15) + datetime.timedelta(days=place)).isoformat(),
            "payee": "Dolmetschdienst Beispiel e. V." if place % 3 == 1 else "Lohnbuchhaltung Beispielstadt",
            "purpose": f"Rechnung {place} für die Begleitung von Elterngesprächen",
            "kind": kinds[place % 3],
            "title": "Sprachmittlung" if place % 3 == 1 else "",
            "amount": f"{100 + place * 13}.{place % 100:02d}",
            "file_name": f"beleg-{place}.pdf" if place % 2 else "",
            "sha256": SHA if place % 2 else "",
        }
        for place in range(1, count + 1)
    ]


def participants() -> list[dict[str, Any]]:
    """Participants of all indicators."""
    return [
        {
            "code": code,
            "title": str(title),
            "f": 40 - place,
            "m": 20,
            "n": place % 2,
            "total": 60 - place + place % 2,
        }
        for place, (code, title) in enumerate(INDICATORS.items())
    ]


def content(kind: str = "interim", **changes: Any) -> dict[str, Any]:
    """A report that was handed in; of a drawdown the account is None."""
    is_drawdown = kind == "drawdown"
    made: dict[str, Any] = {
        "shape": 1,
        "kind": kind,
        "number": 2,
        "covers_from": "2026-01-01",
        "covers_until": "2026-12-31",
        "due_on": "2027-03-31",
        "project": {
            "title": "Elterncafé im Quartier (Beispiel)",
            "reference": "34.01.02-ZiQ-0815/2025",
            "programme": "Zusammen im Quartier",
            "funder": "Ministerium für Arbeit, Gesundheit und Soziales (Beispiel)",
            "provider": "Familienbildung Beispielstadt e. V.",
            "partners": ["Kita Sonnenhügel (Beispiel)", "Stadt Beispielstadt, Jugendamt"],
            "areas": ["Oberstadt", "Bahnhofsviertel"],
            "measure": {"number": "3.2", "title": "Eltern früh erreichen"},
            "starts_on": "2025-01-01",
            "ends_on": "2027-12-31",
            "granted": "216702.00",
            "notice": {"number": 2, "reference": "34.01.02-ZiQ-0815/2025", "issued_on": "2025-12-04"},
            "deviation_percent": "20.00",
        },
        "narrative": []
        if is_drawdown
        else [{"key": key, "title": str(title), "text": TEXT} for key, (title, _hint) in SECTIONS.items()],
        "figures": []
        if is_drawdown
        else [
            {
                "title": "Eltern, die das Café mindestens fünfmal besucht haben",
                "unit": "Personen",
                "baseline": "0.00",
                "baseline_on": "2024-12-31",
                "target": "120.00",
                "target_on": "2027-12-31",
                "value": "87.00",
                "value_on": "2026-12-31",
                "comment": "Über dem Pfad",
                "is_secret": False,
            },
            {
                "title": "Vermittlungen in die Erziehungsberatung",
                "unit": "Fälle",
                "baseline": "4.00",
                "baseline_on": "2024-12-31",
                "target": "30.00",
                "target_on": "2027-12-31",
                "value": None,
                "value_on": "2026-12-31",
                "comment": "",
                "is_secret": True,
            },
        ],
        "milestones": []
        if is_drawdown
        else [
            {"title": "Räume eröffnet", "due_on": "2025-03-31", "reached_on": "2025-03-12"},
            {"title": "Kooperation mit allen Kitas vereinbart", "due_on": "2026-10-31", "reached_on": None},
        ],
        "account": None if is_drawdown else account(),
        "receipts": receipts() if kind == "final" else [],
        "participants": [] if is_drawdown else participants(),
        "drawdown": drawdown() if is_drawdown else None,
        "confirmation": {
            "name": "Kim Beispiel",
            "function": "Geschäftsführung",
            "organisation": "Familienbildung Beispielstadt e. V.",
            "at": "2027-02-26T09:30:00+00:00",
        },
    }
    return made | changes


def drawdown() -> dict[str, Any]:
    """Money asked for from both sources of a grant."""
    rows = [
        {
            "kind": "esf",
            "granted": "120390.00",
            "before": "70000.00",
            "amount": "11250.35",
            "remaining": "39139.65",
        },
        {
            "kind": "state",
            "granted": "96312.00",
            "before": "56000.00",
            "amount": "9000.28",
            "remaining": "31311.72",
        },
    ]
    return {
        "lines": rows,
        "sums": sums(rows, ("granted", "before", "amount", "remaining")),
        "purpose": "Gehälter Januar und Februar 2027 sowie Honorare der Sprachmittlung.",
    }
