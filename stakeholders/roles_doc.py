"""docs/roles.md, written from the rules themselves."""

from __future__ import annotations

from django.conf import settings
from django.utils import translation

from stakeholders.permissions import INHERITED, ROLE_TITLES, ROLES, Perm, Role

PATH = settings.BASE_DIR / "docs" / "roles.md"

#: What a right lets people do, for the document. A right without a line here fails a test.
MEANINGS: dict[Perm, str] = {
    Perm.VIEW_TERRITORY: "see what belongs to the territory: cycles, areas, bodies, measures",
    Perm.PLAN_TERRITORY: "carry the planning cycle: open it, check deliveries, follow measures",
    Perm.ADMINISTER_TERRITORY: "manage organisations, people and bodies of the territory",
    Perm.VIEW_AUDIT_LOG: "read the log of the territory",
    Perm.VIEW_RAW_FIGURES: "see figures without statistical secrecy",
    Perm.MANAGE_CATALOGUE: "change the catalogue of indicators and the areas of the territory",
    Perm.VIEW_ORGANISATION: "look up an organisation and who works there",
    Perm.MANAGE_ORGANISATION: "change an organisation and give functions in it",
    Perm.ACT_FOR_ORGANISATION: "take on tasks addressed to the organisation",
    Perm.LEAD_ORGANISATION: "sign for the organisation and hand its tasks over",
    Perm.VIEW_BODY: "see a body, its seats and meetings",
    Perm.MANAGE_BODY: "change a body and give seats in it",
    Perm.ADVISE_BODY: "take part in the body",
    Perm.VOTE_IN_BODY: "vote in the body",
    Perm.CHAIR_BODY: "lead the body and record its results",
    Perm.VIEW_AREA: "see an area and its published figures",
    Perm.VIEW_DELIVERY: "see a delivered file with its remarks",
    Perm.VIEW_CYCLE: "see a planning cycle",
    Perm.VIEW_DRAFTS: "see drafts of recommendations and statements of the conference",
    Perm.MANAGE_CYCLE: "change dates, waive deliveries, open rounds",
    Perm.VIEW_PROFILE: "see a profile that is released",
    Perm.EDIT_PROFILE: "see and write a profile before its release",
    Perm.VIEW_MEASURE: "see a measure and its key figures",
    Perm.EDIT_MEASURE: "change a measure outside of its tasks",
    Perm.VIEW_PLAN: "see an action plan",
    Perm.TRACK_PROJECT: "follow a funded project",
    Perm.EDIT_PROJECT: "record grant notices of a funded project",
    Perm.VIEW_PROGRAMME: "see a funding programme and its calls",
    Perm.MANAGE_PROGRAMME: "change a funding programme and its calls",
    Perm.FOLLOW_PROGRAMME: "read the projects of a funding programme (advisers let in by the funder)",
}

_SCOPES = {
    "territory": ("On a territory", "the district or municipality that plans"),
    "organisation": ("On an organisation", "an office, an association, a provider, a funder"),
    "body": ("On a body", "planning conference, steering group, social-space conference"),
}

_HEAD = """# Roles and rights

Written by `manage.py write_roles` from `stakeholders/permissions.py`; do not edit. A test keeps both equal.

People never get rights by hand. A **function** in an organisation (head, deputy, specialist planner, member,
administrator) or a **seat** in a body (chair, voting, advisory; the deputy as well) brings roles from its
first to its last day. A role is a group on one territory, organisation or body; it has the rights below on
exactly that object. A superuser has none of them.
"""

_FUNCTIONS = """## Which function brings which role

| Function | Role |
|---|---|
| head, deputy head | Head of the organisation; member of it |
| specialist planner | Specialist planner of the organisation; member of it |
| member | Member of the organisation |
| any of these in an office of the territory¹ | also staff of the territory |
| head, deputy head, specialist planner of the planning unit | also social planning of the territory |
| administrator | Administrator of the territory, and nothing else; of a funder: of that funder |
| seat in a body, and its deputy | Chair, voting or advisory member of the body |

¹ district, municipality, planning unit, department, statistics office, Jobcenter
"""


def roles_document() -> str:
    """The whole text of docs/roles.md."""
    with translation.override("en"):
        return _document()


def _document() -> str:
    parts = [_HEAD, _FUNCTIONS, "## What a role may do\n"]
    for scope, (title, meaning) in _SCOPES.items():
        roles = [role for role in Role if role.value.startswith(f"{scope}-")]
        perms = [perm for perm in Perm if any(perm in ROLES[role] for role in roles)]
        parts.append(f"### {title}: {meaning}\n")
        parts.append(_matrix(roles, perms))
    parts.append("## What follows from it\n")
    parts.append(
        "A right on a thing may follow from a right on what contains it. Either line of a right is enough.\n"
    )
    parts.append(_inherited())
    return "\n".join(parts)


def _matrix(roles: list[Role], perms: list[Perm]) -> str:
    lines = [
        "| May | " + " | ".join(str(ROLE_TITLES[role]) for role in roles) + " |",
        "|---" * (len(roles) + 1) + "|",
    ]
    for perm in perms:
        marks = ["yes" if perm in ROLES[role] else "–" for role in roles]
        lines.append(f"| {MEANINGS[perm]} (`{perm.name}`) | " + " | ".join(marks) + " |")
    return "\n".join(lines) + "\n"


def _inherited() -> str:
    lines = ["| May | follows from | on |", "|---|---|---|"]
    for perm, sources in INHERITED.items():
        for path, source in sources:
            lines.append(f"| {MEANINGS[perm]} (`{perm.name}`) | `{source.name}` | {_where(path)} |")
    return "\n".join(lines) + "\n"


def _where(path: str) -> str:
    """``measure__plan__territory`` -> the territory of the plan of its measure."""
    if not path:
        return "itself"
    first, *others = [step.replace("_", " ") for step in path.split("__")]
    return " of ".join([*(f"the {step}" for step in reversed(others)), f"its {first}"])
