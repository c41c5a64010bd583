"""Write all demo data files."""

from . import euskirchen

euskirchen.build()
