"""Links that lead out of a folder that is used in place, such as those of workspaces to their packages.

Under another path, as in a namespace, a relative link leads elsewhere.
"""

import os
import time


class OutsideLinks:
    """Remembers for each folder whether it has such links.

    Looking takes at most a fiftieth of the time: after a look of 10 ms, the next one is at least 500 ms later.
    """

    def __init__(self) -> None:
        self._looks: dict[str, tuple[float, bool]] = {}  # by folder: when to look again, and what was there

    def has(self, folder: str) -> bool:
        """Whether a relative link below ``folder`` leads out of it."""
        now = time.monotonic()
        due, leaves = self._looks.get(folder, (0.0, False))
        if now < due:
            return leaves
        leaves = _has_outside_link(os.path.normpath(folder))
        took_s = time.monotonic() - now
        self._looks[folder] = (now + 50 * took_s, leaves)
        return leaves


def _has_outside_link(root: str) -> bool:
    folders = [root]
    while folders:
        try:
            with os.scandir(folders.pop()) as entries:
                for entry in entries:
                    if entry.is_symlink():
                        if _leads_out(root, entry.path):
                            return True
                    elif entry.is_dir() and entry.name not in (".git", "__pycache__"):
                        folders.append(entry.path)
        except OSError:
            continue
    return False


def _leads_out(root: str, link: str) -> bool:
    target = os.readlink(link)
    if os.path.isabs(target):
        return False
    end = os.path.normpath(os.path.join(os.path.dirname(link), target))
    return end != root and not end.startswith(f"{root}/")
