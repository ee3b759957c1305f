"""The captchas of others against their documented `siteverify`: right, wrong, replayed, foreign; hanging and broken."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from io import StringIO

import pytest
from time_machine import travel

from tests.configured import captchas, configured
from tests.vendors import SiteVerify, serving
from tests.world import PASSWORD, Api, Reply
from vestibule.captcha import siteverify, vendors
from vestibule.conf import conf

NOON = "2026-03-01T12:00:00Z"


EACH = pytest.mark.parametrize("vendor", list(vendors.VENDORS), indirect=True)


@pytest.fixture
def vendor(request: pytest.FixtureRequest, house: None) -> Iterator[SiteVerify]:
    """A vendor (Turnstile, unless the test names another) that is asked everywhere; while it is down, two an hour get
    in."""
    name = getattr(request, "param", "turnstile")
    with (
        serving(fake := SiteVerify(name)) as url,
        configured(
            **captchas("always"),
            CAPTCHA_PROVIDER=name,
            CAPTCHA_SITE_KEY=SiteVerify.SITE_KEY,
            CAPTCHA_SECRET_KEY=SiteVerify.SECRET,
            CAPTCHA_VERIFY_URL=f"{url}/siteverify",
            CAPTCHA_HOSTS=["testserver"],
            RATES={**conf.rates, "captcha_unchecked": "2/hour"},
        ),
    ):
        siteverify.forget_outage()
        yield fake
        fake.let_go.set()
    siteverify.forget_outage()


def solve(vendor: SiteVerify, name: str = "token-1") -> str:
    """What the vendor's widget gives out to whoever solved it."""
    vendor.solved.add(name)
    return name


def login(api: Api, captcha: str = "") -> Reply:
    """Somebody whom nobody knows: let in at the edge is a 401."""
    return api.login("nobody@example.com", captcha=captcha)


@EACH
def test_it_is_told_what_its_documentation_asks_for(vendor: SiteVerify, api: Api) -> None:
    assert login(api, solve(vendor)).code == "invalid_credentials"
    sitekey = {"sitekey": SiteVerify.SITE_KEY} if vendor.name == "hcaptcha" else {}
    told = {"secret": SiteVerify.SECRET, "response": "token-1", "remoteip": "127.0.0.1"}
    assert vendor.asked == [told | sitekey]


@EACH
def test_what_is_missing_wrong_or_shown_twice_is_refused(vendor: SiteVerify, api: Api) -> None:
    assert (login(api).status, login(api).code) == (403, "captcha_required")
    assert vendor.asked == []
    assert (login(api, "rubbish").status, login(api, "rubbish").code) == (400, "captcha_invalid")
    solve(vendor)
    told = [login(api, "token-1").code for _ in range(2)]
    assert told == ["invalid_credentials", "captcha_invalid"]
    solve(vendor)  # should they ever say yes twice, we do not
    assert login(api, "token-1").code == "captcha_invalid"


def test_what_was_solved_elsewhere_or_for_something_else_is_foreign(vendor: SiteVerify, api: Api) -> None:
    ours = [{"hostname": "testserver"}, {"hostname": ""}, {"action": "login"}, {"score": 0.7}]
    foreign = [{"hostname": "evil.example"}, {"action": "register"}, {"score": 0.3}, {"success": "true"}]
    for number, vendor.says in enumerate(ours):  # type: ignore[assignment]  # whatever JSON holds
        assert login(api, solve(vendor, f"token-{number}")).code == "invalid_credentials"
    for number, vendor.says in enumerate(foreign):  # type: ignore[assignment]
        assert login(api, solve(vendor, f"token-of-{number}")).code == "captcha_invalid"


@pytest.fixture
def broken(vendor: SiteVerify, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[SiteVerify]:
    """It hangs, fails, speaks nonsense, is not there, or does not take our key any more."""
    monkeypatch.setattr(siteverify, "TIMEOUT", 0.3)
    changes: dict[str, str] = {}
    if request.param == "hangs":
        vendor.hangs = True
    elif request.param == "500":
        vendor.status = 500
    elif request.param == "nonsense":
        vendor.says = {"hostname": "x" * 70_000}
    elif request.param == "gone":
        changes = {"CAPTCHA_VERIFY_URL": "http://127.0.0.1:9/siteverify"}
    else:
        changes = {"CAPTCHA_SECRET_KEY": "an older key"}
    with configured(**changes):
        yield vendor


@pytest.mark.parametrize("broken", ["hangs", "500", "nonsense", "gone", "our key"], indirect=True)
def test_a_vendor_that_is_down_lets_few_in(broken: SiteVerify, api: Api, printed: StringIO) -> None:
    """FLT-14: tighter limits, not open; and each token still once."""
    with travel(NOON, tick=False):
        told = [login(api, solve(broken, name)) for name in ("token-1", "token-1", "token-2", "token-3")]
        assert [reply.code for reply in told] == [
            *("invalid_credentials", "captcha_invalid", "unavailable", "unavailable")
        ]
        assert told[-1].headers["Retry-After"] == "60"
        assert login(api).code == "captcha_required"
    assert len(broken.asked) <= 1  # then left alone
    lines = [json.loads(line) for line in printed.getvalue().splitlines()]
    assert sum(line["event"] == "captcha.vendor_down" for line in lines) == 4
    assert SiteVerify.SECRET not in printed.getvalue()
    assert "token-1" not in printed.getvalue()


@pytest.mark.parametrize("broken", ["500"], indirect=True)
def test_one_that_is_back_is_asked_again(broken: SiteVerify, api: Api) -> None:
    with travel(NOON, tick=False) as clock:
        login(api, solve(broken))
        broken.status = 200
        clock.shift(9)
        assert login(api, "rubbish").code == "invalid_credentials"  # let in, unasked
        clock.shift(2)
        assert login(api, "more-rubbish").code == "captcha_invalid"
        assert login(api, solve(broken, "token-2")).code == "invalid_credentials"


@EACH
def test_its_widget_stands_in_the_form(vendor: SiteVerify, api: Api) -> None:
    row = vendors.VENDORS[vendor.name]
    form = api.http.get("/login/").content.decode()
    assert f'<div class="{row.widget}" data-sitekey="{SiteVerify.SITE_KEY}" data-action="login">' in form
    assert f'src="{row.script}" defer>' in form
    assert "altcha-widget" not in form
    refused = api.http.post("/login/", {"name": "nobody", "password": PASSWORD})
    assert "data-failed>If the check does not load" in refused.content.decode()
    answer = api.http.post("/login/", {"name": "nobody", "password": PASSWORD, row.field: solve(vendor)})
    assert answer.status_code == 401
    assert api.http.get("/api/auth/captcha?for=login").status_code == 404


@pytest.mark.parametrize("word", ["never", "always"])
def test_its_script_runs_in_our_pages_only_where_it_is_asked(tmp_path: str, word: str) -> None:
    asked = {"CAPTCHA_PROVIDER": "turnstile", "CAPTCHA_LOGIN": word, "VAR_DIR": str(tmp_path)}
    program = "import json\nfrom vestibule.service import settings\n"
    program += "print(json.dumps(settings.CONTENT_SECURITY_POLICY, default=str))"
    out = subprocess.run([sys.executable, "-c", program], env={**os.environ, **asked}, capture_output=True, check=True)
    directives = json.loads(out.stdout)["DIRECTIVES"]
    theirs = ["https://challenges.cloudflare.com"] if word == "always" else []
    assert directives["script-src"] == ["csp.constants.NONCE", *theirs]
    assert directives.get("frame-src", []) == theirs
    assert directives["connect-src"] == ["'self'"]
