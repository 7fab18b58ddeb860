import inspect

from libs.errors import WeirError
from services.catalog import errors


def test_codes_of_the_catalog_are_unique_and_drawn_in_the_tree() -> None:
    own = [
        kind
        for _, kind in inspect.getmembers(errors, inspect.isclass)
        if kind.__module__ == errors.__name__ and issubclass(kind, WeirError)
    ]
    codes = [kind.code for kind in own]
    assert len(set(codes)) == len(codes)
    assert errors.__doc__ is not None
    assert [kind.__name__ for kind in own if kind.__name__ not in errors.__doc__] == []
