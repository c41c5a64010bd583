"""Template words by which the page of a funded project shows what is behind it."""

from collections.abc import Iterable

from django import template

from measures.models import FundedProject
from monitoring.models import Area
from workflows.selectors import project_chain as selectors

register = template.Library()


@register.simple_tag
def project_chain(project: FundedProject, areas: Iterable[Area]) -> selectors.ProjectChain:
    """{% project_chain project areas as chain %}: what was released of measure, decision and areas."""
    return selectors.project_chain(project, list(areas))
