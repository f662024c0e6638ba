"""``lambdatui`` whose writer counts no line by pattern: what the counting costs is the difference to the real one.

    python -m benchmarks.without_patterns --db STORE import FILE

Run by ``ingest.py``.
"""

import os
import sys
from unittest import mock

if __name__ == "__main__":
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as the real one does, before numpy is imported
    from collectors.ingest import engine, writer_process
    from lambdatui.__main__ import main

    with (
        mock.patch.object(engine, "LinePatterns", return_value=None),
        mock.patch.object(writer_process, "LinePatterns", return_value=None),  # the writer is forked
    ):
        sys.exit(main())
