"""Unit conversion at the boundary, by pint. Inside the house every value is in its catalogue unit already."""

from __future__ import annotations

from functools import cache

from core.errors import InvalidInput

_SPAN = 1000.0
"""Points this far apart give the scale; nearer ones lose digits to an offset."""


@cache
def _registry():  # type: ignore[no-untyped-def]  # pint ships no usable type for a registry built at run time
    import pint

    return pint.UnitRegistry(autoconvert_offset_to_baseunit=True)


@cache
def conversion(source: str, target: str) -> tuple[float, float]:
    """(scale, offset) such that target = source * scale + offset. Every unit pint knows is affine in its own dimension.

    Raises:
        InvalidInput: a unit nobody knows, or two units of different dimensions.
    """
    if source == target:
        return 1.0, 0.0
    registry = _registry()
    try:
        zero = registry.Quantity(0.0, registry.Unit(source)).to(target).magnitude
        far = registry.Quantity(_SPAN, registry.Unit(source)).to(target).magnitude
    except Exception as error:  # pint raises several unrelated classes for one reason: the unit is wrong
        raise InvalidInput(
            f"unit: '{source}' cannot be read as '{target}' ({type(error).__name__}).",
            remedy=f"State a unit that converts to {target}, spelled as pint spells it (mm/s, degC, degF, kPa, rpm).",
            field="unit",
        ) from error
    return (far - zero) / _SPAN, zero
