"""Who may ask, and how requests are told apart."""

import json
import os
import signal
import ssl
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from authority import self_signed
from pictures import encoded, picture
from server_fixtures import running, serving, tiny_app

from orangecontrib.imageembedding.errors import InputError
from orangecontrib.imageembedding.server.keys import Keys

IMAGE = encoded(picture(1, 64, 48))
ALICE, BOB = "a" * 32, "b" * 32


def bearer(key):
    return {"Authorization": f"Bearer {key}"}


def test_each_key_is_counted_by_its_name(tmp_path):
    file = tmp_path / "keys"
    file.write_text(f"alice {ALICE}\n\nbob\t{BOB}\n")
    with running(tiny_app(api_key=Keys.read(str(file)))) as url:
        for key in (ALICE, ALICE, BOB):
            reply = httpx.post(f"{url}/image/tiny", content=IMAGE, headers=bearer(key))
            assert reply.status_code == 200
        assert httpx.get(f"{url}/v2", headers=bearer(ALICE)).status_code == 200
        for wrong in ("alice", f"alice {ALICE}", ALICE + "a", "x"):
            assert httpx.get(f"{url}/v2", headers=bearer(wrong)).status_code == 401
        assert httpx.get(f"{url}/v2/health/live").status_code == 200
        text = httpx.get(f"{url}/metrics", auth=("any", BOB)).text
    assert 'key_images_total{key="alice"} 2.0' in text
    assert 'key_images_total{key="bob"} 1.0' in text
    assert 'key_requests_total{key="alice"} 3.0' in text
    assert ALICE not in text


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is empty"),
        ("a\n", "too short"),
        (f"alice {ALICE}\nbob b\n", "'bob'.*too short"),
        (f"alice {ALICE} more\n", "name key"),
        (f"alice {ALICE}\nalice {BOB}\n", "name key"),
        (f"{ALICE}\n{BOB}\n", "name key"),
        (f"alice {ALICE}\nbob {ALICE}\n", "under two names"),
        ("schlüssel" * 4, "ASCII"),
    ],
)
def test_a_file_that_is_no_list_of_good_keys_is_refused(tmp_path, content, message):
    file = tmp_path / "keys"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=message):
        Keys.read(str(file))


def test_every_answer_has_the_id_of_its_request():
    with running(tiny_app(api_key=ALICE)) as url, httpx.Client(base_url=url) as client:
        answers = [
            client.get("/v2/health/live"),
            client.get("/v2"),
            client.get("/nothing", headers=bearer(ALICE)),
            client.post("/image/tiny", content=b"bad", headers=bearer(ALICE)),
            client.post("/image/tiny", content=IMAGE, headers=bearer(ALICE)),
        ]
        assert len({answer.headers["X-Request-Id"] for answer in answers}) == 5
        assert [answer.status_code for answer in answers] == [200, 401, 404, 422, 200]
        for given, is_taken in [("7f-Ä".encode(), False), ("a/b:7", True), ("x" * 129, False),
                                ("", False), ("two words", False)]:  # fmt: skip
            told = client.get("/v2", headers={"X-Request-Id": given}).headers["X-Request-Id"]
            assert (told == given) == is_taken
            assert told


def test_a_bug_is_told_in_json_with_an_id_too():
    app = tiny_app()
    app.state.service.models = None
    with running(app) as url:
        reply = httpx.post(f"{url}/image/tiny", content=IMAGE)
        assert reply.status_code == 500
        assert "bug" in reply.json()["error"]
        assert reply.headers["X-Request-Id"]


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="no SIGHUP here")
def test_keys_and_certificate_are_read_again_on_sighup_and_the_log_has_the_id(tmp_path):
    cert, key_file = map(Path, self_signed(tmp_path))
    file = tmp_path / "keys"
    file.write_text(f"alice {ALICE}\n")
    file.chmod(0o600)

    def until_log(process, text):
        while text not in (line := process.stderr.readline()):
            assert line
        return json.loads(line)

    def shown(url):
        return ssl.get_server_certificate(("127.0.0.1", httpx.URL(url).port))

    certificate = ("--certfile", str(cert), "--keyfile", str(key_file))
    with serving("--api-key-file", str(file), *certificate, "--no-cache") as (process, url):
        headers = {**bearer(ALICE), "X-Request-Id": "mine"}
        reply = httpx.post(
            f"{url}/image/efficientnet-lite0", content=IMAGE, headers=headers, verify=False
        )
        assert reply.status_code == 200
        assert until_log(process, '"request"')["request_id"] == "mine"
        for content, allowed in [(f"bob {BOB}\n", BOB), ("bad\n", BOB)]:
            file.write_text(content)
            self_signed(tmp_path)  # another one, in the same files
            process.send_signal(signal.SIGHUP)
            until_log(process, "reloaded")
            assert shown(url) == cert.read_text()  # whatever the keys are
            for key in (ALICE, BOB):
                reply = httpx.get(f"{url}/v2", headers=bearer(key), verify=False)
                assert reply.status_code == (200 if key == allowed else 401)
        process.terminate()
        assert process.wait(30) == 0


@pytest.mark.skipif(os.name != "posix", reason="rights are told otherwise here")
def test_a_file_that_others_can_read_is_warned_of(tmp_path):
    file = tmp_path / "keys"
    file.write_text(ALICE)
    for mode, is_warned in ((0o644, True), (0o600, False)):
        file.chmod(mode)
        command = [sys.executable, "-m", "orangecontrib.imageembedding", "serve", "--port", "99999",
                   "--api-key-file", str(file)]  # fmt: skip
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        assert ("chmod 600" in run.stderr) == is_warned


def test_the_page_tells_how_to_give_the_key():
    with running(tiny_app(api_key=ALICE)) as url:
        text = httpx.get(url, auth=("any", ALICE)).text
        assert f'IMAGE_EMBEDDING_API_KEY="{url} KEY"' in text
        assert 'curl -H "Authorization: Bearer KEY"' in text
        assert 'api_key="KEY"' in text
        assert "any:KEY@" in text
        assert ALICE not in text
    with running(tiny_app()) as url:
        text = httpx.get(url).text
        assert "KEY" not in text.replace("[[", "")
        assert "[[" not in text
        reply = httpx.get(f"{url}/favicon.ico")
        assert reply.headers["Content-Type"] == "image/svg+xml"
