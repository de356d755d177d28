"""The matrix of CI, where the interpreters are: ``nox --list``, ``nox -s newest-PyQt6``."""

import nox

nox.options.default_venv_backend = "venv"
nox.options.error_on_missing_interpreters = False
PYTHONS = ["3.10", "3.11", "3.12", "3.13", "3.14"]
# The lower bounds of pyproject.toml, which say more than that something newer works.
OLDEST = ["Orange3==3.38.1", "Pillow==11.0.0", "tifffile==2024.8.10", "simplejpeg==1.8.2"]


WEB_ENGINE = {"PyQt5": "PyQtWebEngine", "PyQt6": "PyQt6-WebEngine"}


def run_tests(session: nox.Session, qt: str, constraints: list[str]) -> None:
    """Install the package with one Qt, and run all tests without a screen."""
    session.install(".[test]", qt, WEB_ENGINE[qt], *constraints)
    env = {"QT_QPA_PLATFORM": "offscreen", "QT_API": qt.lower()}
    session.run("pytest", *session.posargs, env=env)


@nox.session(python=PYTHONS, name="newest-PyQt6")
def newest_pyqt6(session: nox.Session) -> None:
    """Test with the newest releases of everything."""
    run_tests(session, "PyQt6", [])


@nox.session(python=PYTHONS[:3], name="newest-PyQt5")
def newest_pyqt5(session: nox.Session) -> None:
    """Test with the newest releases and the older Qt."""
    run_tests(session, "PyQt5", [])


@nox.session(python="3.10", name="oldest-PyQt5")
def oldest_pyqt5(session: nox.Session) -> None:
    """Test with the oldest releases that pyproject.toml admits."""
    run_tests(session, "PyQt5", OLDEST)
