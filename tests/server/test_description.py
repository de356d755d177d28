"""The description for programs, tried out by schemathesis: does the server do what it says?"""

import subprocess
import sys

import pytest
from server_fixtures import running, tiny_app

pytest.importorskip("schemathesis")


def test_schemathesis_finds_no_fault(tmp_path):
    code = "import sys; from schemathesis.cli import schemathesis; schemathesis()"
    with running(tiny_app()) as url:
        options = ["--max-examples=5", "--phases=coverage,fuzzing", "--generation-deterministic"]
        command = [sys.executable, "-c", code, "run", f"{url}/openapi.json", *options]
        run = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert run.returncode == 0, run.stdout
    assert "18 passed" in run.stdout
