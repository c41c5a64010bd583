"""Reads of areas, figures, deliveries and index runs."""
