"""Addresses of polls and block votes."""

from django.urls import URLPattern, path

from workflows.views import blocks, polls

urlpatterns: list[URLPattern] = [
    path("recommendations/<int:pk>/poll/", polls.poll_open_page, name="poll-open"),
    path("meetings/<int:pk>/block/", blocks.block_vote, name="block-vote"),
    path("polls/open/", polls.polls_open, name="polls-open"),
    path("polls/<int:pk>/", polls.poll_detail, name="poll-detail"),
    path("polls/<int:pk>/progress/", polls.poll_progress, name="poll-progress"),
    path("polls/<int:pk>/close/", polls.poll_close_now, name="poll-close"),
    path("polls/<int:pk>/cancel/", polls.poll_cancel_now, name="poll-cancel"),
    path("polls/<int:pk>/object/", polls.poll_object_now, name="poll-object"),
    path("polls/<int:pk>/exclude/", polls.poll_exclude_now, name="poll-exclude"),
    path("polls/<int:pk>/readmit/", polls.poll_readmit_now, name="poll-readmit"),
]
