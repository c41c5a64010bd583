"""The page of mails that did not go out."""

import datetime

import pytest
from django.utils import timezone

from stakeholders.mail import MOST_ATTEMPTS, mail_queue, mails_send
from stakeholders.models import LogEntry, OutgoingMail

pytestmark = pytest.mark.django_db

LIST = "/administration/mails/"


def failed(person, attempts=3, **more):
    mail_queue([person.email], subject="Maßnahme Geheim", body="Text", **more)
    mail = OutgoingMail.objects.latest("pk")
    OutgoingMail.objects.filter(pk=mail.pk).update(
        attempt_count=attempts,
        last_error="550 unbekannt",
        next_attempt_at=timezone.now() + datetime.timedelta(hours=1),
    )
    return mail


def again(mail):
    return f"{LIST}{mail.pk}/again/"


def shown(response):
    return [row.mail for row in response.context["rows"]]


def test_it_shows_who_gets_no_mail_and_why_but_not_what_it_says(client_as, admin, head):
    mail = failed(head)
    response = client_as(admin).get(LIST)
    page = response.content.decode()
    assert shown(response) == [mail]
    assert head.email in page
    assert "550 unbekannt" in page
    assert "Geheim" not in page


def test_what_simply_waits_or_was_sent_is_not_there(client_as, admin, head):
    mail_queue([head.email], subject="S", body="B")
    OutgoingMail.objects.filter(pk=failed(head).pk).update(sent_at=timezone.now())
    assert shown(client_as(admin).get(LIST)) == []


def test_people_of_others_are_not_there(client_as, admin, outsider):
    mail = failed(outsider)
    client = client_as(admin)
    assert shown(client.get(LIST)) == []
    assert client.post(again(mail)).status_code == 404


def test_it_is_for_administrators(client_as, client, planner, head):
    mail = failed(head)
    for user in (planner, head):
        assert client_as(user).get(LIST).status_code == 403
        assert client_as(user).post(again(mail)).status_code == 404
    assert client.get(LIST).status_code == 302
    assert mails_send() == 0


@pytest.mark.parametrize("attempts", [3, MOST_ATTEMPTS])
def test_sending_again_lets_it_go_out_at_once_and_is_logged(client_as, admin, head, attempts):
    mail = failed(head, attempts)
    response = client_as(admin).post(again(mail))
    assert response.url == LIST
    assert LogEntry.objects.get(action="person.mail_repeated").obj == head
    assert mails_send() == 1


def test_what_is_out_of_date_is_not_sent_again(client_as, admin, head):
    mail = failed(head, expires_at=timezone.now())
    client = client_as(admin)
    assert again(mail) not in client.get(LIST).content.decode()
    client.post(again(mail))
    assert not LogEntry.objects.filter(action="person.mail_repeated").exists()
    assert mails_send() == 0


def test_a_get_changes_nothing(client_as, admin, head):
    assert client_as(admin).get(again(failed(head))).status_code == 405
