"""Template words of the product: numbers and dates, badges, icons, addresses of lists."""

import datetime
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import template
from django.core.exceptions import NON_FIELD_ERRORS
from django.forms import BaseFormSet, BoundField
from django.http import QueryDict
from django.template import RequestContext
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from project.common import bars, formats
from project.common.svg import to_svg

register = template.Library()

register.filter("date_de", formats.date_de)
register.filter("datetime_de", formats.datetime_de)
register.filter("time_de", formats.time_de)
register.filter("file_size_de", formats.file_size_de)
register.filter("sign_meaning", formats.sign_meaning)

_ICON_OF_KIND = {"success": "success", "warning": "warning", "danger": "danger", "info": "info"}
_ALERT_OF_LEVEL = {
    "debug": "info",
    "info": "info",
    "success": "success",
    "warning": "warning",
    "error": "danger",
}


@register.filter
def decimal_de(value: Decimal | float | None, places: int | None = None) -> str:
    """{{ value|decimal_de:2 }} writes 1.234,50."""
    return formats.decimal_de(value, places)


@register.filter
def signed_de(value: Decimal | float | None, places: int = 1) -> str:
    """{{ deviation|signed_de }} writes +2,1 or −0,8."""
    return formats.signed_de(value, places)


@register.filter
def percent_de(value: Decimal | float | None, places: int = 1) -> str:
    """{{ rate|percent_de }} writes a percentage that is in percent already."""
    return formats.percent_de(value, places)


@register.filter
def share_de(value: Decimal | float | None, places: int = 1) -> str:
    """{{ share|share_de }} writes a share from 0 to 1 as a percentage."""
    return formats.share_de(value, places)


@register.filter
def money_de(value: Decimal | float | None, places: int = 2) -> str:
    """{{ amount|money_de }} writes 1.234,56 €."""
    return formats.money_de(value, places)


@register.filter
def figure_de(value: Decimal | float | None, sign: str = "") -> str:
    """{{ value|figure_de:sign }} writes a number or its statistical sign."""
    return formats.figure_de(value, sign)


@register.filter
def since_de(moment: datetime.datetime | datetime.date) -> str:
    """{{ task.created|since_de }} writes since when something waits."""
    return formats.since_de(moment, timezone.localdate())


@register.simple_tag
def period(start: datetime.date | None, end: datetime.date | None) -> str:
    """{% period measure.starts_on measure.ends_on %} writes a period."""
    return formats.period_de(start, end)


@register.simple_tag
def statistic(value: Decimal | float | None, sign: str = "", places: int | None = None) -> SafeString:
    """{% statistic value sign 1 %} writes a figure; a sign says its meaning to everyone."""
    text = formats.figure_de(value, sign, places)
    shown_sign = sign or (formats.SIGN_UNKNOWN if value is None else "")
    meaning = formats.sign_meaning(shown_sign)
    if not meaning:
        return format_html("{}", text)
    return format_html(
        '<span aria-hidden="true" title="{}">{}</span><span class="kern-sr-only">{} {}</span>',
        meaning,
        text,
        "" if value is None else formats.decimal_de(value, places),
        meaning,
    )


@register.simple_tag
def icon(name: str, size: str = "") -> SafeString:
    """{% icon "download" %} draws one of KERN's icons, silent for screen readers."""
    classes = f"kern-icon kern-icon--{name}" + (f" kern-icon--{size}" if size else "")
    return format_html('<span class="{}" aria-hidden="true"></span>', classes)


@register.simple_tag
def badge(kind: str, text: str) -> SafeString:
    """{% badge "warning" "at risk" %} shows a state in word and colour.

    Kinds: success, warning, danger, info, neutral.
    """
    known = kind if kind in _ICON_OF_KIND else "neutral"
    return format_html(
        '<span class="kern-badge kern-badge--small kern-badge--{}">'
        '<span class="kern-label kern-label--small">{}</span></span>',
        known,
        text,
    )


@register.simple_tag
def due_badge(due_on: datetime.date | None, today: datetime.date | None = None) -> SafeString:
    """{% due_badge task.due_on %} shows how pressing a due date is."""
    return badge(*formats.due_badge(due_on, today or timezone.localdate()))


@register.filter
def alert_kind(level_tag: str) -> str:
    """Kind of a KERN alert for the level of a Django message."""
    return _ALERT_OF_LEVEL.get(level_tag, "info")


@register.simple_tag(takes_context=True)
def url_with(context: RequestContext, **changes: Any) -> str:
    """{% url_with page=3 %} keeps the other filters of the address; None or "" removes one."""
    request = context.get("request")
    query = request.GET.copy() if request else QueryDict(mutable=True)
    for name, value in changes.items():
        if value is None or value == "":
            query.pop(name, None)
        else:
            query[name] = str(value)
    return f"?{query.urlencode()}" if query else "?"


@register.simple_tag(takes_context=True)
def hidden_query(context: RequestContext, *leave_out: str) -> SafeString:
    """{% hidden_query "page" "q" %} carries the other filters of the address through a GET form."""
    request = context.get("request")
    pairs = [
        (name, value)
        for name, values in (request.GET.lists() if request else [])
        if name not in leave_out
        for value in values
    ]
    return format_html_join("", '<input type="hidden" name="{}" value="{}">', pairs)


@register.filter
def error_target(field: BoundField) -> str:
    """Id of the input an error link leads to; of a group, its first choice."""
    return field.id_for_label or f"{field.auto_id}_0"


@register.filter
def wrong_count(errors: Mapping[str, Any]) -> int:
    """How many entries are wrong: what is said of the whole form counts only where it stands alone."""
    return len([name for name in errors if name != NON_FIELD_ERRORS]) or len(errors)


@register.filter
def wrong_forms_count(formset: "BaseFormSet[Any]") -> int:
    """How many entries of a set are wrong: what is said of all of it counts only where it stands alone."""
    wrong = sum(wrong_count(form.errors) for form in formset.forms if form.errors)
    return wrong or len(formset.non_form_errors())


@register.filter
def own_reason(exception: object) -> str:
    """The reason of a refusal if one of our rules wrote it as a sentence; the engine's notes stay unsaid."""
    text = str(exception or "")
    return text if text.endswith(".") else ""


@register.filter
def get_item(mapping: Mapping[Any, Any], key: Any) -> Any:
    """{{ counts|get_item:state }} reads a dictionary by a variable key."""
    return mapping.get(key)


@register.filter
def percent_of(part: float | Decimal, whole: float | Decimal) -> str:
    """Width of a bar in SVG user units from 0 to 100, never localised."""
    if not whole:
        return "0"
    return f"{min(max(float(part) / float(whole) * 100, 0), 100):.2f}"


@register.simple_tag
def deviation_bar(
    deviation: Decimal | float | None, limit: Decimal | float | str = 3, *, one_sided: bool | str = False
) -> SafeString:
    """{% deviation_bar 2.1 3 %} draws how far a value lies from the mean; the number stands beside it.

    Args:
        deviation: Standardised deviation; to the right of the middle is more need.
        limit: Deviation that fills the bar.
        one_sided: Draw from the left edge without a middle, for lists of the highest.
    """
    # A missing template variable arrives as an empty text.
    number = None if deviation in {None, ""} else float(deviation or 0)
    bar = bars.deviation_bar(
        number, limit=float(limit or 0) or bars.DEVIATION_LIMIT, is_one_sided=bool(one_sided)
    )
    return to_svg(bar)
