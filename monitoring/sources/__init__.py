"""Reading what statistics offices deliver, whatever its form, into one: a row a value.

No Django models, no database. ``read_source`` recognises the form of a file; ``docs/source-formats.md`` tells
which there are.
"""

from monitoring.sources.reading import Problem, Reading, SourceError
from monitoring.sources.recognise import Source, read_source

__all__ = ["Problem", "Reading", "Source", "SourceError", "read_source"]
