"""Some cells side by side in the processor's vector registers.

What compilers make of a loop over cells keeps running sums in memory and, on some processors,
takes half the width there is. Compiled functions that call these keep the sums of `WIDTH`
cells in registers while criterion after criterion is added. LLVM cuts the cells into the
registers that a processor has; where nothing is compiled they are NumPy arrays.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from llvmlite import ir
from numba import config, types
from numba.core import cgutils
from numba.extending import intrinsic, models, register_model

__all__ = [
    "WIDTH",
    "above",
    "add",
    "add_rise",
    "below",
    "choose",
    "flagged",
    "is_known",
    "read",
    "spread",
    "write",
]

WIDTH = 32
"""Cells side by side: with more of them, their sums need more registers than there are."""

_LINE = 64
"""Bytes that memory gives at once."""

_AHEAD = 2048
"""Bytes between the cells that are read and those that are called for: of ten arrays read side
by side the processor itself does not see soon enough what comes."""

Values = npt.NDArray[Any]
Typed = tuple[Any, Callable[..., Any]]


class Lanes(types.Type):
    """Type of `WIDTH` numbers."""

    def __init__(self, dtype: Any) -> None:
        self.dtype = dtype
        super().__init__(name=f"Lanes({dtype})")


class Mask(types.Type):
    """Type of `WIDTH` answers about numbers of one type."""

    def __init__(self, dtype: Any) -> None:
        self.dtype = dtype
        super().__init__(name=f"Mask({dtype})")


@register_model(Lanes)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Any) -> None:
        element = manager.lookup(kind.dtype).get_value_type()
        vector = ir.VectorType(element, WIDTH)
        super().__init__(manager, kind, vector)  # type: ignore[no-untyped-call]


@register_model(Mask)
class _MaskModel(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Any) -> None:
        vector = ir.VectorType(ir.IntType(1), WIDTH)
        super().__init__(manager, kind, vector)  # type: ignore[no-untyped-call]


def _compiled(plain: Callable[..., Any]) -> Callable[[Callable[..., Typed]], Any]:
    """Make an instruction of a function that generates code, or `plain` where nothing compiles."""
    return lambda typed: plain if getattr(config, "DISABLE_JIT", 0) else intrinsic(typed)


def _plain_read(address: int, like: Values) -> Values:
    return _memory(address, like).copy()


def _plain_write(address: int, cells: Values, like: Values) -> None:
    _memory(address, like)[:] = cells


def _memory(address: int, like: Values) -> Values:
    kind = np.ctypeslib.as_ctypes_type(like.dtype) * WIDTH
    cells: Values = np.ctypeslib.as_array(kind.from_address(int(address)))
    return cells


def _plain_spread(value: Any, like: Values) -> Values:
    return np.full(WIDTH, value, dtype=like.dtype)


def _plain_rise(total: Values, cells: Values, low: Any, high: Any, slope: Any) -> Values:
    at = np.where(cells > low, cells, low)
    found: Values = total + slope * (np.where(at < high, at, high) - low)
    return found


def _plain_flagged(address: int, bits: Any, flags: Values, _like: Values) -> Values:
    found: Values = (_memory(address, flags) & bits) != 0
    return found


@_compiled(_plain_read)
def read(_typing: Any, address: Any, like: Any) -> Typed:
    """Take the cells at an address, of the type that an array has, and call for later ones."""

    def generate(context: Any, builder: Any, _signature: Any, given: Any) -> Any:
        for n in range(0, WIDTH * like.dtype.bitwidth // 8, _LINE):
            _call_for(builder, builder.add(given[0], given[0].type(_AHEAD + n)))
        return _load(context, builder, given[0], like.dtype)

    return Lanes(like.dtype)(address, like), generate


@_compiled(_plain_write)
def write(_typing: Any, address: Any, cells: Any, like: Any) -> Typed:
    """Put cells at an address, in the type that an array has."""

    def generate(context: Any, builder: Any, _signature: Any, given: Any) -> Any:
        element = context.get_value_type(like.dtype)
        vector, found = ir.VectorType(element, WIDTH), given[1]
        if isinstance(element, ir.IntType):
            found = builder.fptoui(found, vector)
        elif cells.dtype != like.dtype:
            found = builder.fptrunc(found, vector)
        pointer = builder.inttoptr(given[0], vector.as_pointer())
        builder.store(found, pointer, align=like.dtype.bitwidth // 8)
        return context.get_dummy_value()

    return types.void(address, cells, like), generate


@_compiled(_plain_spread)
def spread(_typing: Any, value: Any, like: Any) -> Typed:
    """Give all cells one value, of the type that an array has."""

    def generate(context: Any, builder: Any, _signature: Any, given: Any) -> Any:
        return _spread(builder, context.cast(builder, given[0], value, like.dtype))

    return Lanes(like.dtype)(value, like), generate


@_compiled(np.add)
def add(_typing: Any, one: Any, other: Any) -> Typed:
    """Add the cells of the other, or one value for all."""

    def generate(context: Any, builder: Any, _signature: Any, given: Any) -> Any:
        return builder.fadd(given[0], _cells(context, builder, given[1], other, one.dtype))

    return one(one, other), generate


@_compiled(_plain_rise)
def add_rise(_typing: Any, total: Any, cells: Any, low: Any, high: Any, slope: Any) -> Typed:
    """Add the slope times how far each cell is above `low`, at most up to `high`.

    An unknown adds nothing. The product and the sum may be rounded at once.
    """

    def generate(_context: Any, builder: Any, _signature: Any, given: Any) -> Any:
        score, x = given[:2]
        bottom, top, steep = (_spread(builder, value) for value in given[2:])
        x = builder.select(builder.fcmp_ordered(">", x, bottom), x, bottom)
        x = builder.select(builder.fcmp_ordered("<", x, top), x, top)
        gain = builder.fmul(steep, builder.fsub(x, bottom), flags=("contract",))
        return builder.fadd(score, gain, flags=("contract",))

    return total(total, cells, low, high, slope), generate


@_compiled(lambda cells: cells == cells)
def is_known(_typing: Any, cells: Any) -> Typed:
    """Tell which cells are not NaN."""

    def generate(_context: Any, builder: Any, _signature: Any, given: Any) -> Any:
        return builder.fcmp_ordered("ord", given[0], given[0])

    return Mask(cells.dtype)(cells), generate


@_compiled(np.greater)
def above(_typing: Any, cells: Any, limit: Any) -> Typed:
    """Tell which cells are above a limit; an unknown is not."""
    return _compared(">", cells, limit)


@_compiled(np.less)
def below(_typing: Any, cells: Any, limit: Any) -> Typed:
    """Tell which cells are below a limit; an unknown is not."""
    return _compared("<", cells, limit)


@_compiled(_plain_flagged)
def flagged(_typing: Any, address: Any, bits: Any, flags: Any, like: Any) -> Typed:
    """Tell which of the flags at an address have one of some bits."""

    def generate(context: Any, builder: Any, _signature: Any, given: Any) -> Any:
        found = _load(context, builder, given[0], flags.dtype)
        wanted = _spread(builder, context.cast(builder, given[1], bits, flags.dtype))
        return builder.icmp_unsigned(
            "!=", builder.and_(found, wanted), ir.Constant(found.type, [0] * WIDTH)
        )

    return Mask(like.dtype)(address, bits, flags, like), generate


@_compiled(np.where)
def choose(_typing: Any, mask: Any, yes: Any, no: Any) -> Typed:
    """Take one where the mask holds and the other elsewhere: cells, or one value for all."""

    def generate(context: Any, builder: Any, _signature: Any, given: Any) -> Any:
        first = _cells(context, builder, given[1], yes, mask.dtype)
        second = _cells(context, builder, given[2], no, mask.dtype)
        return builder.select(given[0], first, second)

    return Lanes(mask.dtype)(mask, yes, no), generate


def _call_for(builder: Any, address: Any) -> None:
    """Have a line of memory brought to the cache; beyond the end of an array it does nothing."""
    pointer, number = ir.IntType(8).as_pointer(), ir.IntType(32)
    kind = ir.FunctionType(ir.VoidType(), [pointer, number, number, number])
    insert: Any = cgutils.get_or_insert_function
    prefetch = insert(builder.module, kind, "llvm.prefetch.p0")
    # For reading, to the nearest cache, data.
    builder.call(prefetch, [builder.inttoptr(address, pointer), number(0), number(3), number(1)])


def _compared(sign: str, cells: Any, limit: Any) -> Typed:
    def generate(context: Any, builder: Any, _signature: Any, given: Any) -> Any:
        bound = _spread(builder, context.cast(builder, given[1], limit, cells.dtype))
        return builder.fcmp_ordered(sign, given[0], bound)

    return Mask(cells.dtype)(cells, limit), generate


def _load(context: Any, builder: Any, address: Any, dtype: Any) -> Any:
    vector = ir.VectorType(context.get_value_type(dtype), WIDTH)
    # Arrays are aligned to their elements, not to registers.
    return builder.load(
        builder.inttoptr(address, vector.as_pointer()), align=dtype.bitwidth // 8, typ=vector
    )


def _cells(context: Any, builder: Any, value: Any, kind: Any, dtype: Any) -> Any:
    """Cells as they are; one value for all is spread."""
    if isinstance(kind, Lanes):
        return value
    return _spread(builder, context.cast(builder, value, kind, dtype))


def _spread(builder: Any, value: Any) -> Any:
    nothing = ir.Constant(ir.VectorType(value.type, WIDTH), ir.Undefined)
    first = builder.insert_element(nothing, value, ir.Constant(ir.IntType(32), 0))
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), WIDTH), [0] * WIDTH)
    return builder.shuffle_vector(first, nothing, zeros)
