"""Settings of HTTP: headers, cookies, origins, the size of a body."""

import re
from urllib.parse import urlsplit

from corsheaders.defaults import default_headers

from vestibule.kernel import hosts
from vestibule.service.settings import value_types
from vestibule.service.settings.deployment import BASE_URL, TRUSTED_PROXIES, env, https
from vestibule.service.settings.django_wiring import (
    API_PATH,
    CONTENT_SECURITY_POLICY,
    HEALTH_PATH,
    JWKS_PATH,
    MEDIA_PATH,
    METRICS_PATH,
    OAUTH_PATHS,
    WELL_KNOWN_PATH,
)
from vestibule.service.settings.messages import MAILBOX, MAILBOX_PUBLIC
from vestibule.service.settings.stores import S3_BUCKET

# Only a trusted proxy can tell that a request came by HTTPS; without one, a redirect would never end.
SECURE_SSL_REDIRECT = https and bool(TRUSTED_PROXIES)
SECURE_SSL_HOST = urlsplit(BASE_URL).netloc
# web.programs
SECURE_REDIRECT_EXEMPT = [
    f"^{re.escape(path)}" for path in (API_PATH, HEALTH_PATH, METRICS_PATH, JWKS_PATH, *OAUTH_PATHS)
]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
SECURE_HSTS_SECONDS = 31_536_000 if https else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = https
# Sends the origin only, never a path or query. With `no-referrer` browsers would send `Origin: null` with our own
# forms, which the CSRF check refuses; answers for machines do have it (web.headers).
SECURE_REFERRER_POLICY = "strict-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSRF_COOKIE_NAME = "__Host-csrf" if https else "csrf"
CSRF_COOKIE_SECURE = https
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
# Trusts our own configured address, whatever Host and scheme the proxy passes on.
CSRF_TRUSTED_ORIGINS = [BASE_URL]
CSRF_FAILURE_VIEW = "vestibule.web.error_responses.csrf_failure"
CORS_ALLOWED_ORIGINS = env.read_list("CORS_ALLOWED_ORIGINS", value_types.parse_origin)
# While every mail ends in the mailbox of this machine, the pages that a developer serves from it may call the API.
CORS_ALLOWED_ORIGIN_REGEXES = [hosts.LOCAL_ORIGIN] if MAILBOX and not MAILBOX_PUBLIC else []
CORS_URLS_REGEX = "|".join(f"^/{re.escape(path)}" for path in (API_PATH, WELL_KNOWN_PATH, MEDIA_PATH))
# The headers of the API contract, and those of tracing in a browser (OpenTelemetry, Sentry).
CORS_ALLOW_HEADERS = (*default_headers, "x-request-id", "traceparent", "tracestate", "baggage", "sentry-trace")
CORS_EXPOSE_HEADERS = ("X-Request-ID", "Retry-After", "RateLimit", "RateLimit-Policy", "WWW-Authenticate", "ETag")
CSP_REPORT_URL = env.read_url("CSP_REPORT_URL")
if CSP_REPORT_URL:
    CONTENT_SECURITY_POLICY["DIRECTIVES"]["report-to"] = "house"
if S3_BUCKET:
    CONTENT_SECURITY_POLICY["DIRECTIVES"]["img-src"].append("https:")  # the bucket's host

DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
