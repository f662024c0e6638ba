"""A quantity of an invocation is declared once: whoever reads, carries, stores or sums it has its name from there."""

from dataclasses import fields

import pytest

from collectors.model.invocation_columns import NUMBERS
from collectors.model.quantities import FIGURES, MEASURED, QUANTITIES
from collectors.parsing.platform import Report
from collectors.store.integrity.checksums import INVOCATION
from collectors.store.read.rows import TOTALS, InvocationRow
from collectors.store.rollups.measures import MEASURES
from collectors.store.rollups.packs import CELL_COLUMNS
from collectors.store.tables.cells import CELL_NULLS, CELL_NUMBERS, DAY_CELLS, HOUR_CELLS, MINUTE_CELLS
from collectors.store.tables.invocations import INVOCATIONS
from collectors.store.write.stored_invocation import COLUMNS


@pytest.mark.parametrize("name", MEASURED)
def test_what_is_measured_goes_from_report_to_row(name: str) -> None:
    assert name in Report._fields, "the parser's record of a REPORT has no such field"
    for columns in (NUMBERS, INVOCATIONS.names, INVOCATION, COLUMNS, MEASURES):
        assert name in columns
    assert name in {field.name for field in fields(InvocationRow)}


@pytest.mark.parametrize("name", QUANTITIES)
def test_a_quantity_is_added_up_in_every_cell(name: str) -> None:
    for table in (MINUTE_CELLS, HOUR_CELLS, DAY_CELLS):
        assert name in table.names
    for columns in (CELL_NUMBERS, CELL_NULLS, CELL_COLUMNS, TOTALS):
        assert name in columns


def test_the_text_form_of_report_says_none_of_the_quantities() -> None:
    """``report_line`` leaves the last fields of a REPORT empty: a quantity that text has is read there."""
    assert Report._fields[len(Report._fields) - len(QUANTITIES) :] == QUANTITIES
    assert not set(FIGURES) & set(QUANTITIES)
