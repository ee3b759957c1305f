"""The configuration of docs/proxy.md in nginx from the system: a static site that only people of the house see."""

import json
import os
import re
import shutil
import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.servers import free_port, until
from tests.service import Service
from tests.world import PASSWORD

DOCS = Path(__file__).parents[2] / "docs/proxy.md"
NGINX = shutil.which("nginx") or shutil.which("/usr/sbin/nginx")  # made sure of by the Makefile
ADA = "ada@example.com"
RULES = """
[[rule]]
path = "/reports"
roles = ["admin"]
[[rule]]
path = "/"
"""
# The guarded site: files, and a path that tells which headers reached it.
SERVERS = """
%(user)s daemon off; pid nginx.pid; error_log stderr; events {}
http {
    access_log off; types { text/html html; } root site;
    client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4; scgi_temp_path t5;
    upstream house { server 127.0.0.1:%(house)s; }
    upstream site { server 127.0.0.1:%(site)s; }
    server { listen 127.0.0.1:%(front)s; %(guard)s }
    server {
        listen 127.0.0.1:%(site)s;
        location = /headers {
            default_type text/plain;
            return 200 "$http_x_auth_user|$http_x_auth_email|$http_x_auth_role|$http_x_auth_assertion|$http_cookie";
        }
    }
}
"""

pytestmark = pytest.mark.skipif(not NGINX, reason="no nginx: THE TEST BEHIND A PROXY DID NOT RUN")


@dataclass(frozen=True, slots=True)
class Guarded:
    """The site behind nginx, and the house that nginx asks."""

    house: Service
    port: int

    @property
    def url(self) -> str:
        """Where a browser finds the site."""
        return f"http://localhost:{self.port}"

    def get(self, path: str, token: str = "", **headers: str) -> tuple[int, str]:
        """GET by a program."""
        sent = {**headers, **({"Authorization": f"Bearer {token}"} if token else {})}
        try:
            with urllib.request.urlopen(urllib.request.Request(self.url + path, headers=sent), timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refused:
            return refused.code, ""

    def get_as_typed(self, target: str, token: str) -> int:
        """GET of a path that a library would bring into order; the status."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as sent:
            request = f"GET {target} HTTP/1.1\r\nHost: localhost:{self.port}\r\nAuthorization: Bearer {token}\r\n"
            sent.sendall(f"{request}Connection: close\r\n\r\n".encode())
            return int(sent.recv(4096).split()[1])


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    """Both, running."""
    folder = tmp_path_factory.mktemp("proxy")
    front, site = free_port(), free_port()
    (folder / "rules.toml").write_text(RULES)
    for name, words in (("index", "For the people of the house"), ("reports/index", "For its admins")):
        page = folder / "site" / f"{name}.html"
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(f"<title>Site</title><h1>{words}</h1>")
    settings = {
        "TRUSTED_PROXIES": "127.0.0.1",
        "RETURN_URLS": f"http://localhost:{front}",
        "MFA_REQUIRED_ROLES": "none",
        "AUTH_CHECK_FILE": str(folder / "rules.toml"),
    }
    user = "user root;" if os.geteuid() == 0 else ""  # or its workers could not read this folder
    (guard,) = re.findall(r"```nginx\n(.*?)```", DOCS.read_text(), re.DOTALL)
    with Service(folder, "localhost", **settings) as house:
        ports = {"house": house.port, "site": site, "front": front}
        written = SERVERS % {**ports, "guard": guard, "user": user}
        (folder / "nginx.conf").write_text(written)
        command = [NGINX or "nginx", "-p", str(folder), "-c", "nginx.conf"]
        nginx = subprocess.Popen(command, stderr=(folder / "nginx.log").open("wb"))
        found = Guarded(house, front)
        try:
            until(lambda: answers(found), "nginx")
            yield found
        finally:
            nginx.terminate()
            nginx.wait()


def answers(site: Guarded) -> bool:
    try:
        return site.get("/")[0] == 401
    except (urllib.error.URLError, ConnectionError):
        return False


@pytest.fixture(scope="module")
def access(guarded: Guarded) -> str:
    """Ada's account; an access token."""
    house = guarded.house
    begun = house.post("/api/auth/register/start", {"email": ADA, "password": PASSWORD})[1]
    proof = {"registration": begun["registration"], "otp": house.code_for(ADA)}
    return str(house.post("/api/auth/register/confirm", proof)[1]["access"])


def test_oid_11_a_stranger_signs_in_and_sees_the_site(guarded: Guarded, access: str, browser: Browser) -> None:
    page = browser.new_context().new_page()
    page.goto(f"{guarded.url}/index.html?a=1&b=2")
    assert page.url.startswith(f"{guarded.house.url}/login/?return_to=")
    page.get_by_label("Email, username or phone number").fill(ADA)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading")).to_have_text("For the people of the house")
    assert page.url == f"{guarded.url}/index.html?a=1&b=2"
    answer = page.goto(f"{guarded.url}/reports/")
    assert answer
    assert answer.status == 403
    assert page.goto(f"{guarded.url}/index.html")
    page.context.close()


def test_oid_11_the_site_learns_who_it_is_and_nothing_that_a_client_says(guarded: Guarded, access: str) -> None:
    lies = {"X-Auth-User": "1", "X-Auth-Role": "admin", "X-Auth-Email": "eve@example.com", "X-Auth-Assertion": "x"}
    status, told = guarded.get("/headers", access, **lies, Cookie="a=b", **{"X-Forwarded-Uri": "/reports/"})
    user, email, role, assertion, cookie = told.split("|")
    assert (status, email, role, cookie) == (200, ADA, "user", "")
    assert len(user) == 36
    assert assertion.count(".") == 2
    assert guarded.get("/headers", **lies)[0] == 401


TARGETS = ("/reports/", "/reports", "//reports/", "/./reports/", "/x/../reports/", "/%72eports/", "/REPORTS/")


@pytest.mark.parametrize("target", TARGETS)
def test_oid_11_no_spelling_of_the_path_leads_past_the_rule(guarded: Guarded, access: str, target: str) -> None:
    assert guarded.get_as_typed("/index.html", access) == 200
    assert guarded.get_as_typed(target, access) == 403


def test_oid_11_a_program_is_told_and_not_led_anywhere(guarded: Guarded, access: str) -> None:
    assert guarded.get("/index.html")[0] == 401
    assert guarded.get("/index.html", "x.y.z")[0] == 401
    headers = {"Authorization": f"Bearer {access}", "Content-Type": "application/json"}
    body = json.dumps({"name": "Script"}).encode()
    request = urllib.request.Request(f"{guarded.house.url}/api/auth/keys", body, headers)
    with urllib.request.urlopen(request, timeout=10) as answer:
        (key,) = re.findall(r"vst_\w{36}", answer.read().decode())
    assert guarded.get("/index.html", key)[0] == 200


def test_oid_11_another_role_is_seen_at_the_next_request(guarded: Guarded, access: str) -> None:
    assert guarded.get("/reports/index.html", access)[0] == 403
    guarded.house.run("set-role", ADA, "admin")
    assert guarded.get("/reports/index.html", access)[0] == 200
