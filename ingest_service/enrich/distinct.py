"""Working on distinct values: a rule runs once a value and its answers are spread over the rows; a bounded cache of answers.

What the rules are belongs to the other modules.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from functools import cached_property
from typing import Any, Generic, TypeVar

import pyarrow as pa
import pyarrow.compute as pc

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
MAX_CACHED = 20_000  # answers a cache holds; with keys of at most 2,048 characters some 40 MB at the worst


class Book(dict[K, V], Generic[K, V]):
    """Answers by question, each worked out once; emptied when it holds MAX_CACHED. A hit costs one look-up in C."""

    def __init__(self, answer: Callable[[K], V], limit: int = MAX_CACHED) -> None:
        super().__init__()
        self._answer = answer
        self._limit = limit

    def __missing__(self, question: K) -> V:
        if len(self) >= self._limit:
            self.clear()
        value = self[question] = self._answer(question)
        return value


class Distinct:
    """The distinct rows of parallel columns. `at`: position of each row's tuple in `values`, which are made when asked for."""

    def __init__(self, *columns: pa.Array) -> None:
        first = columns[0].dictionary_encode()
        self.at: pa.Array = first.indices
        self._first = first.dictionary
        self._steps: list[tuple[pa.Array, pa.Array]] = []  # (codes, the column's values); code = tuple so far * width + value
        for column in columns[1:]:
            self._join(column.dictionary_encode())

    def _join(self, other: pa.DictionaryArray) -> None:
        codes = pc.add(pc.multiply(self.at.cast(pa.int64()), len(other.dictionary)), other.indices.cast(pa.int64()))
        encoded = codes.dictionary_encode()
        self._steps.append((encoded.dictionary, other.dictionary))
        self.at = encoded.indices

    @cached_property
    def values(self) -> list[tuple[Any, ...]]:
        """The distinct tuples, in the order in which they occur."""
        values: list[tuple[Any, ...]] = [(value,) for value in self._first.to_pylist()]
        for codes, column in self._steps:
            added, width = column.to_pylist(), len(column)
            values = [(*values[code // width], added[code % width]) for code in codes.to_pylist()]
        return values

    def spread(self, answers: Sequence[Any], kind: pa.DataType) -> pa.Array:
        """One row's answer for each row; `answers` are in the order of `values`."""
        return pa.array(answers, kind).take(self.at)

    def classes(self, answers: Iterable[V]) -> tuple[list[V], pa.Array]:
        """The distinct answers, and for each row the position of its answer: many values often have few answers."""
        position: dict[V, int] = {}
        of = [position.setdefault(answer, len(position)) for answer in answers]
        return list(position), pa.array(of, pa.int32()).take(self.at)


def texts_of(distinct: Distinct, answers: Sequence[tuple[str, ...]], names: Sequence[str]) -> dict[str, pa.Array]:
    """String columns from tuples of strings, one tuple a distinct value, one column a name."""
    parts = zip(*answers, strict=True) if answers else [()] * len(names)
    return {name: distinct.spread(part, pa.string()) for name, part in zip(names, parts, strict=True)}
