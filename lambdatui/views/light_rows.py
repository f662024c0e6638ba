"""Row types that are declared without waiting for msgspec or typing: the first frame is laid out with them.

A module that declares such a row imports ``Annotated`` and ``Struct`` from here, and for type checkers the real ones.
``struct_of`` makes the real type once the rest of the program may be imported.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Annotated:
    """Stands for ``typing.Annotated``: keeps what is said beside a type."""

    def __init__(self, facts: "tuple[Any, ...]") -> None:
        self.__metadata__ = facts

    def __class_getitem__(cls, type_and_facts: "tuple[Any, ...]") -> "Annotated":
        return cls(type_and_facts[1:])


class Struct:
    """Stands for ``msgspec.Struct``: keeps the fields' annotations and defaults, and makes no rows."""

    def __init_subclass__(cls, **options: "Any") -> None:
        super().__init_subclass__()


def struct_of(declared: type) -> "Any":
    """The msgspec struct that a light declaration stands for: frozen, not garbage collected, made by name."""
    from msgspec import defstruct

    defaults = vars(declared)
    fields = [
        (name, annotation, defaults[name]) if name in defaults else (name, annotation)
        for name, annotation in declared.__annotations__.items()
    ]
    return defstruct(
        declared.__name__,
        fields,
        frozen=True,
        gc=False,
        module=declared.__module__,
        namespace={"__doc__": declared.__doc__},
    )
