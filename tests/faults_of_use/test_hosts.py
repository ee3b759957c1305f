"""Proxies that append ports, and probes that know no host name (FAULTS 13, 16)."""

from collections.abc import Iterator

import pytest

from tests.configured import configured
from tests.world import PASSWORD, Api, Http, Inbox
from vestibule.audit.models import AuditEvent

PROXY = "10.0.0.1"  # trusted, see tests.environment


@pytest.mark.parametrize(
    ("header", "address"),
    [
        ("203.0.113.9:51000", "203.0.113.9"),
        ("[2001:db8::7]:4711", "2001:db8::7"),
        ("[2001:db8::7]", "2001:db8::7"),
        ('"[2001:db8::9]"', "2001:db8::9"),
        ('"[2001:db8::9]:80"', "2001:db8::9"),
        ('"203.0.113.9:1"', "203.0.113.9"),
        ("[::ffff:203.0.113.9]:443", "203.0.113.9"),
        ("203.0.113.9, 10.0.0.1:443", "203.0.113.9"),
        ("203.0.113.9 , [::ffff:10.0.0.2]:443 ,", "203.0.113.9"),
        ("203.0.113.11,", "203.0.113.11"),
        (",203.0.113.11, ,", "203.0.113.11"),
        ("6.6.6.6:1, 203.0.113.9:2", "203.0.113.9"),
        # No address at all, or half of one: the proxy's own.
        *((word, PROXY) for word in ("unknown", "_hidden", "", ",", "203.0.113.9:", "203.0.113.9:x", "[2001:db8::7")),
        *((word, PROXY) for word in ("2001:db8::7]:80", "203.0.113:80", "203.0.113.9:123456", ":80", "[]:80", '"')),
    ],
)
def test_fault_13_a_hop_may_have_a_port(api: Api, inbox: Inbox, header: str, address: str) -> None:
    behind = Api(Http(REMOTE_ADDR=PROXY))
    behind.post("login", {"email": "ada@example.com", "password": PASSWORD}, **{"X-Forwarded-For": header})
    assert {event.address for event in AuditEvent.objects.all()} == {address}


HOSTS = ("10.244.0.5:8000", "10.244.0.5", "[fd00::5]:8000", "vestibule.auth.svc", "web1:8000", "pod_1:80", "")
INSIDE = ("/health/live", "/health/ready", "/health/ready/", "/metrics", "/.well-known/jwks.json")


@pytest.fixture(params=[False, True], ids=["http", "https"])
def redirecting(request: pytest.FixtureRequest) -> Iterator[None]:
    """Whether BASE_URL is https, behind a proxy."""
    with configured(SECURE_SSL_REDIRECT=request.param):
        yield


def test_fault_16_a_probe_needs_no_name(house: None, redirecting: None, subtests: pytest.Subtests) -> None:
    """A kubelet, Prometheus by pod discovery, and a service that fetches the keys by our name inside."""
    for host in HOSTS:
        with subtests.test(host=host):
            http = Http(raise_request_exception=False)
            for path in INSIDE:
                answer = http.get(path, headers={"Host": host})
                assert answer.status_code == 200, (path, answer.content)
                assert not host or host.encode() not in answer.content
            for path in ("/login/", "/api/auth/config", "/.well-known/change-password", "/dev/mailbox/", "/healthy"):
                assert http.get(path, headers={"Host": "web1:8000"}).status_code in (301, 400, 403)
