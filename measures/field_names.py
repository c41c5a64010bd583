"""What the entries of a measure are called, in versions of a plan and in the history of a measure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

#: Name -> label, in the order of the pages. A plan's version holds these, the log of changes most of them.
FIELD_NAMES: Final[Mapping[str, str | Promise]] = {
    "number": _("Number"),
    "title": _("Title"),
    "field": _("Field of action"),
    "stage": pgettext_lazy("of a plan", "Planning stage"),
    "status": pgettext_lazy("of a measure", "Status"),
    "short_description": _("In one sentence"),
    "description": _("What is done"),
    "effect_hypothesis": _("Hypothesis of effect"),
    "goals": _("Goals"),
    "target_group": _("Target group"),
    "areas": _("Areas"),
    "starts_on": _("Planned start"),
    "ends_on": _("Planned end"),
    "started_on": _("Actual start"),
    "ended_on": _("Actual end"),
    "responsible": _("Responsible organisation"),
    "contact_function": _("Contact (function)"),
    "contact_email": _("E-mail of the contact"),
    "contact_phone": _("Telephone of the contact"),
    "needs_agreement": _("Needs a target agreement"),
    "partners": _("Partners"),
    "milestones": _("Milestones"),
    "milestones_reached": _("Milestones reached"),
    "finance": _("Cost and funding"),
    "needs": _("What is needed first"),
    "key_figures": _("Key figures"),
}
