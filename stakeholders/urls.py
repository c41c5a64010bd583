"""Addresses."""

from django.contrib.auth import views as auth
from django.urls import URLPattern, path

from stakeholders import views_bodies
from stakeholders.views import absences, account, audit, body_forms, body_rules, mails, organisations, people

app_name = "stakeholders"
_ACCOUNT: list[URLPattern] = [
    path("login/", account.SignIn.as_view(), name="login"),
    path("logout/", auth.LogoutView.as_view(), name="logout"),
    path("demo/", account.demo_sign_in, name="demo-sign-in"),
    path("profile/", account.profile, name="profile"),
    path("profile/absences/new/", absences.absence_create, name="absence-create"),
    path("absences/<int:pk>/end/", absences.absence_end_page, name="absence-end"),
    path("password/", account.PasswordChange.as_view(), name="password-change"),
    path("password/link/", account.LinkRequest.as_view(), name="password-reset"),
    path("password/link/sent/", auth.PasswordResetDoneView.as_view(), name="password-reset-done"),
    path("password/new/<uidb64>/<token>/", account.PasswordChoice.as_view(), name="password-reset-confirm"),
    path("password/new/done/", auth.PasswordResetCompleteView.as_view(), name="password-reset-complete"),
]
_BODIES: list[URLPattern] = [
    path("bodies/", views_bodies.body_list, name="body-list"),
    path("bodies/<int:pk>/", views_bodies.body_detail, name="body-detail"),
    path("bodies/new/", body_forms.body_create_page, name="body-create"),
    path("bodies/<int:pk>/edit/", body_forms.body_edit, name="body-edit"),
    path("bodies/<int:pk>/rules/", body_rules.body_rules, name="body-rules"),
    path("bodies/<int:pk>/rules/new/", body_rules.rules_add_page, name="rules-add"),
    path("bodies/rules/<int:pk>/withdraw/", body_rules.rules_withdraw_page, name="rules-withdraw"),
    path("bodies/<int:pk>/seats/", body_forms.body_seats, name="body-seats"),
    path("bodies/<int:pk>/seats/new/", body_forms.seat_create, name="seat-create"),
    path("bodies/seats/<int:pk>/end/", body_forms.seat_end_page, name="seat-end"),
    path("bodies/seats/<int:pk>/deputy/", body_forms.seat_deputy, name="seat-deputy"),
]
_ORGANISATIONS: list[URLPattern] = [
    path("administration/organisations/", organisations.organisation_list, name="organisation-list"),
    path(
        "administration/organisations/new/",
        organisations.organisation_create_page,
        name="organisation-create",
    ),
    path(
        "administration/organisations/<int:pk>/",
        organisations.organisation_detail,
        name="organisation-detail",
    ),
    path(
        "administration/organisations/<int:pk>/edit/",
        organisations.organisation_edit,
        name="organisation-edit",
    ),
    path(
        "administration/organisations/<int:pk>/people/new/",
        organisations.membership_create,
        name="membership-create",
    ),
    path("administration/functions/<int:pk>/end/", organisations.membership_end_page, name="membership-end"),
]
_PEOPLE: list[URLPattern] = [
    path("administration/people/", people.person_list, name="person-list"),
    path("administration/people/new/", people.person_create_page, name="person-create"),
    path("administration/people/<int:pk>/", people.person_detail, name="person-detail"),
    path("administration/people/<int:pk>/absences/new/", absences.absence_create_for, name="person-absence"),
    path("administration/people/<int:pk>/edit/", people.person_edit, name="person-edit"),
    path(
        "administration/people/<int:pk>/deactivate/", people.person_deactivate_page, name="person-deactivate"
    ),
    path(
        "administration/people/<int:pk>/reactivate/", people.person_reactivate_page, name="person-reactivate"
    ),
    path("administration/people/<int:pk>/invite/", people.person_invite_page, name="person-invite"),
]

urlpatterns: list[URLPattern] = [
    *_ACCOUNT,
    *_BODIES,
    *_ORGANISATIONS,
    *_PEOPLE,
    path("administration/mails/", mails.mail_list, name="mail-list"),
    path("administration/mails/<int:pk>/again/", mails.mail_send_again_page, name="mail-send-again"),
    path("administration/log/", audit.audit_log, name="audit-log"),
]
