"""Addresses of evenings of the social-space conference: of planning and facilitators, and public ones."""

from django.urls import URLPattern, path

from workflows.views import space_answers, space_conferences, space_moderation, take_part, take_part_answers

_EVENING = "space-conferences/<int:pk>/"

urlpatterns: list[URLPattern] = [
    path(
        "cycles/<int:pk>/space-conferences/",
        space_conferences.conference_list,
        name="space-conference-list",
    ),
    path(
        "cycles/<int:pk>/space-conferences/new/",
        space_conferences.conference_create_page,
        name="space-conference-create",
    ),
    path(_EVENING, space_conferences.conference_detail, name="space-conference-detail"),
    path(f"{_EVENING}give-up/", space_conferences.conference_give_up_page, name="space-conference-give-up"),
    path(f"{_EVENING}record/", space_conferences.conference_record, name="space-conference-record"),
    path(f"{_EVENING}moderation/", space_moderation.moderation, name="space-conference-moderation"),
    path(f"{_EVENING}waiting/", space_moderation.waiting, name="space-conference-waiting"),
    path(f"{_EVENING}enter/", space_moderation.enter, name="space-conference-enter"),
    path(f"{_EVENING}qr/", space_moderation.qr_page, name="space-conference-qr"),
    path(f"{_EVENING}handout/", space_moderation.handout, name="space-conference-handout"),
    path(f"{_EVENING}renew-link/", space_moderation.renew_link, name="space-conference-renew-link"),
    path("space-ideas/<int:pk>/answer/", space_answers.idea_answer_page, name="space-idea-answer"),
    path(
        "space-corrections/<int:pk>/withdraw/",
        space_answers.correction_withdraw_page,
        name="space-correction-withdraw",
    ),
    path("take-part/", take_part_answers.results_list, name="take-part-list"),
    path("take-part/<slug:token>/", take_part.entry_page, name="take-part"),
    path("take-part/<slug:token>/results/", take_part_answers.results, name="take-part-results"),
]
