"""botocore's models of AWS's services, read once for all sessions of a process.

A botocore session of its own reads them again: 15 MB and a tenth of a second of CPU for each, and an organization has
hundreds. They never change, so that sessions can share them; two threads that read the same one read it twice.
"""

from typing import Any

_loader: Any = None


def share_models(core: Any) -> None:
    """Let ``core``, a botocore session, read the models that others have read before it."""
    global _loader
    if _loader is None:
        _loader = core.get_component("data_loader")
    core.register_component("data_loader", _loader)
