"""The commands of doc/server.md, as an operator types them."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from pictures import encoded, picture
from server_fixtures import serving
from test_remote import self_signed

from orangecontrib.imageembedding.__main__ import _parser

PAGE = (Path(__file__).parents[2] / "doc" / "server.md").read_text("utf-8")
SERVES = re.findall(r"image-embedding (serve(?: --[^\n`]+)?)$", PAGE, re.MULTILINE)
OPTIONS = set(re.findall(r"^\| `(--[a-z-]+)", PAGE, re.MULTILINE))


@pytest.mark.parametrize("command", SERVES)
def test_every_command_that_serves_is_understood(command):
    assert _parser().parse_args(shlex.split(command)).command == "serve"


def test_every_option_of_the_table_exists():
    known = subprocess.run(
        [sys.executable, "-m", "orangecontrib.imageembedding", "serve", "--help"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert len(OPTIONS) >= 6
    assert all(option in known for option in OPTIONS)


@pytest.mark.skipif(
    not all(map(shutil.which, ("bash", "openssl", "curl"))), reason="bash, openssl or curl missing"
)
def test_a_server_with_key_and_certificate_answers_curl_as_told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    cert, key = self_signed(tmp_path)
    Path(cert).replace("cert.pem")
    Path(key).replace("key.pem")
    Path("cat.jpg").write_bytes(encoded(picture(1, 300, 200), "JPEG"))
    (make_key,) = re.findall(r"^    (\(umask .*\))$", PAGE, re.MULTILINE)
    subprocess.run(["bash", "-c", make_key], check=True, capture_output=True)
    assert Path("key.txt").stat().st_mode & 0o077 == 0
    (told,) = [line for line in SERVES if "--certfile" in line and "/etc" not in line]
    options = shlex.split(told.removeprefix("serve").replace("0.0.0.0", "127.0.0.1"))
    curls = re.findall(r"`(curl [^`]+)`", PAGE)
    with serving(*options, "--no-cache") as (_, url):
        for curl in curls:
            words = curl.replace("http://host:8000", url).replace("resnet50", "efficientnet-lite0")
            if "http" not in words:  # told in short
                words += f' -H "Authorization: Bearer $KEY" {url}/image/efficientnet-lite0'
            script = f"KEY=$(cat key.txt); {words} -s --cacert cert.pem"
            run = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
            assert run.stdout.startswith('{"embedding":['), run.stdout
