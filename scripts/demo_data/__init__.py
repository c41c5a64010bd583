"""Builds the demo data files from public sources: ``python -m scripts.demo_data``.

Reads ../shared/data, writes workflows/demo/data. The results are committed; the sources are not.
"""
