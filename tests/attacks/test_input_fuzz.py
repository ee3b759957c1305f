"""Whatever comes from outside, at any path, is answered by what the contract knows: never by a 500 (INP-*, HOL-13).

What a view raises and nobody turns into an answer comes out of the test client as it is."""

import json
import re
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from django.urls import URLResolver, get_resolver
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from tests.configured import configured
from tests.world import PASSWORD, Api, Http, Inbox
from vestibule.service.wsgi import application
from vestibule.web.problems import PROBLEMS

ADA = "ada@example.com"
BRIEF = examples(
    derandomize=True, deadline=None, max_examples=400, database=None, suppress_health_check=list(HealthCheck)
)
SAFE = "%&=;+"
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"]
CODES = {problem.code or key for key, problem in PROBLEMS.items()}


def routes(resolver: URLResolver | None = None, before: str = "/") -> list[str]:
    """Every path of ours, as it is written in the URL configurations."""
    found = []
    for each in (resolver or get_resolver()).url_patterns:
        path = before + str(each.pattern).removesuffix("$").removesuffix("\\Z")
        found += routes(each, path) if isinstance(each, URLResolver) else [path]
    return found


JUNK = st.one_of(
    st.sampled_from(
        ["", "0", "-1", "1" * 5000, "a" * 9000, "null", "NaN", "\u0661", "../../etc/passwd", "%00", "%ff%fe", "%c0%af"]
    ),
    st.sampled_from(
        ["{0.__class__}", "{{7*7}}", "%n%s", "<script>", "' OR 1=1 --", "=" * 64, ',;,;="', "a;" * 900, "\u00ff\u00fe"]
    ),
    st.text(st.characters(max_codepoint=255, exclude_characters="\r\n\0"), max_size=40),
)
HANDLE = st.one_of(JUNK, st.binary(max_size=90).map(lambda body: urlsafe_b64encode(body).decode().rstrip("=")))
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | JUNK | HANDLE,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(JUNK, inner, max_size=3),
    max_leaves=6,
)


@st.composite
def bearers(draw: st.DrawFn) -> str:
    """JOSE junk: headers and payloads of any JSON, deep, huge, no UTF-8, or no base64 at all."""
    part = st.one_of(
        ANYTHING.map(lambda value: json.dumps(value).encode()),
        st.sampled_from(["ES256", "none", "HS256", "RS256", ["ES256"], None]).map(
            lambda alg: json.dumps({"alg": alg, "kid": "x", "crit": ["b64"], "jku": "http://127.0.0.1:9/"}).encode()
        ),
        st.sampled_from(
            [
                b"[" * 3000,
                b'{"a":' * 600,
                b"1" * 5000,
                b"\xff\xfe",
                b"{" + b'"kid":1,' * 50,
                b'{"kid":' + b"9" * 5000 + b"}",
            ]
        ),
        st.binary(max_size=40),
    ).map(lambda body: urlsafe_b64encode(body).decode().rstrip("="))
    return ".".join(draw(st.lists(part | JUNK, min_size=1, max_size=5)))


HEADERS: dict[str, st.SearchStrategy[str]] = {
    "HTTP_AUTHORIZATION": st.builds(
        "{} {}".format, st.sampled_from(["Bearer", "bearer", "Basic", "", "Digest"]), bearers() | JUNK
    ),
    "HTTP_ACCEPT": JUNK
    | st.sampled_from(
        ["*/*;q=x", "a/b; x*=nope''%41, */*", "application/*", "text/html", "a/b;" * 500, "application/json; indent=9"]
    ),
    "HTTP_ACCEPT_LANGUAGE": JUNK
    | st.sampled_from(["de-" + "x" * 9000, ",".join(["en;q=0.1"] * 900), "zh-Hant-" * 90, "\u0661"]),
    "HTTP_X_REQUEST_ID": JUNK,
    "HTTP_TRACEPARENT": JUNK | st.just("00-" + "0" * 32 + "-" + "0" * 16 + "-zz"),
    "HTTP_HOST": JUNK | st.sampled_from(["testserver", "testserver:99999", "[::1", "a@b", "testserver:443", "\u2100"]),
    "HTTP_RANGE": JUNK | st.sampled_from(["bytes=0-" + "9" * 5000, "bytes=-1", "bytes=5-1,1-2"]),
    "HTTP_IF_NONE_MATCH": JUNK | st.sampled_from(['"', 'W/"', "*", ",".join(['"x"'] * 900)]),
    "HTTP_IF_MODIFIED_SINCE": JUNK | st.just("Sun, 31 Feb 99999 99:99:99 GMT"),
    "HTTP_ORIGIN": JUNK | st.sampled_from(["null", "https://[", "https://a:b:c", "file:///"]),
    "HTTP_REFERER": JUNK | st.sampled_from(["https://[", "http://testserver:x/"]),
    "HTTP_X_FORWARDED_FOR": JUNK | st.just("1.2.3.4:5, [::1]:9, x"),
    "HTTP_X_FORWARDED_PROTO": JUNK,
    "HTTP_ACCESS_CONTROL_REQUEST_METHOD": JUNK,
    "HTTP_USER_AGENT": JUNK,
    "HTTP_SEC_FETCH_SITE": JUNK,
    "HTTP_X_HTTP_METHOD_OVERRIDE": st.sampled_from(["DELETE", "x"]),
}
COOKIES = ["session", "device", "registration", "csrf", "django_language", "messages", "sessionid"]
TYPES = [
    *(
        "application/json",
        "application/json; charset=utf-16",
        "application/json; charset=hex",
        "a/b; x*=nope''%41",
        "text/plain; charset=hex",
    ),
    *(
        "application/x-www-form-urlencoded",
        "application/x-www-form-urlencoded; charset=utf-7",
        "a",
        "",
        ";",
        "application/xml",
    ),
    *(
        "multipart/form-data",
        "multipart/form-data; boundary=x",
        "multipart/form-data; boundary=x; charset=zip",
        "text/plain; charset=idna",
    ),
    "multipart/form-data; boundary=" + "x" * 300,
]
FIELDS = 100  # more are refused; by default a thousand, which cost a tenth of a second to count
MULTIPART = [
    b"--x\r\n\r\n--x--",
    b'--x\r\nContent-Disposition: form-data; name="picture"; filename="a"\r\nContent-Transfer-Encoding: base64\r\n\r\n!'
    b"\r\n--x--",
    b'--x\r\nContent-Disposition: form-data; name="otp"\r\n\r\n\xff\xfe\x00\r\n--x--\r\n',
    b"".join(b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n' for _ in range(FIELDS + 10)) + b"--x--",
    b"--x\r\nContent-Disposition: form-data; name=\"picture\"; filename*=hex''%ff\r\n\r\nx\r\n--x--",
    b'--x\r\nContent-Disposition: form-data; name="picture"; filename="../../\x00"\r\n\r\nx\r\n--x--',
]
BODIES = st.one_of(
    ANYTHING.map(lambda value: json.dumps(value).encode()),
    st.dictionaries(
        st.sampled_from(
            ["email", "password", "otp", "registration", "token", "refresh", "device", "profile", "captcha", "reason"]
        ),
        ANYTHING | HANDLE,
        max_size=6,
    ).map(lambda value: json.dumps(value).encode()),
    st.sampled_from(
        [
            b"",
            b"[" * 5000,
            b'{"a":1,"a":2}',
            b'{"n":NaN}',
            b"\xff\xfe{}",
            b"&=&=%zz&a=%00",
            b"a=1&" * (FIELDS + 10),
            *MULTIPART,
        ]
    ),
    st.lists(
        st.tuples(st.sampled_from(["name", "email", "act", "id", "otp", "token", "csrfmiddlewaretoken", "q"]), JUNK),
        max_size=6,
    ).map(lambda pairs: "&".join(f"{name}={value}" for name, value in pairs).encode(errors="replace")),
    st.binary(max_size=60),
)


def answered(http: Http, **asked: Any) -> None:
    """Ask, and look at the answer: what the contract knows, as a problem wherever a machine asked."""
    answer = http.generic(**asked)
    where = (asked, answer.status_code)
    assert answer.status_code < 500, where
    if asked["path"].startswith("/api/") and answer.status_code >= 400 and asked["method"] != "HEAD":
        assert answer["Content-Type"] == "application/problem+json", where
        assert json.loads(answer.content)["code"] in CODES, where


@pytest.fixture
def http(house: None, inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Http]:
    """Somebody who is signed in to the pages, as long as their cookie is left alone; through our own request class, as
    the server makes it (Django's test client makes its own)."""
    monkeypatch.setattr("django.test.client.WSGIRequest", application.request_class)
    with configured(DATA_UPLOAD_MAX_NUMBER_FIELDS=FIELDS):
        http = Http()
        Api(http).account(inbox, ADA)
        http.post("/login/", {"name": ADA, "password": PASSWORD})
        yield http


ROUTES = sorted(set(routes()))


def test_inp_07_every_path_with_every_junk(http: Http) -> None:
    """INP-01, INP-02, INP-06, INP-07, INP-11, INP-16: nothing but what is documented comes out."""
    assert len(ROUTES) > 80
    kept = http.cookies.output()

    @BRIEF
    @given(st.data())
    def ask(data: st.DataObject) -> None:
        route = data.draw(st.sampled_from(ROUTES))
        segment = HANDLE.map(lambda text: re.sub(r"[?#\s]", "x", text) or "x")
        path = re.sub(r"<[^>]+>|\(\?P<[^)]*\)", lambda _: data.draw(segment), route)
        headers = {
            name: data.draw(HEADERS[name]) for name in data.draw(st.sets(st.sampled_from(sorted(HEADERS)), max_size=3))
        }
        for name in data.draw(st.sets(st.sampled_from(COOKIES), max_size=2)):
            headers["HTTP_COOKIE"] = f"{headers.get('HTTP_COOKIE', '')}; {name}={data.draw(HANDLE)}".lstrip("; ")
        query = "&".join(
            f"{name}={quote(data.draw(JUNK), safe=SAFE)}"
            for name in data.draw(
                st.sets(
                    st.sampled_from(["page", "q", "token", "to", "next", "search", "for", "since", "e", "o", "p"]),
                    max_size=2,
                )
            )
        )
        answered(
            http,
            method=data.draw(st.sampled_from(METHODS)),
            path=path,
            data=data.draw(BODIES),
            content_type=data.draw(st.sampled_from(TYPES)),
            QUERY_STRING=query,
            **{name: value.encode().decode("latin-1") for name, value in headers.items()},  # PEP 3333
        )

    ask()
    assert kept


@pytest.mark.parametrize("whose", ["signed in", "nobody"])
@pytest.mark.parametrize(
    ("sort", "body"),
    [
        *(("multipart/form-data; boundary=x", body) for body in MULTIPART),
        ("multipart/form-data", MULTIPART[0]),
        ("application/x-www-form-urlencoded", b"a=1&" * (FIELDS + 10)),
    ],
)
def test_inp_07_a_form_that_cannot_be_read_is_refused_everywhere(
    http: Http, sort: str, body: bytes, whose: str
) -> None:
    """INP-07: also where a page says that there is none."""
    for route in ROUTES:
        path = re.sub(r"<[^>]+>|\(\?P<[^)]*\)", "x", route)
        if whose == "nobody":
            http.cookies.clear()
        answered(http, method="POST", path=path, data=body, content_type=sort)
