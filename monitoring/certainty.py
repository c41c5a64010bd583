"""Where need is greatest, and how sure that is: two or three sentences on a run, for people in a hurry."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from monitoring.models import IndexResult, IndexRun
from project.common.formats import decimal_de

#: Share of the weightings from which on the choice of weights hardly matters.
SURE_SHARE: Final = 0.95
#: Areas and doubtful areas that are named; the ranking has all of them.
_NAMED: Final = 3
_PERCENT: Final = 100


@dataclass(frozen=True)
class NeedWords:
    """What a run says first.

    Attributes:
        need: How many areas stand out, and which have the most need.
        sure: Whether other weights would change that, and where; "" where the run does not know.
        old: How many indicators are of earlier years, a sentence for each year.
        left_out: How many areas have no place in the index; "" for none.
    """

    need: str
    sure: str
    old: Sequence[str]
    left_out: str

    @property
    def lines(self) -> list[str]:
        """What there is to say, for files."""
        return [line for line in (self.need, self.sure, *self.old, self.left_out) if line]


def need_words(run: IndexRun, results: Sequence[IndexResult], years: Collection[int]) -> NeedWords:
    """Say where need is greatest and how sure that is.

    Args:
        run: The run.
        results: All of its results, by rank, with their areas.
        years: Of each indicator the year of its figures.

    Returns:
        Sentences. Queries: 0.
    """
    included = [row for row in results if row.is_included]
    left_out = len(results) - len(included)
    return NeedWords(
        need=_need(included),
        sure=_sure(run, included),
        old=_old(run, years),
        left_out=ngettext(
            "%(count)s area is not part of the index.", "%(count)s areas are not part of the index.", left_out
        )
        % {"count": decimal_de(left_out, 0)}
        if left_out
        else "",
    )


def _need(included: Sequence[IndexResult]) -> str:
    outstanding = [row for row in included if row.stands_out]
    names = _names([row.area.name for row in outstanding[:_NAMED]])
    numbers = {"count": decimal_de(len(outstanding), 0), "total": decimal_de(len(included), 0)}
    if not outstanding:
        return _("None of %(total)s areas stands out.") % numbers
    if len(outstanding) <= _NAMED:
        return ngettext(
            "%(count)s of %(total)s areas stands out: %(names)s.",
            "%(count)s of %(total)s areas stand out: %(names)s.",
            len(outstanding),
        ) % (numbers | {"names": names})
    return _("%(count)s of %(total)s areas stand out. Need is greatest in %(names)s.") % (
        numbers | {"names": names}
    )


def _sure(run: IndexRun, included: Sequence[IndexResult]) -> str:
    known = [(row, row.outstanding_share) for row in included if row.outstanding_share is not None]
    if not known:
        return ""
    outstanding = [(row, share) for row, share in known if row.stands_out]
    doubtful = [(row, share) for row, share in outstanding if share < SURE_SHARE]
    near = [(row, share) for row, share in known if not row.stands_out and share > 1 - SURE_SHARE]
    tries, spread = run.weightings
    numbers = {"tries": decimal_de(tries, 0), "spread": decimal_de(spread * _PERCENT, 0)}
    sentences = []
    if outstanding and not doubtful:
        sentences.append(
            ngettext(
                "How sure: it stays so under nearly all of %(tries)s other weightings of the indicators "
                "(each by up to %(spread)s %%).",
                "How sure: all of them stay so under nearly all of %(tries)s other weightings of the "
                "indicators (each by up to %(spread)s %%).",
                len(outstanding),
            )
            % numbers
        )
    elif doubtful:
        sentences.append(
            _(
                "How sure: %(sure)s of %(count)s stay so under nearly all of %(tries)s other weightings "
                "of the indicators (each by up to %(spread)s %%). Less sure: %(names)s."
            )
            % (
                numbers
                | {
                    "sure": decimal_de(len(outstanding) - len(doubtful), 0),
                    "count": decimal_de(len(outstanding), 0),
                    "names": _with_shares(doubtful),
                }
            )
        )
    if near:
        sentences.append(
            _("By other weights these would stand out as well: %(names)s.") % {"names": _with_shares(near)}
        )
    elif not outstanding:
        sentences.append(
            _("How sure: that stays so under nearly all of %(tries)s other weightings of the indicators.")
            % numbers
        )
    return " ".join(sentences)


def _old(run: IndexRun, years: Collection[int]) -> list[str]:
    """An index of a year may rest on figures of earlier ones; the oldest first."""
    earlier = sorted(Counter(year for year in years if year < run.year).items())
    return [
        ngettext(
            "%(counter)s indicator is of %(year)s: no later figures were in force.",
            "%(counter)s indicators are of %(year)s: no later figures were in force.",
            count,
        )
        % {"counter": count, "year": year}
        for year, count in earlier
    ]


def _with_shares(rows: Sequence[tuple[IndexResult, float]]) -> str:
    """Names with the share of the weightings, never rounded to all or none."""
    named = [
        _("%(name)s (under %(percent)s %%)")
        % {"name": row.area.name, "percent": min(max(round(share * _PERCENT), 1), _PERCENT - 1)}
        for row, share in rows[:_NAMED]
    ]
    more = len(rows) - len(named)
    if more:
        named.append(ngettext("%(count)s more", "%(count)s more", more) % {"count": decimal_de(more, 0)})
    return _names(named)


def _names(names: Sequence[str]) -> str:
    """A, B and C."""
    if len(names) < 2:
        return "".join(names)
    return _("%(first)s and %(last)s") % {"first": ", ".join(names[:-1]), "last": names[-1]}
