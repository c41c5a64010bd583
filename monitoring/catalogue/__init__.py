"""The catalogue of indicators as a file: its form, and the sets that come with the product."""

from monitoring.catalogue.fields import SECTIONS, FieldKind, FieldSpec
from monitoring.catalogue.reading import (
    MAX_BYTES,
    CatalogueFile,
    CatalogueRefused,
    Problem,
    read_catalogue,
)
from monitoring.catalogue.writing import write_catalogue

__all__ = [
    "MAX_BYTES",
    "SECTIONS",
    "CatalogueFile",
    "CatalogueRefused",
    "FieldKind",
    "FieldSpec",
    "Problem",
    "read_catalogue",
    "write_catalogue",
]
