"""Rows of numbers that take little memory: a run may have hundreds of thousands."""

from array import array
from collections.abc import Iterable, Sequence

import numpy as np


class Table(Sequence):
    """Rows of numbers under names, kept as columns: about a tenth of the memory of dictionaries.

    Read as a list of dictionaries it gives each row; a figure that a row does not have is NaN.
    """

    def __init__(self, rows: Iterable[dict] = ()):
        """Begin with some rows."""
        self._columns: dict[str, array] = {}
        self._length = 0
        for row in rows:
            self.append(row)

    def append(self, row: dict) -> None:
        """Add a row: integers and floats under their names, None for NaN."""
        for name in row:
            if name not in self._columns:
                self._columns[name] = array("d" if self._length or not isinstance(row[name], int) else "q")
                self._columns[name].extend([float("nan")] * self._length)
        for name, column in self._columns.items():
            value = row.get(name)
            if not isinstance(value, int) and column.typecode == "q":  # whole numbers so far
                column = self._columns[name] = array("d", column)
            column.append(float("nan") if value is None else value)
        self._length += 1

    def column(self, name: str) -> np.ndarray:
        """Return a figure of all rows; NaN where it is missing."""
        if name not in self._columns:
            return np.full(self._length, np.nan)
        return np.array(self._columns[name], dtype=float)

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, index):
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(self._length))]
        if not -self._length <= index < self._length:
            raise IndexError(f"There are {self._length} rows, and none has the number {index}.")
        return {name: column[index] for name, column in self._columns.items()}

    def __eq__(self, other) -> bool:
        """Tell whether another table, or a list of rows, has the same; NaN is the same as NaN."""
        if not isinstance(other, Table | list):
            return NotImplemented
        other = Table(other)
        return self._columns.keys() == other._columns.keys() and all(
            np.array_equal(self.column(name), other.column(name), equal_nan=True) for name in self._columns
        )
