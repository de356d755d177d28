import asyncio
import email.utils
import gzip
import socket
import sqlite3
import sys
import time

import pytest
from authority import self_signed, server_context
from web_server import in_turn, say, web_server

from orangecontrib.imageembedding.errors import FetchError
from orangecontrib.imageembedding.http import retry
from orangecontrib.imageembedding.images import web, webcache
from orangecontrib.imageembedding.images.fetch import fetch


@pytest.fixture
def server():
    with web_server() as running:
        running.routes["/image"] = say()
        yield running


@pytest.fixture(autouse=True)
def pauses(monkeypatch):
    """Record the pauses between tries instead of waiting."""
    seconds = []
    sleep = asyncio.sleep

    async def note(pause_s):
        seconds.append(pause_s)
        await sleep(0)

    monkeypatch.setattr(retry.asyncio, "sleep", note)
    monkeypatch.setattr(retry.random, "uniform", lambda low, high: 1.0)
    return seconds


def reason_of(url):
    with pytest.raises(FetchError) as caught:
        fetch(url)
    assert caught.value.location == url
    return caught.value.reason


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def date(seconds_from_now=0.0):
    return email.utils.formatdate(time.time() + seconds_from_now, usegmt=True)


# What is asked


def test_an_image_is_read(server):
    assert fetch(f"{server.url}/image") == b"data"
    assert fetch(f"{server.url}/image#fragment") == b"data"
    assert server.asked("/image") == 2


def test_a_request_tells_nothing_of_the_user_or_the_computer(server, monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login ann password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    fetch(f"{server.url}/image")
    headers = dict(server.requests[0][1])
    assert headers.pop("User-Agent") == "Orange3-ImageEmbedding"
    assert headers.pop("Host") in server.url
    assert set(headers) == {"Accept", "Accept-Encoding", "Connection"}


def test_no_cookies_are_kept(server):
    server.routes["/image"] = say(Set_Cookie="id=17; Path=/")
    with web.Web() as downloads:
        for _ in range(2):
            downloads.submit(f"{server.url}/image").result()
    assert [headers["Cookie"] for _, headers in server.requests] == [None, None]


def test_one_connection_serves_many_images(server):
    with web.Web() as downloads:
        for _ in range(5):
            assert downloads.submit(f"{server.url}/image").result() == b"data"
    assert server.asked("/image") == 5
    assert server.n_connections == 1


def test_a_packed_answer_is_unpacked(server):
    server.routes["/image"] = say(body=gzip.compress(b"data"), Content_Encoding="gzip")
    assert fetch(f"{server.url}/image") == b"data"


# Redirects


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_followed(server, status):
    server.routes["/moved"] = say(status, b"elsewhere", Location="/image")
    assert fetch(f"{server.url}/moved") == b"data"


def test_a_redirect_in_a_circle_is_an_error(server):
    server.routes["/a"] = say(302, Location="/b")
    server.routes["/b"] = say(302, Location="/a")
    assert reason_of(f"{server.url}/a") == "the server redirects in a circle"
    assert server.asked("/a") == 1


def test_redirects_without_end_are_an_error(server):
    for i in range(99):
        server.routes[f"/{i}"] = say(302, Location=f"/{i + 1}")
    assert reason_of(f"{server.url}/0") == "redirected more than 10 times"
    assert len(server.requests) == 11


def test_a_redirect_cannot_point_to_a_file_of_this_computer(server, tmp_path):
    (tmp_path / "secret").write_bytes(b"secret")
    server.routes["/a"] = say(302, Location=(tmp_path / "secret").as_uri())
    assert "not a web address" in reason_of(f"{server.url}/a")


# Failures and their reasons


@pytest.mark.parametrize("status", [204, 206, 400, 401, 403, 404, 410, 413, 501])
def test_a_final_answer_is_an_error_at_the_first_try(server, status, pauses):
    server.routes["/a"] = say(status, b"")
    assert f"the server answers {status} (" in reason_of(f"{server.url}/a")
    assert server.asked("/a") == 1
    assert pauses == []


def test_the_reason_has_the_words_of_the_server(server):
    assert reason_of(f"{server.url}/other") == "the server answers 404 (Not Found)"


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_a_passing_failure_is_tried_three_times_with_growing_pauses(server, status, pauses):
    server.routes["/a"] = say(status)
    assert f"the server answers {status}" in reason_of(f"{server.url}/a")
    assert server.asked("/a") == 3
    assert pauses == [0.5, 1.0]


def test_a_failure_that_passes_is_none(server):
    server.routes["/a"] = in_turn(say(503), say(429), say())
    assert fetch(f"{server.url}/a") == b"data"


@pytest.mark.parametrize(("wish", "pause_s"), [("7", 7.0), ("0", 0.5), ("nonsense", 0.5)])
def test_a_server_may_ask_for_a_pause(server, pauses, wish, pause_s):
    server.routes["/a"] = in_turn(say(503, Retry_After=wish), say())
    assert fetch(f"{server.url}/a") == b"data"
    assert pauses == [pause_s]


def test_a_server_may_ask_for_a_pause_until_a_time(server, pauses):
    server.routes["/a"] = in_turn(say(503, Retry_After=date(20)), say())
    assert fetch(f"{server.url}/a") == b"data"
    assert pauses == [pytest.approx(20, abs=3)]


def test_a_server_that_asks_for_a_long_pause_is_not_asked_again(server, pauses):
    server.routes["/a"] = say(429, Retry_After="3600")
    assert "429" in reason_of(f"{server.url}/a")
    assert server.asked("/a") == 1
    assert pauses == []


def test_pauses_differ_so_that_clients_do_not_come_back_together(server, pauses, monkeypatch):
    factors = iter([0.5, 1.5])
    monkeypatch.setattr(retry.random, "uniform", lambda low, high: next(factors))
    server.routes["/a"] = say(500)
    reason_of(f"{server.url}/a")
    assert pauses == [0.25, 1.5]


def test_a_server_that_is_not_there_is_tried_again(pauses):
    assert reason_of(f"http://127.0.0.1:{free_port()}/a") == "connection refused"
    assert pauses == [0.5, 1.0]


def test_a_host_name_that_does_not_exist_is_not_tried_again(monkeypatch, pauses):
    def unknown(*args, **kwargs):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert reason_of("http://images.example/a") == "host name not found"
    assert pauses == []


def test_a_host_that_cannot_be_reached_is_given_up(monkeypatch, server):
    gone = f"http://127.0.0.1:{free_port()}"
    with web.Web() as downloads:
        reasons = [downloads.submit(f"{gone}/{i}").exception().reason for i in range(10)]
        assert downloads.submit(f"{server.url}/image").result() == b"data"
    assert reasons[:8] == ["connection refused"] * 8
    assert reasons[8:] == ["not tried: 8 others from the same server failed to connect"] * 2


def test_a_server_that_does_not_answer_is_an_error(server, monkeypatch, pauses):
    monkeypatch.setattr(web, "READ_TIMEOUT_S", 0.05)
    server.routes["/a"] = lambda handler: server.released.wait(30)
    assert reason_of(f"{server.url}/a") == "no answer within 0.05 s"
    assert server.asked("/a") == 3


@pytest.mark.parametrize("part", ["headers", "body"])
def test_a_server_that_trickles_bytes_cannot_hold_a_row(server, monkeypatch, part):
    def trickle(handler):
        head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n" + b"\r\n" * (part == "body")
        handler.wfile.write(head)
        while not server.released.wait(0.02):
            handler.wfile.write(b"x")

    server.routes["/a"] = trickle
    monkeypatch.setattr(web, "DEADLINE_S", 0.3)
    began = time.monotonic()
    assert reason_of(f"{server.url}/a") == "not complete within 0.3 s"
    assert time.monotonic() - began < 10


def test_an_answer_that_breaks_off_is_asked_for_again_and_is_never_taken_for_whole(server, pauses):
    def cut(handler):
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")
        handler.close_connection = True

    server.routes["/a"] = in_turn(cut, say())
    assert fetch(f"{server.url}/a") == b"data"
    server.routes["/b"] = cut
    assert reason_of(f"{server.url}/b") == "the connection was lost"
    assert server.asked("/b") == 3


def test_an_empty_answer_is_an_error(server):
    server.routes["/a"] = say(body=b"")
    assert reason_of(f"{server.url}/a") == "empty file"


def test_an_image_that_says_it_is_too_large_is_refused_before_it_is_read(server, monkeypatch):
    def announce(handler):
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2000001\r\n\r\n")
        handler.wfile.flush()
        server.released.wait(30)

    monkeypatch.setattr(web, "MAX_BYTES", 2_000_000)
    server.routes["/a"] = announce
    assert reason_of(f"{server.url}/a") == "larger than 1 MB"


@pytest.mark.parametrize("packed", [False, True])
def test_an_image_that_turns_out_too_large_is_not_read_to_its_end(server, monkeypatch, packed):
    def unending(handler):
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
        handler.wfile.write(b"Content-Encoding: gzip\r\n\r\n" if packed else b"\r\n")
        handler.wfile.write(gzip.compress(bytes(3_000_000)) if packed else bytes(3_000_000))
        handler.wfile.flush()
        server.released.wait(30)

    monkeypatch.setattr(web, "MAX_BYTES", 2_000_000)
    server.routes["/a"] = unending
    assert reason_of(f"{server.url}/a") == "larger than 1 MB"


@pytest.mark.parametrize(
    "url",
    ["http://", "http:///a.png", "http:a.png", "http://[::1/a", "https://a b/", "http://a:x/"],
)
def test_what_is_no_address_has_a_reason(url):
    assert reason_of(url)


def test_a_name_that_is_too_long_has_a_reason():
    assert reason_of(f"http://{'a' * 70}.example/a.png")


def test_a_certificate_that_nobody_vouches_for_is_not_asked_for_again(tmp_path, pauses):
    with web_server(server_context(*self_signed(tmp_path))) as server:
        assert reason_of(f"{server.url}/a").startswith("certificate not accepted: ")
        assert server.requests == []
    assert pauses == []


# Proxies


def test_https_goes_through_its_proxy(server, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", server.url)
    reason = reason_of("https://images.example/a.png")
    assert reason.startswith("the proxy refused: 501")  # the server knows no CONNECT


def test_no_proxy_is_an_exception(server, monkeypatch):
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    assert fetch(f"{server.url}/image") == b"data"
    monkeypatch.setenv("NO_PROXY", "example.org")
    assert reason_of(f"{server.url}/image") == "connection refused"


@pytest.mark.parametrize("proxy", ["nonsense://host", "http://host:port", "socks5://127.0.0.1:9"])
def test_a_proxy_variable_that_makes_no_sense_is_an_error(server, monkeypatch, proxy):
    monkeypatch.setenv("http_proxy", proxy)
    monkeypatch.setitem(sys.modules, "socksio", None)  # an optional package
    assert "the proxy set on this computer cannot be used" in reason_of(f"{server.url}/image")


# The end


def test_the_end_breaks_off_what_is_under_way(server):
    server.routes["/a"] = lambda handler: server.released.wait(30)
    with web.Web() as downloads:
        future = downloads.submit(f"{server.url}/a")
    began = time.monotonic()
    with pytest.raises(Exception):  # noqa: B017, PT011 - cancelled, by the words of any version
        future.result(10)
    assert future.cancelled()
    assert time.monotonic() - began < 5


# The cache


def test_what_is_fresh_is_not_asked_for_again(server):
    server.routes["/a"] = say(Cache_Control="max-age=60")
    assert [fetch(f"{server.url}/a") for _ in range(3)] == [b"data"] * 3
    assert server.asked("/a") == 1
    assert len(list(webcache.CACHE.path.parent.iterdir())) >= 1


def test_the_cache_lies_in_the_users_cache_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    if sys.platform == "linux":
        assert webcache.CACHE.path == tmp_path / "Orange3-ImageEmbedding" / "web.sqlite"


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        ({"ETag": '"1"'}, ("If-None-Match", '"1"')),
        ({"Last_Modified": "Mon, 02 Jan 2023 00:00:00 GMT", "Cache_Control": "max-age=0"},
         ("If-Modified-Since", "Mon, 02 Jan 2023 00:00:00 GMT")),
    ],
)  # fmt: skip
def test_what_is_stale_is_asked_for_only_if_it_has_changed(server, given, asked):
    server.routes["/a"] = in_turn(say(**given), say(304, b""), say(body=b"new", **given))
    assert fetch(f"{server.url}/a") == b"data"
    assert fetch(f"{server.url}/a") == b"data"
    assert fetch(f"{server.url}/a") == b"new"
    name, value = asked
    assert [headers[name] for _, headers in server.requests] == [None, value, value]


def test_what_the_server_confirms_is_fresh_again(server):
    server.routes["/a"] = in_turn(
        say(ETag='"1"', Cache_Control="max-age=0"),
        say(304, b"", ETag='"1"', Cache_Control="max-age=60"),
    )
    assert [fetch(f"{server.url}/a") for _ in range(4)] == [b"data"] * 4
    assert server.asked("/a") == 2


@pytest.mark.parametrize("allowed", ["no-store", "no-store, max-age=60"])
def test_what_must_not_be_kept_is_not_kept(server, allowed):
    server.routes["/a"] = say(Cache_Control=allowed, ETag='"1"')
    fetch(f"{server.url}/a")
    assert webcache.look_up(f"{server.url}/a") is None


def test_parts_of_one_page_are_kept_as_one(server):
    server.routes["/a"] = say(Cache_Control="max-age=60")
    assert [fetch(f"{server.url}/a#{part}") for part in "bc"] == [b"data"] * 2
    assert server.asked("/a") == 1


def test_errors_are_not_kept(server):
    server.routes["/a"] = in_turn(say(404, Cache_Control="max-age=60"), say())
    reason_of(f"{server.url}/a")
    assert fetch(f"{server.url}/a") == b"data"


def test_behind_a_redirect_the_cache_holds_too(server):
    server.routes["/moved"] = say(302, Location="/a")
    server.routes["/a"] = say(Cache_Control="max-age=60")
    assert fetch(f"{server.url}/moved") == b"data"
    assert fetch(f"{server.url}/moved") == b"data"
    assert (server.asked("/moved"), server.asked("/a")) == (2, 1)


NOW = 1_700_000_000.0


def at(offset_s):
    return email.utils.formatdate(NOW + offset_s, usegmt=True)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 0),
        ({"cache-control": "max-age=60"}, 60),
        ({"cache-control": 'public, MAX-AGE="60"'}, 60),
        ({"cache-control": "max-age=60, no-cache"}, 0),
        ({"cache-control": "max-age=nonsense", "expires": at(60)}, 0),
        ({"cache-control": "max-age=60", "age": "20"}, 40),
        ({"cache-control": "max-age=60", "date": at(-15)}, 45),
        ({"cache-control": "max-age=60", "date": at(100)}, 60),
        ({"cache-control": "max-age=60", "age": "90"}, 0),
        ({"expires": at(60), "date": at(0)}, 60),
        ({"expires": at(60), "date": at(0), "cache-control": "max-age=5"}, 5),
        ({"expires": "0", "date": at(0)}, 0),
        ({"last-modified": at(-1000), "date": at(0)}, 100),
        ({"last-modified": at(-10_000_000), "date": at(0)}, 86400),
    ],
)
def test_how_long_an_answer_is_fresh(headers, seconds):
    assert webcache.fresh_for_s(headers, NOW) == pytest.approx(seconds)


FOR_A_MINUTE = {"cache-control": "max-age=60"}


def test_a_huge_image_does_not_push_out_all_others(monkeypatch):
    monkeypatch.setattr(webcache, "MAX_ENTRY_BYTES", 100)
    webcache.keep("a", FOR_A_MINUTE, bytes(101))
    assert webcache.look_up("a") is None


def test_a_damaged_entry_is_not_used(server):
    server.routes["/a"] = say(Cache_Control="max-age=60")
    fetch(f"{server.url}/a")
    with sqlite3.connect(webcache.CACHE.path) as base:
        base.execute("UPDATE answers SET body = ?", (b"dat\0",))
    base.close()
    assert fetch(f"{server.url}/a") == b"data"
    assert server.asked("/a") == 2
