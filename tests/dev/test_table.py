"""The rows of a run read as a list of dictionaries."""

import math

import numpy as np
import pytest

from utils.watching.table import Table


def test_rows_come_back_as_they_were():
    rows = [{"step": 3, "loss": 0.5}, {"step": 4, "loss": 0.25}]
    table = Table(rows)
    assert list(table) == rows and table[-1] == rows[-1] and table[:1] == rows[:1] and len(table) == 2
    assert isinstance(table[0]["step"], int)
    assert table.column("step").tolist() == [3, 4] and table.column("step").dtype == float


def test_a_table_without_rows_is_empty():
    assert list(Table()) == [] and Table() == [] and Table().column("step").tolist() == []
    with pytest.raises(IndexError):
        Table()[-1]


def test_what_a_row_does_not_have_is_nan():
    table = Table([{"step": 1}, {"step": 2, "late": 5}, {"late": None}])
    assert [math.isnan(one) for one in table.column("late")] == [True, False, True]
    assert [math.isnan(one) for one in table.column("step")] == [False, False, True]
    assert np.isnan(table.column("never")).tolist() == [True] * 3


def test_whole_numbers_that_become_fractions_stay_right():
    table = Table([{"figure": 1}, {"figure": 2.5}])
    assert table.column("figure").tolist() == [1, 2.5]
