"""Search over everything the person may see."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from project.common.listing import term_of
from workflows.catalogue import nodes_called
from workflows.selectors import search as selectors

PAGE_SIZE = 25


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """The best of each kind; or all of one kind, in pages."""
    term = term_of(request)
    kind = request.GET.get("kind", "")
    if kind and kind not in selectors.KINDS:
        raise Http404("No such kind.")
    context = {"term": term, "is_short": 0 < len(term) < selectors.TERM_LEAST, "least": selectors.TERM_LEAST}
    if len(term) < selectors.TERM_LEAST:
        return render(request, "workflows/search.html", context)
    wanted = selectors.Wanted(user=request.user, term=term, nodes=tuple(nodes_called(term)))
    if kind:
        group = selectors.search_group(wanted, kind)
        page = Paginator(group.rows, PAGE_SIZE).get_page(request.GET.get("page"))
        hits = [group.hit(row) for row in page.object_list]
        context |= {"kind": kind, "title": group.title, "page_obj": page, "hits": hits}
    else:
        context["groups"] = selectors.search_all(wanted)
    return render(request, "workflows/search.html", context)
