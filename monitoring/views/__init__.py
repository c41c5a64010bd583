"""Pages of areas, indicators, deliveries and index runs."""
