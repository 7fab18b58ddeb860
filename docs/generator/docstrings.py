"""The string below a field is its documentation; here it is read back."""

import ast
import inspect
import textwrap


class Undocumented(Exception):
    """Something that a reference lists has no words of its own."""


def of_fields(kind: type) -> dict[str, str]:
    """Field name → the string literal that stands below it, those of base classes included."""
    found: dict[str, str] = {}
    for owner in reversed(kind.__mro__[:-1]):
        if owner.__module__.startswith(("libs.", "services.")):
            found |= _own(owner)
    return found


def of_class(kind: type) -> str:
    """The docstring of the class itself, never an inherited one."""
    return inspect.cleandoc(kind.__dict__.get("__doc__") or "")


def one_line(text: str) -> str:
    return " ".join(text.split())


def _own(kind: type) -> dict[str, str]:
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(kind)))
    except (OSError, TypeError):  # a class that was made at run time, as `Ask[Answer]` is
        return {}
    definition = tree.body[0]
    assert isinstance(definition, ast.ClassDef)
    found = {}
    for field, below in zip(definition.body, definition.body[1:], strict=False):
        if (
            isinstance(field, ast.AnnAssign)
            and isinstance(field.target, ast.Name)
            and isinstance(below, ast.Expr)
            and isinstance(below.value, ast.Constant)
            and isinstance(below.value.value, str)
        ):
            found[field.target.id] = inspect.cleandoc(below.value.value)
    return found
