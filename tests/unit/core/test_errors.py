from __future__ import annotations

import inspect

import core.errors
from core.errors import CopilotError

ERRORS = [cls for _, cls in inspect.getmembers(core.errors, inspect.isclass) if issubclass(cls, CopilotError)]


def test_every_error_has_its_own_code() -> None:
    codes = [cls.code for cls in ERRORS if cls is not CopilotError and cls.__name__ != "Internal"]
    assert len(codes) == len(set(codes))


def test_every_error_stands_in_the_tree_of_the_module() -> None:
    assert core.errors.__doc__
    assert [cls.__name__ for cls in ERRORS if cls.__name__ not in core.errors.__doc__] == []


def test_status_and_exit_code_are_failures() -> None:
    for cls in ERRORS:
        assert 400 <= cls.status < 600
        assert cls.exit_code > 0
