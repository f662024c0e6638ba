"""What the store counts lines by: their shapes, and the patterns that shapes are part of."""

from collections.abc import Mapping, Sequence

from collectors.logs.line_patterns import Shapes


class LinePatterns(Shapes):
    """``collectors.store.pattern_counts.Kinds``."""

    def patterns(self, shapes: Sequence[str]) -> Mapping[str, str]:
        from collectors.logs.pattern_groups import patterns

        return patterns(shapes)
