"""Write all demo data files."""

from scripts.demo_data import euskirchen

euskirchen.build()
