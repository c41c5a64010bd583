"""Conditions of database queries that several apps begin with."""

from typing import Final

from django.db.models import Q

#: No row fulfils it: what alternatives are added to one by one. An empty ``Q`` would let every row through.
NOTHING: Final = Q(pk__in=())
