"""The page of mails that did not go out."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from project.common.errors import DomainError
from project.common.listing import page_of
from stakeholders.selectors import mail_rows, unsent_mails
from stakeholders.services import mail_send_again
from stakeholders.sessions import signed_in
from stakeholders.views.common import administered, tabs


@require_safe
def mail_list(request: HttpRequest) -> HttpResponse:
    """Mails to people of one's own that failed, the latest first."""
    administered(request)
    user = signed_in(request)
    page = page_of(request, unsent_mails(user).order_by("-pk"))
    return render(
        request,
        "stakeholders/mail_list.html",
        {
            "tabs": tabs(request, "mail-list"),
            "page_obj": page,
            "rows": mail_rows(list(page.object_list), user),
        },
    )


@require_POST
def mail_send_again_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Let one go out anew."""
    user = signed_in(request)
    mail = get_object_or_404(unsent_mails(user), pk=pk)
    try:
        mail_send_again(mail, user=user)
    except DomainError as error:
        messages.error(request, str(error.message))
    else:
        messages.success(request, _("The mail goes out with the next run of the timers."))
    return redirect("stakeholders:mail-list")
