"""The common indicators of ESF+ for participants, as funders ask for them.

Source: Regulation (EU) 2021/1057, Annex I, 1. and 2.; the codes are those of the Commission's system
(SFC2021).
"""

from __future__ import annotations

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

#: Code -> what is counted, in the order of the annex.
INDICATORS: Final[dict[str, Promise]] = {
    "EECO01": _("Participants altogether"),
    "EECO02": _("Unemployed, long-term unemployed included"),
    "EECO03": _("Long-term unemployed"),
    "EECO04": _("Inactive"),
    "EECO05": _("Employed, self-employed included"),
    "EECO06": _("Children below 18"),
    "EECO07": _("Young people of 18 to 29"),
    "EECO08": _("People of 55 and more"),
    "EECO09": _("With lower secondary education or less (ISCED 0 to 2)"),
    "EECO10": _("With upper secondary (ISCED 3) or post-secondary education (ISCED 4)"),
    "EECO11": _("With tertiary education (ISCED 5 to 8)"),
    "EECO12": _("With disabilities"),
    "EECO13": _("Third-country nationals"),
    "EECO14": _("With a foreign background"),
    "EECO15": _("Minorities, marginalised communities included"),
    "EECO16": _("Homeless, or affected by housing exclusion"),
    "EECO17": _("From rural areas"),
    "EECR01": _("Engaged in job searching upon leaving"),
    "EECR02": _("In education or training upon leaving"),
    "EECR03": _("Gaining a qualification upon leaving"),
    "EECR04": _("In employment upon leaving, self-employment included"),
    "EECR05": _("In employment six months after leaving"),
    "EECR06": _("With a better situation on the labour market six months after leaving"),
}
