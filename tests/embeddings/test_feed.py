"""How far downloads run ahead, without any network."""

from concurrent.futures import Future

import pytest

from orangecontrib.imageembedding.embeddings import feed as module
from orangecontrib.imageembedding.embeddings.feed import Feed, Items
from orangecontrib.imageembedding.errors import FetchError


class FakeWeb:
    def __init__(self):
        self.futures = {}
        self.is_closed = False

    def submit(self, url):
        self.futures[url] = Future()
        return self.futures[url]

    def __exit__(self, *error):
        self.is_closed = True


@pytest.fixture
def web(monkeypatch):
    web = FakeWeb()
    monkeypatch.setattr("orangecontrib.imageembedding.images.web.Web", lambda: web)
    return web


def feed_of(locations, batch_size):
    items = Items(locations)
    return Feed(items, items.locations(), batch_size)


def urls(n):
    return [f"http://images.example/{i}" for i in range(n)]


def bring(feed, web, n_bytes=10):
    """Let everything under way come in."""
    for future in feed.begin_downloads():
        future.set_result(bytes(n_bytes))
        feed.take_in(future)


def test_no_web_address_needs_no_web(monkeypatch):
    monkeypatch.setattr("orangecontrib.imageembedding.images.web.Web", None)
    with feed_of(["a", "", "data:,x"], 2) as feed:
        assert feed.begin_downloads() == []
        assert [item.location for item in feed.next_batch(True)] == ["a", ""]
        assert [item.location for item in feed.next_batch(True)] == ["data:,x"]
        assert feed.next_batch(True) == []


def test_downloads_stop_at_four_batches_that_nobody_takes(web):
    with feed_of(urls(100), batch_size=3) as feed:
        for _ in range(10):
            bring(feed, web)
        assert len(web.futures) == 12
        feed.done(feed.next_batch(False))
        bring(feed, web)
        assert len(web.futures) == 15


def test_downloads_stop_at_so_many_bytes_until_they_are_embedded(web, monkeypatch):
    monkeypatch.setattr(module, "MAX_WAITING_BYTES", 100)
    with feed_of(urls(100), batch_size=3) as feed:
        feed.begin_downloads()
        bring(feed, web, n_bytes=20)
        assert len(web.futures) == 8
        batches = [feed.next_batch(False) for _ in range(3)]
        assert [len(batch) for batch in batches] == [3, 3, 2]
        assert feed.begin_downloads() == []  # handed out, but still in memory
        feed.done(batches[0])
        assert feed.begin_downloads() == []
        feed.done(batches[1])
        assert len(feed.begin_downloads()) == 8


def test_a_full_batch_of_the_web_goes_before_files_because_it_takes_memory(web):
    with feed_of([*urls(20), "a", "b", "c"], batch_size=2) as feed:
        under_way = feed.begin_downloads()
        for i in range(3):
            under_way[i].set_result(b"x")
            feed.take_in(under_way[i])
        assert [item.location for item in feed.next_batch(False)] == urls(2)
        assert [item.location for item in feed.next_batch(False)] == ["a", "b"]
        assert [item.location for item in feed.next_batch(False)] == ["c"]
        assert feed.next_batch(False) == []
        assert [item.location for item in feed.next_batch(True)] == urls(3)[2:]


def test_a_failed_download_takes_no_memory(web, monkeypatch):
    monkeypatch.setattr(module, "N_DOWNLOADS", 1)
    with feed_of(urls(2), batch_size=1) as feed:
        (first,) = feed.begin_downloads()
        first.set_exception(FetchError(urls(1)[0], "gone"))
        ((item, error),) = feed.take_in(first)
        assert (item.rows, error.reason) == ((0,), "gone")
        assert feed.next_batch(True) == []
        assert len(feed.begin_downloads()) == 1


def test_the_end_breaks_off_the_downloads(web):
    with feed_of(urls(20), batch_size=3) as feed:
        feed.begin_downloads()
    assert web.is_closed


def test_the_last_files_are_shared_among_the_workers():
    items = Items([str(i) for i in range(21)])
    with Feed(items, items.locations(), batch_size=8, n_shares=4) as feed:
        sizes = []
        while batch := feed.next_batch(True):
            sizes.append(len(batch))
    assert sizes == [6, 4, 3, 2, 2, 1, 1, 1, 1]
