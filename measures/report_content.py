"""The shape of a delivered report: what pages and papers draw it from, and what its hash is of.

Days are ISO dates, moments ISO in UTC, amounts euros as text with two places ("1234.50"), counts whole
numbers; None is no data. Names are those of the day of delivery.

```
shape         1
kind          a value of DutyKind
number        which delivery of the report this is, from 1
covers_from, covers_until, due_on
project       title, reference, programme, funder, provider, partners [name], areas [name],
              measure {number, title} or None if it may not be told, starts_on, ends_on, granted,
              notice {number, reference, issued_on}, deviation_percent
narrative     [{key, title, text}]; empty for a drawdown
figures       [{title, unit, baseline, baseline_on, target, target_on, value, value_on, comment}];
              values as text, small counts of people left out (value None, is_secret true; baseline None,
              is_baseline_secret true)
milestones    [{title, due_on, reached_on}]
account       {cost: [LINE], funding: [LINE], cost_sums: SUMS, funding_sums: SUMS} or None for a drawdown
    LINE      kind, title, planned (in the plan that holds, for the years of the time reported), total (in the
              plan, all years), before (accepted reports of earlier times), amount (in this time),
              remaining (total - before - amount), drawn (sources of the grant only, else None),
              deviation_percent (of amount from planned, two places; None where nothing was planned),
              is_over (beyond what the programme allows), reason
    SUMS      planned, total, before, amount, remaining
receipts      [{number, paid_on, payee, purpose, kind, title, amount, file_name, sha256}]
participants  [{code, title, f, m, n, total}] in the order of measures.esf.INDICATORS; empty for a drawdown
drawdown      {lines: [{kind, granted, before, amount, remaining}], sums: {the same}, purpose} or None
confirmation  {name, function, organisation, at}: who handed it in, for the block of signatures
```
"""

from __future__ import annotations

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

SHAPE: Final = 1

#: What the recipient of the grant declares by handing in: of a drawdown (True), of a report (False).
DECLARATIONS: Final[dict[bool, tuple[Promise, ...]]] = {
    False: (
        _("The expenditure was necessary, and the money was spent economically and sparingly."),
        _("What is said here agrees with the books and the receipts."),
        _("The grant was used for the purpose named in the notice only."),
    ),
    True: (
        _("The sum is asked for no earlier and no higher than it is needed for payments due."),
        _("It is needed within the time that the grant notice sets, for the purpose of the grant only."),
        _("What is not needed in time will be told and paid back."),
    ),
}

#: Sections of the narrative in their order: key -> (heading, what belongs there).
SECTIONS: Final[dict[str, tuple[Promise, Promise]]] = {
    "done": (
        _("What was done"),
        _("Offers and events in this time, for whom and where; what was new, what was given up."),
    ),
    "reached": (
        _("What was reached"),
        _("Against the aims of the notice and the key figures: what changed, for whom, how it shows."),
    ),
    "deviations": (
        _("What went differently"),
        _("Delays, staff, changes of plan, and what was done about them."),
    ),
    "network": (
        _("Working together"),
        _("With whom in the quarter, in the municipality and with the Jobcenter; what came of it."),
    ),
    "principles": (
        _("Horizontal principles"),
        _("Equality of women and men, no discrimination, sustainability: what was done for them."),
    ),
    "outlook": (
        _("What comes next"),
        _("What is planned for the next time, and what shall remain when the funding ends."),
    ),
}
