"""Reads of the planning cycle, one module per subject."""
