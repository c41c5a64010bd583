"""Pages of the rules of procedure of a body: their versions, another one, taking one back."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from project.common.errors import DomainError
from stakeholders.forms.rules import RulesForm
from stakeholders.models import Body, RulesOfProcedure
from stakeholders.permissions import Perm, can, require, visible
from stakeholders.selectors.bodies import body_seats
from stakeholders.selectors.rules import rules_on, rules_sentences, rules_versions, sentences_of, today_text
from stakeholders.services import rules_add, rules_withdraw
from stakeholders.sessions import signed_in
from stakeholders.views.common import done, form_page


@require_safe
def body_rules(request: HttpRequest, pk: int) -> HttpResponse:
    """Versions of a body's rules, for all who see the body."""
    body = get_object_or_404(_seen(request), pk=pk)
    today = timezone.localdate()
    in_force = rules_on(body, today)
    may_manage = bool(can(request.user, Perm.MANAGE_BODY, body))
    rows = [
        {
            "version": version,
            "sentences": sentences_of(version),
            "is_in_force": version.pk == in_force.pk,
            "begins_later": version.valid_from > today,
        }
        for version in rules_versions(body)
    ]
    context = {
        "body": body,
        "rows": rows,
        "may_manage": may_manage,
        "may_change": may_manage and body.is_active,
    }
    return render(request, "stakeholders/body_rules.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def rules_add_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Enter another version; a button shows it in plain words first."""
    body = get_object_or_404(_seen(request), pk=pk)
    require(request.user, Perm.MANAGE_BODY, body)
    today = timezone.localdate()
    seats = list(body_seats(body))
    form = RulesForm(request.POST or None, version=rules_on(body, today), seats=seats)
    preview: list[str] = []
    if form.is_valid():
        others = form.others
        if "preview" in request.POST:
            preview = rules_sentences(
                form.rules,
                allows_circulated=others["allows_circulated"],
                notice_days=others["notice_days"],
                allows_secret=others["allows_secret"],
            )
            preview.append(today_text(form.rules, seats))
        else:
            added = done(form, lambda: rules_add(body, rules=form.rules, user=signed_in(request), **others))
            if added is not None:
                messages.success(request, _("The rules of procedure have been entered."))
                return redirect("stakeholders:body-rules", body.pk)
    return form_page(request, "stakeholders/rules_form.html", form, body=body, preview=preview)


@require_http_methods(["GET", "HEAD", "POST"])
def rules_withdraw_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Take back a version that has not begun."""
    versions = RulesOfProcedure.objects.select_related("body__territory")
    version = get_object_or_404(versions.filter(body__in=_seen(request)), pk=pk)
    require(request.user, Perm.MANAGE_BODY, version.body)
    if request.method == "POST":
        try:
            rules_withdraw(version, user=signed_in(request))
        except DomainError as error:
            messages.error(request, str(error.message))
        else:
            messages.success(request, _("The version has been taken back; the rules before it go on."))
        return redirect("stakeholders:body-rules", version.body_id)
    return render(request, "stakeholders/rules_withdraw.html", {"version": version, "body": version.body})


def _seen(request: HttpRequest) -> QuerySet[Body]:
    return visible(request.user, Perm.VIEW_BODY, Body.objects.select_related("territory"))
