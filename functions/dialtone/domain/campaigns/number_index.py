"""Millions of numbers in little memory, each with the row in which it first appeared. Pure."""

from __future__ import annotations

from array import array

SMALLEST = 1 << 10
MOST_FULL = 0.6
"""The share of places taken at which it doubles: when it is fuller, searches are slow."""

_SPREAD = 0x9E3779B97F4A7C15
"""2^64 divided by the golden ratio (Knuth, 6.4): consecutive numbers are spread far apart."""
_BITS = (1 << 64) - 1


class NumberIndex:
    """A hash table with open addressing over two arrays: twelve bytes a place, where a dict takes over a hundred.

    An E.164 number has at most 15 digits, so it is its own 64-bit key, and no two numbers are confused.
    """

    def __init__(self) -> None:
        self._keys = array("Q", bytes(8 * SMALLEST))
        self._rows = array("I", [0]) * SMALLEST
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def __contains__(self, number: object) -> bool:
        return isinstance(number, str) and self._keys[self._place(int(number[1:]))] != 0

    def add(self, number: str, row: int) -> int:
        """The row in which an E.164 number first appeared; `row` if it is new."""
        key = int(number[1:])
        place = self._place(key)
        if self._keys[place]:
            return self._rows[place]
        self._keys[place], self._rows[place] = key, row
        self._count += 1
        if self._count > MOST_FULL * len(self._keys):
            self._double()
        return row

    @property
    def bytes(self) -> int:
        """Its size in memory."""
        return len(self._keys) * self._keys.itemsize + len(self._rows) * self._rows.itemsize

    def _place(self, key: int) -> int:
        """The place of a key, or the free one where it would go."""
        last = len(self._keys) - 1
        place = ((key * _SPREAD) & _BITS) >> (64 - last.bit_length())
        while self._keys[place] not in {0, key}:
            place = (place + 1) & last
        return place

    def _double(self) -> None:
        keys, rows = self._keys, self._rows
        self._keys = array(keys.typecode, bytes(2 * keys.itemsize * len(keys)))
        self._rows = array(rows.typecode, bytes(2 * rows.itemsize * len(rows)))
        for key, row in zip(keys, rows, strict=True):
            if key:
                place = self._place(key)
                self._keys[place], self._rows[place] = key, row
