"""Vector operations for the kernels: sums of products for several dates at once.

The compiler does not by itself keep an accumulator of several lanes in a vector register across a loop; these write
that loop in its intermediate language and leave everything else to it. All arrays are C-contiguous with rows of LANES
numbers, indices are rows and are not checked, and no target row may be among those summed over.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

#: Dates that a kernel works on at once.
LANES = 16

_VECTOR = ir.VectorType(ir.DoubleType(), LANES)


class _Rows:
    """Rows of the array arguments of one call, as vectors."""

    def __init__(self, context: Any, builder: Any, kinds: Any, values: Any) -> None:
        self._context, self._builder, self._kinds, self._values = context, builder, kinds, values

    def integer(self, position: int) -> Any:
        return self._context.cast(self._builder, self._values[position], self._kinds[position], types.intp)

    def address(self, array: int, index: int) -> Any:
        """Address of row `index` (an argument position) of the array at argument position `array`."""
        record = self._context.make_array(self._kinds[array])(self._context, self._builder, self._values[array])
        row = self.integer(index)
        start = self._builder.mul(row, ir.Constant(row.type, LANES))
        return self._builder.bitcast(self._builder.gep(record.data, [start]), _VECTOR.as_pointer())

    def products(self, a: int, p: int, b: int, q: int, count: int) -> Any:
        """Sum over k < count of a[p + k] * b[q + k]."""
        builder = self._builder
        left, right = self.address(a, p), self.address(b, q)
        total = cgutils.alloca_once_value(builder, ir.Constant(_VECTOR, [0.0] * LANES))
        builder.store(ir.Constant(_VECTOR, [0.0] * LANES), total)
        with cgutils.for_range(builder, self.integer(count)) as loop:
            x = builder.load(builder.gep(left, [loop.index]), align=8)
            y = builder.load(builder.gep(right, [loop.index]), align=8)
            product = builder.fmul(x, y, flags=["contract"])
            builder.store(builder.fadd(builder.load(total), product, flags=["contract"]), total)
        return builder.load(total)


@intrinsic
def sum_products(_: Any, target: Any, t: Any, a: Any, p: Any, b: Any, q: Any, count: Any) -> tuple[Any, Any]:
    """target[t] = sum over k < count of a[p + k] * b[q + k]."""

    def generate(context: Any, builder: Any, call: Any, values: Any) -> Any:
        rows = _Rows(context, builder, call.args, values)
        builder.store(rows.products(2, 3, 4, 5, 6), rows.address(0, 1), align=8)
        return context.get_dummy_value()

    return types.void(target, t, a, p, b, q, count), generate


@intrinsic
def reduce_row(
    _: Any, target: Any, t: Any, a: Any, p: Any, b: Any, q: Any, count: Any, scale: Any, s: Any
) -> tuple[Any, Any]:
    """target[t] = (target[t] - sum over k < count of a[p + k] * b[q + k]) * scale[s]."""

    def generate(context: Any, builder: Any, call: Any, values: Any) -> Any:
        rows = _Rows(context, builder, call.args, values)
        place = rows.address(0, 1)
        rest = builder.fsub(builder.load(place, align=8), rows.products(2, 3, 4, 5, 6))
        builder.store(builder.fmul(rest, builder.load(rows.address(7, 8), align=8)), place, align=8)
        return context.get_dummy_value()

    return types.void(target, t, a, p, b, q, count, scale, s), generate


@intrinsic
def invert_pivot(_: Any, target: Any, t: Any, a: Any, p: Any, count: Any) -> tuple[Any, Any]:
    """target[t] = 1 / sqrt(target[t] - sum over k < count of a[p + k]^2); NaN where that is negative."""

    def generate(context: Any, builder: Any, call: Any, values: Any) -> Any:
        rows = _Rows(context, builder, call.args, values)
        place = rows.address(0, 1)
        rest = builder.fsub(builder.load(place, align=8), rows.products(2, 3, 2, 3, 4))
        kind = ir.FunctionType(_VECTOR, [_VECTOR])
        square_root = cgutils.get_or_insert_function(builder.module, kind, f"llvm.sqrt.v{LANES}f64")
        root = builder.call(square_root, [rest])
        builder.store(builder.fdiv(ir.Constant(_VECTOR, [1.0] * LANES), root), place, align=8)
        return context.get_dummy_value()

    return types.void(target, t, a, p, count), generate
