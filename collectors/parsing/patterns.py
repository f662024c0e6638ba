"""What the store counts lines by: their shapes, and the patterns that join shapes."""

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
        """Continues with what ``patterns`` returned in another process."""
        from collectors.parsing.pattern_groups import Absorber

        self._absorber = Absorber(patterns_of_shapes)

    def absorbed(self, shape: str) -> str | None:
        """The pattern that a new shape certainly belongs to, which is itself a shape."""
        return None if self._absorber is None else self._absorber.pattern(shape)
