"""Task pages."""

from workflows.views.base import TaskView

draft_recommendation = TaskView.as_view()
adopt_recommendation = TaskView.as_view()
decide_recommendation = TaskView.as_view()
