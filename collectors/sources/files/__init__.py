"""Exported logs: files, folders and standard input, in every form that CloudWatch and its tools write."""

from collectors.sources.files.reader import FileReader
from collectors.sources.files.sources import Source, SourceError, open_sources

__all__ = ["FileReader", "Source", "SourceError", "open_sources"]
