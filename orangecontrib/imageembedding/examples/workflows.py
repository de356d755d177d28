"""Run a workflow file in Orange's own engine with the real widgets, without the canvas."""

from __future__ import annotations

import contextlib
import os
import sys
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from AnyQt.QtCore import QCoreApplication, QEvent, QEventLoop, Qt, QTimer, qInstallMessageHandler
from AnyQt.QtWidgets import QApplication
from Orange.canvas.config import Config
from orangecanvas import config as canvas_config
from orangecanvas.registry import WidgetRegistry, set_global_registry
from orangecanvas.scheme.readwrite import scheme_load
from orangewidget.settings import set_widget_settings_dir_components
from orangewidget.utils.signals import LazyValue
from orangewidget.widget import OWBaseWidget
from orangewidget.workflow.widgetsscheme import WidgetsScheme

from orangecontrib.imageembedding.errors import WorkflowError

SETTLED_S = 0.2
NO_SCREEN = "This plugin does not support "

_kept_alive: list[QApplication] = []  # Qt crashes when Python lets go of the application


def application(settings_folder: str | Path) -> QApplication:
    """Get the application; the user's settings are neither read nor changed.

    Parameters
    ----------
    settings_folder : str or Path
        Where widgets store their settings.
    """
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    qInstallMessageHandler(_tell_of_qt)
    QCoreApplication.setAttribute(Qt.AA_ShareOpenGLContexts)  # wanted by the report's web view
    app = QApplication.instance() or QApplication(sys.argv[:1])
    _kept_alive.append(app)
    app.setQuitOnLastWindowClosed(False)
    QCoreApplication.setOrganizationName("imageembedding-workflow-run")
    QCoreApplication.setApplicationName("Orange")
    set_widget_settings_dir_components(str(settings_folder), "run")
    return app


def _tell_of_qt(kind: object, context: object, message: str) -> None:
    """Write Qt's messages to stderr, but that a screen which is not there takes no sizes."""
    if not message.startswith(NO_SCREEN):
        sys.stderr.write(f"{message}\n")


class Workflow:
    """A loaded workflow.

    Parameters
    ----------
    scheme : WidgetsScheme
        With widgets for all its nodes.
    failures : list of str
        Grows by what goes wrong in widgets while the workflow runs.
    """

    def __init__(self, scheme: WidgetsScheme, failures: list[str]) -> None:
        self._scheme = scheme
        self._failures = failures
        self._outputs: dict[tuple[str, str], Any] = {}
        signals = scheme.signal_manager
        send = signals.send

        def record_and_send(
            widget: OWBaseWidget, channel: str, value: object, *rest: object
        ) -> object:
            self._outputs[scheme.node_for_widget(widget).title, channel] = value
            return send(widget, channel, value, *rest)

        signals.send = record_and_send  # the manager's own record omits unlinked outputs

    @property
    def titles(self) -> list[str]:
        """Titles of the nodes."""
        return [node.title for node in self._scheme.nodes]

    def widget(self, title: str) -> OWBaseWidget:
        """Get the widget of the node with a title."""
        for node in self._scheme.nodes:
            if node.title == title:
                return self._scheme.widget_for_node(node)
        raise KeyError(title)

    def output(self, title: str, channel: str) -> Any:
        """Get what a node has sent last, by the name of the output; None if nothing."""
        value: Any = self._outputs.get((title, channel))
        return value.get_value() if LazyValue.is_lazy(value) else value

    def settle(self, timeout_s: float = 300.0) -> None:
        """Let signals flow until every widget has done its work.

        Raises
        ------
        WorkflowError
            If it takes longer than `timeout_s`, an exception was raised in a widget, or a
            widget shows an error; the message names them.
        """
        self._scheme.signal_manager.resume()
        self._scheme.signal_manager.start()
        loop = QEventLoop()
        deadline = time.monotonic() + timeout_s
        quiet_since = None
        while quiet_since is None or time.monotonic() - quiet_since < SETTLED_S:
            QTimer.singleShot(20, loop.quit)
            loop.exec()
            if busy := self._busy():
                quiet_since = None
                if time.monotonic() > deadline:
                    raise WorkflowError(f"not at rest after {timeout_s} s: {', '.join(busy)}")
            elif quiet_since is None:
                quiet_since = time.monotonic()
        failures = self._failures + self._errors_shown()
        if failures:
            raise WorkflowError("\n".join(failures))

    def _busy(self) -> list[str]:
        signals = self._scheme.signal_manager
        nodes = {*signals.blocking_nodes(), *signals.invalidated_nodes(), *signals.active_nodes()}
        busy = [node.title for node in nodes]
        busy += [title for title in self.titles if self.widget(title).processingState]
        return [*busy, "signals"] if signals.has_pending() else busy

    def _errors_shown(self) -> list[str]:
        return [
            f"{title}: {message}"
            for title in self.titles
            for group in self.widget(title).message_groups
            if isinstance(group, OWBaseWidget.Error)
            for message in group.active
        ]


@contextlib.contextmanager
def open_workflow(path: str | Path) -> Iterator[Workflow]:
    """Load a workflow file, with all its widgets; close them at the end.

    Parameters
    ----------
    path : str or Path
        An ``.ows`` file; needs `application` first.

    Yields
    ------
    workflow : Workflow
        At rest until `Workflow.settle` is called.

    Raises
    ------
    WorkflowError
        If a node or a link cannot be made.
    """
    path = Path(path).resolve()
    failures: list[str] = []
    errors: list[Exception] = []
    # Qt ends the process on an exception in a slot, unless somebody takes it.
    hook, sys.excepthook = (
        sys.excepthook,
        lambda *error: failures.append("".join(traceback.format_exception(*error))),
    )
    scheme = WidgetsScheme(env={"basedir": str(path.parent)})
    scheme.signal_manager.pause()
    scheme.widget_manager.set_creation_policy(scheme.widget_manager.OnDemand)
    try:
        with path.open("rb") as file:
            scheme_load(scheme, file, registry=_registry(), error_handler=errors.append)
        missing = [node.title for node in scheme.nodes if scheme.widget_for_node(node) is None]
        if errors or missing:
            raise WorkflowError(f"{path} cannot be loaded: {errors} {missing} {failures}")
        yield Workflow(scheme, failures)
    finally:
        QCoreApplication.sendEvent(scheme, QEvent(QEvent.Close))
        scheme.clear()
        for _ in range(3):
            QCoreApplication.sendPostedEvents(None, QEvent.DeferredDelete)
            QCoreApplication.processEvents()
        sys.excepthook = hook


def _registry() -> WidgetRegistry:
    canvas_config.set_default(Config())
    registry = WidgetRegistry()
    Config.widget_discovery(registry).run(Config.widgets_entry_points())
    set_global_registry(registry)
    return registry
