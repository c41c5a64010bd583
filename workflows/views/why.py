"""Why is there this measure? The chain on one page, walked both ways."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from workflows.selectors.chain import KINDS, chain_from, startable


@require_safe
def why(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    """The chain of which a thing is a link."""
    if kind not in KINDS:
        raise Http404("No such kind.")
    start = get_object_or_404(startable(request.user, kind).distinct(), pk=pk)
    return render(request, "workflows/why.html", {"chain": chain_from(request.user, kind, start)})
