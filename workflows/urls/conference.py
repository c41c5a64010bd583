"""Addresses of statements, recommendations, meetings and decisions."""

from django.urls import URLPattern, path

from workflows.views import conference, decisions, meetings, recommendations

urlpatterns: list[URLPattern] = [
    path("cycles/<int:pk>/statements/", conference.statement_list, name="statement-list"),
    path("cycles/<int:pk>/recommendations/", recommendations.recommendation_list, name="recommendation-list"),
    path(
        "cycles/<int:pk>/recommendations/new/",
        recommendations.recommendation_create,
        name="recommendation-create",
    ),
    path(
        "cycles/<int:pk>/recommendations/evidence/",
        recommendations.recommendation_evidence,
        name="recommendation-evidence",
    ),
    path("recommendations/<int:pk>/", recommendations.recommendation_detail, name="recommendation-detail"),
    path(
        "recommendations/<int:pk>/withdraw/",
        recommendations.recommendation_withdraw_page,
        name="recommendation-withdraw",
    ),
    path("cycles/<int:pk>/decisions/", decisions.decision_list, name="decision-list"),
    path("decisions/<int:pk>/", decisions.decision_detail, name="decision-detail"),
    path("decisions/<int:pk>/reconsider/", decisions.decision_reconsider_page, name="decision-reconsider"),
    path("cycles/<int:pk>/meetings/", meetings.meeting_list, name="meeting-list"),
    path("cycles/<int:pk>/meetings/new/", meetings.meeting_create, name="meeting-create"),
    path("meetings/<int:pk>/", meetings.meeting_detail, name="meeting-detail"),
    path("meetings/<int:pk>/move/", meetings.meeting_move_page, name="meeting-move"),
    path("meetings/<int:pk>/close/", meetings.meeting_close_page, name="meeting-close"),
    path("meetings/<int:pk>/calendar.ics", meetings.meeting_calendar, name="meeting-calendar"),
]
