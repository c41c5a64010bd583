"""Which static files are ours to serve."""

from django.apps import apps
from django.contrib.staticfiles.finders import AppDirectoriesFinder

# Our templates replace viewflow's, so its assets (52 MB of Material and charts) are never loaded. They could
# not even be collected: its style sheets name fonts that are not there.
WITHOUT = {"viewflow", "viewflow.workflow"}


class UsedAppsFinder(AppDirectoriesFinder):
    """Finds the static files of all apps but those whose pages we replace."""

    def __init__(self, app_names: list[str] | None = None) -> None:
        names = app_names or [config.name for config in apps.get_app_configs()]
        super().__init__([name for name in names if name not in WITHOUT])
