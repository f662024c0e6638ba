"""``Quantities`` as the first fields of dataclasses: of rows that say what was measured.

It is apart from ``quantities``, which the first frame imports and which therefore imports nothing.
"""

from dataclasses import dataclass

from collectors.model.quantities import Quantities

__all__ = ["Quantities"]

dataclass(Quantities)
