"""What cameras note in photos → columns of a table."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from Orange.data import ContinuousVariable, DiscreteVariable, Table, TimeVariable, Variable

from orangecontrib.imageembedding.files.scan import natural_key
from orangecontrib.imageembedding.tables.cluster_columns import with_metas


def with_photo_data(table: Table, photos: Sequence[tuple[float, str, float, float]]) -> Table:
    """Get a table of images with what their files tell of time, camera and place.

    Parameters
    ----------
    table : Table
        Of images.
    photos : sequence of (float, str, float, float)
        For each row: seconds from 1970 on, camera, degrees north and east; NaN and "" where the
        file does not tell.

    Returns
    -------
    table : Table
        With metas ``date taken``, ``camera``, ``latitude`` and ``longitude``: those of them that
        some file tells.
    """
    cameras = sorted({camera for _, camera, *_ in photos} - {""}, key=natural_key)
    columns: list[Variable] = [
        TimeVariable("date taken", have_date=1, have_time=1),
        DiscreteVariable("camera", cameras),
        ContinuousVariable("latitude", number_of_decimals=6),
        ContinuousVariable("longitude", number_of_decimals=6),
    ]
    codes = {name: float(code) for code, name in enumerate(cameras)}
    codes[""] = np.nan
    told = np.array([(taken, codes[camera], *place) for taken, camera, *place in photos], float)
    told = told.reshape(-1, len(columns))
    some = [i for i in range(len(columns)) if not np.isnan(told[:, i]).all()]
    if not some:
        return table
    return with_metas(table, [columns[i] for i in some], [told[:, i] for i in some])
