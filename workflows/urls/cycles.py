"""Addresses of cycles, of the chain from figure to measure, and of the search."""

from django.urls import URLPattern, path

from workflows.views import abandon, cycles, why

urlpatterns: list[URLPattern] = [
    path("cycles/", cycles.cycle_list, name="cycle-list"),
    path("cycles/new/", cycles.cycle_create, name="cycle-create"),
    path("cycles/<int:pk>/", cycles.cycle_detail, name="cycle-detail"),
    path("cycles/<int:pk>/schedule/", cycles.cycle_schedule, name="cycle-schedule"),
    path("cycles/<int:pk>/abandon/", abandon.cycle_abandon_page, name="cycle-abandon"),
    path("cycles/<int:pk>/tasks/", cycles.cycle_tasks, name="cycle-tasks"),
    path("why/<str:kind>/<int:pk>/", why.why, name="why"),
]
