"""Widgets are waited for as long as a busy computer needs."""

import pytest
from AnyQt.QtCore import QSettings
from orangewidget.tests import base

PATIENCE_MS = 60_000

for waits in (
    base.WidgetTest.process_events,
    base.WidgetTest.wait_until_finished,
    base.WidgetTest.wait_until_stop_blocking,
    base.WidgetTest.get_output,
):
    waits.__defaults__ = tuple(
        PATIENCE_MS if value == base.DEFAULT_TIMEOUT else value for value in waits.__defaults__
    )


@pytest.fixture(autouse=True)
def _own_settings(tmp_path):
    """No test reads or writes what the user's widgets remember."""
    QSettings.setDefaultFormat(QSettings.IniFormat)
    QSettings.setPath(QSettings.IniFormat, QSettings.UserScope, str(tmp_path / "settings"))
