"""Rows → tables that say what was measured of their images, and what the checks tell."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from Orange.data import (
    ContinuousVariable,
    DiscreteVariable,
    Domain,
    StringVariable,
    Table,
    Variable,
)
from Orange.data.util import get_unique_names

from orangecontrib.imageembedding.checks.find import Findings
from orangecontrib.imageembedding.checks.measures import MEASURES
from orangecontrib.imageembedding.pipeline.measuring import MeasureColumn, MeasureImages
from orangecontrib.imageembedding.tables.cluster_columns import with_metas
from orangecontrib.imageembedding.tables.locate import default_image_column

FLAGS, REASON, SURENESS, SUGGESTED = "Flags", "Reason", "Sureness", "Suggested Class"
Column = tuple[Variable, NDArray[np.float64] | NDArray[np.object_]]
SIZES = ("Width", "Height")  # which Import Images tells, too


def with_checks(table: Table, findings: Findings) -> Table:
    """Get a table with all measures, and with what the checks tell, as metas.

    What is measured of an image alone computes itself for other tables of images.

    Parameters
    ----------
    table : Table
        Any subclass, which is kept, as are row ids and name.
    findings : Findings
        Of its rows.
    """
    there = {variable.name.lower() for variable in table.domain.metas}
    measures = {
        name: values
        for name, values in findings.columns.items()
        if not (name in SIZES and name.lower() in there)
    }
    image = default_image_column(table)
    columns: list[Column] = [(_variable(name, image), values) for name, values in measures.items()]
    return _with(table, [*columns, *_told(findings, np.arange(len(table)))])


def _variable(name: str, image: Variable | None) -> ContinuousVariable:
    source = None
    if image is not None and name in MEASURES:
        source = MeasureColumn(MeasureImages(image), MEASURES.index(name))
    decimals = 0 if name in SIZES else 3
    return ContinuousVariable(name, number_of_decimals=decimals, compute_value=source)


def flagged_images(
    table: Table, findings: Findings, rows: NDArray[np.intp] | None = None
) -> Table | None:
    """Get the rows that have a flag, the surest first; None if there are none.

    They have the metas ``Flags``, ``Reason`` and ``Sureness``, and ``Suggested Class`` if classes
    were checked.

    Parameters
    ----------
    table : Table
        Any subclass, which is kept.
    findings : Findings
        As for `with_checks`.
    rows : ndarray of shape (n,), dtype int, optional
        Other rows to take.
    """
    rows = findings.flagged_rows if rows is None else rows
    return _with(table[rows], _told(findings, rows)) if len(rows) else None


def _told(findings: Findings, rows: NDArray[np.intp]) -> list[Column]:
    flags, reasons = findings.flags, findings.reasons
    told: list[Column] = [
        (StringVariable(FLAGS), np.array([", ".join(flags[row]) for row in rows], dtype=object)),
        (StringVariable(REASON), np.array([reasons[row] for row in rows], dtype=object)),
        (ContinuousVariable(SURENESS, number_of_decimals=2), findings.sureness[rows]),
    ]
    if (findings.suggested >= 0).any():
        suggested = findings.suggested[rows]
        codes = np.where(suggested >= 0, suggested, np.nan)
        told.append((DiscreteVariable(SUGGESTED, values=findings.class_names), codes))
    return told


def _with(table: Table, columns: Sequence[Column]) -> Table:
    wanted = [variable.name for variable, _ in columns]
    names = get_unique_names(table.domain, wanted, equal_numbers=False)
    named = zip(names, columns, strict=True)
    variables = [variable.copy(name=name) for name, (variable, _) in named]
    # Not by `transform` alone, which would compute what is known.
    plain = [variable.copy(compute_value=None) for variable in variables]
    filled = with_metas(table, plain, [values for _, values in columns])  # type: ignore[misc]
    old = table.domain
    filled.domain = Domain(old.attributes, old.class_vars, (*old.metas, *variables))
    return filled
