"""Addresses of tasks and cases."""

from django.urls import URLPattern, path

from workflows.views import cases, inbox

urlpatterns: list[URLPattern] = [
    path("tasks/", inbox.inbox, name="inbox"),
    path("tasks/take/", inbox.take_many, name="tasks-take"),
    path("tasks/<int:pk>/", inbox.task, name="task"),
    path("tasks/<int:pk>/take/", inbox.take, name="task-take"),
    path("tasks/<int:pk>/give-back/", inbox.give_back, name="task-give-back"),
    path("tasks/<int:pk>/release/", inbox.release, name="task-release"),
    path("tasks/<int:pk>/hand-over/", inbox.hand_over, name="task-hand-over"),
    path("cases/<int:process_pk>/", cases.case, name="case"),
    path("cases/<int:process_pk>/diagram.svg", cases.diagram, name="case-diagram"),
    path("cases/<int:process_pk>/steps.bpmn", cases.bpmn, name="case-bpmn"),
]
