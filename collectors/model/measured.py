"""``Quantities`` as the first fields of dataclasses: of rows that say what was measured.

``quantities`` itself imports nothing, for the first frame; who imports this has loaded ``dataclasses`` anyway.
"""

from dataclasses import dataclass

from collectors.model.quantities import Quantities

__all__ = ["Quantities"]

dataclass(Quantities)
