"""What the folders of an S3 export and the names of streams say about the logs in them."""

import os
import re
from functools import lru_cache
from pathlib import Path

_SHARED_STREAM = re.compile(r"\d{4}/\d\d/\d\d/[^\[/]+\[[^\]]*\][0-9a-f]+")


def log_names(path: str) -> tuple[str, str, str]:
    """(stream, function, stem) as an S3 export's folders name them; empty where they do not.

    The export task writes ``PREFIX/TASK/2025-03-20-[$LATEST]HEX/000000.gz``, slashes of the stream's name being
    dashes (CloudWatch Logs user guide, "Exporting log data to Amazon S3").
    """
    if path == "-":
        return "", "", "stdin"
    parts = Path(os.path.abspath(path)).parts
    stem = parts[-1].partition(".")[0] or parts[-1]
    folder = parts[-2] if len(parts) > 1 else ""
    if len(folder) < 12 or folder[4:5] + folder[7:8] + folder[10:11] != "---" or "[" not in folder:
        return "", "", stem
    stream = f"{folder[:4]}/{folder[5:7]}/{folder[8:10]}/{folder[11:]}"
    above = parts[-4] if len(parts) > 4 else ""
    return stream, above, stem


@lru_cache(maxsize=1024)
def is_shared(stream: str) -> bool:
    """Whether the stream's name says the function, as those of a shared log group do."""
    return _SHARED_STREAM.fullmatch(stream) is not None
