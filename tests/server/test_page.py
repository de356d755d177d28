"""The page at ``/``, in a real browser."""

import base64
import contextlib
import json
import os
import shutil
import subprocess
import time

import httpx
import pytest
from pictures import encoded, picture
from server_fixtures import running, tiny_app

from orangecontrib.imageembedding.server.page import SKETCHES

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
SKETCH = SKETCHES / "cat" / "cat-01.png"

DROP = """(async () => {
  const data = await (await fetch('/sketches/cat/cat-01.png')).blob();
  const transfer = new DataTransfer();
  transfer.items.add(new File([data], 'mine.png', {type: 'image/png'}));
  document.getElementById('drop').dispatchEvent(
    new DragEvent('drop', {dataTransfer: transfer, bubbles: true, cancelable: true}));
})()"""
NEAREST = "[...document.querySelectorAll('#nearest img')].map(image => image.alt).join()"


class Browser:
    """Chromium without a window, driven through a pipe."""

    def __init__(self, folder):
        from_us, to_browser = os.pipe()
        from_browser, to_us = os.pipe()
        flags = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync",
                 "--disable-background-networking", "--disable-component-update",
                 "--remote-debugging-pipe", f"--user-data-dir={folder}",
                 "--window-size=900,1100"]  # fmt: skip
        self.process = subprocess.Popen(
            [CHROMIUM, *flags], pass_fds=(3, 4), stderr=subprocess.DEVNULL,
            preexec_fn=lambda: (os.dup2(from_us, 3), os.dup2(to_us, 4)),
        )  # fmt: skip
        os.close(from_us)
        os.close(to_us)
        self.sending = os.fdopen(to_browser, "wb", 0)
        self.receiving = os.fdopen(from_browser, "rb")
        self.number = 0
        self.session = None
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        attached = self.ask("Target.attachToTarget", targetId=target, flatten=True)
        self.session = attached["sessionId"]

    def ask(self, method, **params):
        self.number += 1
        request = {"id": self.number, "method": method, "params": params}
        if self.session is not None:
            request["sessionId"] = self.session
        self.sending.write(json.dumps(request).encode() + b"\0")
        while True:
            data = bytearray()
            while (byte := self.receiving.read(1)) != b"\0":
                assert byte, "the browser has gone"
                data += byte
            message = json.loads(data)
            if message.get("id") == self.number:
                assert "error" not in message, message
                return message["result"]

    def value(self, script):
        found = self.ask("Runtime.evaluate", expression=script, awaitPromise=True)
        return found["result"].get("value")

    def open(self, url):
        self.ask("Page.navigate", url=url)
        ready = "document.readyState == 'complete' && document.querySelectorAll('option').length"
        self.wait_for(ready, lambda n_options: n_options == 1)

    def wait_for(self, script, is_right):
        end = time.monotonic() + 30
        while not is_right(self.value(script)):
            assert time.monotonic() < end, self.value("document.body.innerText")
            time.sleep(0.05)
        return self.value(script)

    def close(self):
        self.sending.close()
        self.receiving.close()
        self.process.kill()
        self.process.wait()


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    if CHROMIUM is None:
        pytest.skip("no Chromium here")
    with contextlib.closing(Browser(tmp_path_factory.mktemp("profile"))) as browser:
        yield browser


def test_a_dropped_picture_shows_its_nearest_sketches(browser):
    with running(tiny_app()) as url:
        browser.open(url)
        browser.value(DROP)
        found = browser.wait_for(NEAREST, lambda names: names.count(",") == 5)
        assert found.startswith("cat/cat-01.png")
        assert "12 numbers" in browser.value("document.getElementById('said').innerText")
        shown = "[...document.querySelectorAll('img')].every(image => image.naturalWidth > 0)"
        browser.wait_for(shown, bool)
        if "PAGE_PICTURE" in os.environ:
            picture = browser.ask("Page.captureScreenshot", format="png")["data"]
            with open(os.environ["PAGE_PICTURE"], "wb") as file:
                file.write(base64.b64decode(picture))


def test_a_chosen_file_that_is_no_image_is_told(browser, tmp_path):
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"no image")
    with running(tiny_app()) as url:
        browser.open(url)
        root = browser.ask("DOM.getDocument")["root"]["nodeId"]
        node = browser.ask("DOM.querySelector", nodeId=root, selector="#file")["nodeId"]
        browser.ask("DOM.setFileInputFiles", nodeId=node, files=[str(bad)])
        said = browser.wait_for("document.getElementById('said').className", lambda name: name)
        assert said == "wrong"
        assert "cannot be embedded" in browser.value("document.getElementById('said').innerText")


def test_the_page_tells_how_to_connect_and_loads_nothing_from_elsewhere():
    with running(tiny_app()) as url:
        page = httpx.get(url)
        assert f"--server {url}" in page.text
        assert "tiny" in page.text
        assert "default-src 'none'" in page.headers["Content-Security-Policy"]
        for part in ("page.js", "page.css"):
            assert httpx.get(f"{url}/page/{part}").status_code == 200
        for path in ("/page/page.py", "/page/..%2fapp.py", "/sketches/cat/..%2f..%2fdemo.py",
                     "/sketches/cat/none.png"):  # fmt: skip
            assert httpx.get(url + path).status_code == 404


def test_the_nearest_sketches_come_best_first():
    with running(tiny_app()) as url:
        answer = httpx.post(f"{url}/nearest/tiny", content=SKETCH.read_bytes(), timeout=30).json()
        assert answer["nearest"][0] == {"sketch": "cat/cat-01.png", "similarity": 1.0}
        similarities = [one["similarity"] for one in answer["nearest"]]
        assert similarities == sorted(similarities, reverse=True)
        assert httpx.post(f"{url}/nearest/tiny", content=b"bad").status_code == 422
        assert httpx.post(f"{url}/nearest/x", content=encoded(picture())).status_code == 404
