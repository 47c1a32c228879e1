"""The formula language of feature definitions: arithmetic over feature names, rendered to SQL. A whitelist, no eval."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from core.errors import InvalidInput

_OPERATORS: Mapping[type[ast.operator], str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*"}
_FUNCTIONS: Mapping[str, str] = {"abs": "abs", "sqrt": "sqrt", "log": "ln", "min": "least", "max": "greatest"}


def _refuse(formula: str, what: str) -> InvalidInput:
    return InvalidInput(
        f"formula: '{formula}' uses {what}.",
        remedy=f"Use names, numbers, + - * /, brackets and {', '.join(_FUNCTIONS)}.",
        field="formula",
    )


def _parse(formula: str) -> ast.expr:
    try:
        return ast.parse(formula, mode="eval").body
    except SyntaxError as error:
        raise _refuse(formula, "a spelling nobody can read") from error


def names_of(formula: str) -> frozenset[str]:
    """The features a formula stands on."""
    tree = _parse(formula)
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    return frozenset(node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and id(node) not in called)


def to_sql(formula: str) -> str:
    """SQL over columns of the same names; a division by zero is null.

    Raises:
        InvalidInput: anything but names, numbers, + - * /, a sign and the listed functions.
    """
    return _render(_parse(formula), formula)


def _render(node: ast.expr, formula: str) -> str:
    match node:
        case ast.Name(id=name):
            return f'"{name}"'
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            return repr(float(number))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return f"(-{_render(operand, formula)})"
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            return f"({_render(left, formula)} / NULLIF({_render(right, formula)}, 0))"
        case ast.BinOp(left=left, op=operator, right=right) if type(operator) in _OPERATORS:
            return f"({_render(left, formula)} {_OPERATORS[type(operator)]} {_render(right, formula)})"
        case ast.Call(func=ast.Name(id=function), args=arguments, keywords=[]) if function in _FUNCTIONS:
            return f"{_FUNCTIONS[function]}({', '.join(_render(argument, formula) for argument in arguments)})"
    raise _refuse(formula, f"'{ast.unparse(node)}'")
