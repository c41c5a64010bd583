"""Reads of measures, one module per subject."""
