"""Write all demo data files."""

from scripts.demo_data import euskirchen, rhein_berg

euskirchen.build()
rhein_berg.build()
