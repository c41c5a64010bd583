"""Write all demo data files."""

from scripts.demo_data import euskirchen, rhein_berg, stolberg

euskirchen.build()
rhein_berg.build()
stolberg.build()
