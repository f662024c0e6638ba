"""What the store counts lines by: their shapes, and the patterns that shapes are part of."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from collectors.parsing.line_patterns import Shapes

if TYPE_CHECKING:
    from collectors.parsing.pattern_groups import Absorber


class LinePatterns(Shapes):
    """``collectors.store.write.pattern_counts.Kinds``."""

    def __init__(self) -> None:
        super().__init__()
        self._absorber: Absorber | None = None

    def patterns(self, shapes: Sequence[str]) -> Mapping[str, str]:
        """The pattern of each shape; what comes later is absorbed by these."""
        from collectors.parsing.pattern_groups import patterns

        found = patterns(shapes)
        self.resume(found)
        return found

    def resume(self, patterns_of_shapes: Mapping[str, str]) -> None:
        """Goes on with what ``patterns`` gave to another process."""
        from collectors.parsing.pattern_groups import Absorber

        self._absorber = Absorber(patterns_of_shapes)

    def absorbed(self, shape: str) -> str | None:
        """The pattern that a new shape is surely of, which is a shape itself."""
        return None if self._absorber is None else self._absorber.pattern(shape)
