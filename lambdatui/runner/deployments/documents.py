"""The JSON files of a runner, in a private folder: 0700 and 0600, each replaced whole."""

import json
import os
from pathlib import Path
from typing import Any

from lambdatui.runner.untrusted import parsed_json


class DocumentFolder:
    """A folder of JSON files, named by their paths in it, such as ``mappings.json``. Made when one is written."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def read(self, name: str) -> Any:
        """The document; an empty mapping when there is none. Raises ValueError when it is no JSON."""
        try:
            return parsed_json((self.folder / name).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}

    def write(self, name: str, document: object) -> None:
        """Put ``document`` in the file's place, in one step."""
        target = self.folder / name
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = target.with_name(f".{target.name}.{os.getpid()}")
        draft.unlink(missing_ok=True)
        opened = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(opened, "w", encoding="utf-8") as out:
            json.dump(document, out, indent=1)
        draft.replace(target)
