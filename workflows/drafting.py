"""Drafts of the chapters of the social report: figures in plain sentences, to be looked through by people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from django.utils.translation import gettext as _

from monitoring.models import Direction
from monitoring.words import with_unit
from workflows.chapters import AreaFigure, ChapterArea, ChapterFigures, Part, strongest

#: So many areas are named at each end.
_NAMED: Final = 3
#: Areas whose figure moved by less than this share of the spread are not named as changed.
_NOTABLE_CHANGE: Final = 0.25
#: From so many areas on, the lowest are named beside the highest without naming one twice.
_LEAST_AREAS: Final = 2


#: Of an area: heading and lines of its profile.
ProfileText = Sequence[tuple[str, Sequence[str]]]


def chapter_draft(
    figures: ChapterFigures,
    before: ChapterFigures | None = None,
    profiles: Mapping[int, ProfileText] | None = None,
) -> str:
    """Say in plain sentences what the figures of a chapter show.

    Args:
        figures: As they may be shown.
        before: Those of the last edition, as they may be shown today; None for the first edition.
        profiles: Released texts of profiles by area; lines on figures or means that are secret are left out.

    Returns:
        Text with headings ("## ") and lists ("- ") in the current language; "" for text only.
    """
    if figures.kind == "domain":
        return "\n\n".join(_part(part, before) for part in figures.parts)
    if figures.kind == "index":
        return _index(figures, before)
    if figures.kind == "areas":
        return "\n\n".join(
            _area(figures, area, (profiles or {}).get(area.pk, ())) for area in figures.outstanding
        )
    return ""


# --- a topic ---------------------------------------------------------------------------------------


def _part(part: Part, before: ChapterFigures | None) -> str:
    lines = [f"## {part.indicator.name}"]
    known = part.known
    if not known:
        return "\n".join([*lines, _("No figure can be shown for %(year)s.") % {"year": part.year}])
    sentences = []
    if part.mean_text:
        sentences.append(
            _("In %(year)s the mean of the areas is %(mean)s.") % {"year": part.year, "mean": part.mean_text}
        )
    highest = _names(part, known[:_NAMED])
    sentences.append(_("Highest in %(year)s: %(areas)s.") % {"year": part.year, "areas": highest})
    if len(known) >= _LEAST_AREAS:
        lowest = [row for row in reversed(known) if row not in known[:_NAMED]][:_NAMED] or known[-1:]
        sentences.append(_("Lowest: %(areas)s.") % {"areas": _names(part, lowest)})
    if not part.unit.is_count:
        sentences.append(
            _("A high figure means more need.")
            if part.indicator.direction == Direction.MORE_NEED
            else _("A high figure means less need.")
        )
    lines.append(_joined(sentences))
    earlier = _same(part, before)
    change = _change(part, earlier) if earlier is not None else ""
    return "\n\n".join(["\n".join(lines), change]) if change else "\n".join(lines)


def _names(part: Part, rows: Sequence[AreaFigure]) -> str:
    return ", ".join(f"{row.area.name} ({with_unit(row.shown.value, part.unit)})" for row in rows)


def _same(part: Part, before: ChapterFigures | None) -> Part | None:
    if before is None:
        return None
    return next((row for row in before.parts if row.indicator.key == part.indicator.key), None)


def _change(part: Part, before: Part) -> str:
    """What is different from the last edition: year, mean, areas that moved most."""
    if part.year == before.year and [row.text for row in part.rows] == [row.text for row in before.rows]:
        return _("Nothing has changed since the last edition.")
    sentences = []
    if part.mean is not None and before.mean is not None and not part.unit.is_count:
        params = {
            "before": with_unit(before.mean, part.unit),
            "now": with_unit(part.mean, part.unit),
            "year": before.year,
        }
        if params["before"] == params["now"]:
            sentences.append(_("Compared with the last edition (%(year)s) the mean is the same.") % params)
        elif part.mean > before.mean:
            sentences.append(
                _("Compared with the last edition (%(year)s) the mean has risen from %(before)s to %(now)s.")
                % params
            )
        else:
            sentences.append(
                _("Compared with the last edition (%(year)s) the mean has fallen from %(before)s to %(now)s.")
                % params
            )
    moved = _moved(part, before)
    if moved:
        sentences.append(_("Most changed: %(areas)s.") % {"areas": ", ".join(moved)})
    return _joined(sentences)


def _joined(sentences: Sequence[str]) -> str:
    """Sentences in a row; a unit that ends with a full stop needs no second one.

    >>> _joined(["Im Mittel 8,8 je 1.000 Einw..", "Ruhig."])
    'Im Mittel 8,8 je 1.000 Einw. Ruhig.'
    """
    return " ".join(sentence[:-1] if sentence.endswith("..") else sentence for sentence in sentences)


def _moved(part: Part, before: Part) -> list[str]:
    earlier = {row.area.key: row.shown.value for row in before.known}
    values = [row.shown.value or 0.0 for row in part.known]
    spread = max(values, default=0.0) - min(values, default=0.0)
    found = []
    for row in part.known:
        was, now = earlier.get(row.area.key), row.shown.value
        if was is None or now is None or abs(now - was) < _NOTABLE_CHANGE * spread or now == was:
            continue
        found.append((abs(now - was), row.area.name, was, now))
    found.sort(key=lambda move: (-move[0], move[1]))
    return [
        _("%(area)s from %(before)s to %(now)s")
        % {"area": name, "before": with_unit(was, part.unit), "now": with_unit(now, part.unit)}
        for _size, name, was, now in found[:_NAMED]
    ]


# --- the index -------------------------------------------------------------------------------------


def _index(figures: ChapterFigures, before: ChapterFigures | None) -> str:
    assert figures.run is not None
    included = figures.included
    outstanding = [area.name for area, result in included if result.stands_out]
    paragraphs = [
        _("The index %(year)s compares %(count)s areas.") % {"year": figures.run.year, "count": len(included)}
    ]
    if outstanding:
        paragraphs.append(
            _("By it, %(count)s areas stand out, in the order of their need:") % {"count": len(outstanding)}
        )
        paragraphs.append(
            "\n".join(
                f"- {area.name}" + (f": {result.how_sure}" if result.how_sure else "")
                for area, result in included
                if result.stands_out
            )
        )
    else:
        paragraphs.append(_("By it, no area stands out."))
    if figures.left_out:
        names = ", ".join(area.name for area, _result in figures.left_out)
        paragraphs.append(_("Not part of the index: %(areas)s.") % {"areas": names})
    if before is not None and before.run is not None:
        was = {area.name for area, result in before.included if result.stands_out}
        new, gone = [name for name in outstanding if name not in was], sorted(was - set(outstanding))
        if new:
            paragraphs.append(_("New since the last edition: %(areas)s.") % {"areas": ", ".join(new)})
        if gone:
            paragraphs.append(
                _("No longer standing out since the last edition: %(areas)s.") % {"areas": ", ".join(gone)}
            )
    return "\n\n".join(paragraphs)


# --- areas that stand out --------------------------------------------------------------------------


def _area(figures: ChapterFigures, area: ChapterArea, profile: ProfileText) -> str:
    result = next((row for found, row in figures.results if found.pk == area.pk), None)
    lines = [f"## {area.name}"]
    if result is not None and result.rank is not None:
        lines.append(
            _("Rank %(rank)s of %(count)s by the index.")
            % {"rank": result.rank, "count": len(figures.included)}
        )
    if not any(texts for _title, texts in profile):
        far = strongest(figures, area)
        more = ", ".join(part.indicator.name for part, row in far if (row.z or 0.0) > 0)
        less = ", ".join(part.indicator.name for part, row in far if (row.z or 0.0) < 0)
        if more:
            lines.append(_("More need than elsewhere: %(names)s.") % {"names": more})
        if less:
            lines.append(_("Less need than elsewhere: %(names)s.") % {"names": less})
        return "\n".join(lines)
    # A text of a profile names figures beside the mean, which is secret where no deviation is shown at all.
    unsaid = {
        name
        for part in figures.parts
        if (row := part.of(area.pk)) is not None
        and (row.shown.is_secret or all(other.z is None for other in part.rows))
        for name in (part.indicator.name_de, part.indicator.name_en)
    }
    paragraphs = ["\n".join(lines)]
    for title, texts in profile:
        kept = [text for text in texts if not any(name in text for name in unsaid)]
        if kept:
            paragraphs.append(f"{title}:\n" + "\n".join(f"- {text}" for text in kept))
    return "\n\n".join(paragraphs)
