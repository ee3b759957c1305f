"""Configuration of Django and the libraries that is the same in every deployment."""

from importlib.metadata import version
from typing import Any

from csp.constants import NONCE, NONE, SELF
from django.urls import reverse_lazy

from vestibule.service.settings.api_description import API_DESCRIPTION

# --- The application --------------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "vestibule.accounts",  # has our sentences in other languages, and the first translation of a sentence counts
    "vestibule.web.admin",  # before unfold, and unfold before the stock admin: the first template of a name counts
    "unfold.apps.BasicAppConfig",
    "django.contrib.admin.apps.SimpleAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.staticfiles",
    "corsheaders",
    "csp",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "vestibule.audit",
    "vestibule.limits",
    "vestibule.courier",
    "vestibule.challenges",
    "vestibule.sessions",
    "vestibule.factors",
    "vestibule.identities",
    "vestibule.applications",
    "vestibule.service.cli",
    "vestibule.web.pages",
]
MIDDLEWARE = [
    "vestibule.web.held_answers.hold_answers",
    "vestibule.web.repeated_refusals.repeat_refusals",
    "vestibule.web.middleware.request_context",
    "vestibule.web.middleware.speak_language",
    "vestibule.web.programs.answer_programs",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "vestibule.service.static_files.serve_static_files",
    "vestibule.web.headers.ContentPolicy",
    "corsheaders.middleware.CorsMiddleware",
    "vestibule.web.middleware.limit_body",
    "vestibule.web.middleware.AllowedHostsMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "vestibule.web.middleware.RefusalMiddleware",
]
ROOT_URLCONF = "vestibule.service.urls"
# Where its parts stand: said here, because headers, CORS and the redirect to HTTPS are settled before a URL has a name.
API_PATH, ADMIN_PATH, MEDIA_PATH, STATIC_PATH = "api/", "admin/", "media/", "static/"
HEALTH_PATH, METRICS_PATH, WELL_KNOWN_PATH = "health/", "metrics", ".well-known/"
JWKS_PATH = f"{WELL_KNOWN_PATH}jwks.json"
OAUTH_PATHS = [f"oauth/{each}" for each in ("token", "introspect", "userinfo", "par", "device", "revoke", "register")]
WSGI_APPLICATION = "vestibule.service.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
    }
]
AUTH_USER_MODEL = "vestibule_accounts.User"
TIME_ZONE = "UTC"
USE_TZ = True
STATIC_URL = f"/{STATIC_PATH}"

# --- Pages ------------------------------------------------------------------------------------------------------------

CONTENT_SECURITY_POLICY: dict[str, Any] = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [NONCE],  # only our own tags, not other files of this origin
        "worker-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}

# --- The admin --------------------------------------------------------------------------------------------------------

AUTHENTICATION_BACKENDS: list[str] = []  # Django authenticates nobody: flows.sign_in.by_password does
# The stock admin requires middleware and context processors on every path. `web.admin.access` does their work on the
# admin's paths only: it finds the page session and sets `request.user`, and the site passes the templates what they
# need. API requests pass through no code of the admin.
SILENCED_SYSTEM_CHECKS = [
    *("admin.E404", "admin.E406", "admin.E408", "admin.E409", "admin.E410", "admin.W411"),
    "security.W009",  # asks 50 characters of SECRET_KEY; the one we make has 256 bits in 43 (`vestibule doctor` looks)
    "security.W021",  # HSTS preload: a promise for every service of the whole domain, and not ours to make
]
_TABLES = "vestibule_admin:vestibule"
UNFOLD = {
    "SITE_URL": None,
    "SHOW_HISTORY": False,
    "SIDEBAR": {
        "navigation": [
            {
                "items": [
                    {"title": "Sign-ups", "icon": "monitoring", "link": reverse_lazy("vestibule_admin:index")},
                    {
                        "title": "People",
                        "icon": "group",
                        "link": reverse_lazy(f"{_TABLES}_accounts_user_changelist"),
                    },
                    {
                        "title": "Applications",
                        "icon": "apps",
                        "link": reverse_lazy(f"{_TABLES}_applications_application_changelist"),
                        "permission": "vestibule.web.admin.access.may_look_at_applications",
                    },
                    {
                        "title": "Messages",
                        "icon": "mail",
                        "link": reverse_lazy(f"{_TABLES}_courier_message_changelist"),
                    },
                    {
                        "title": "Audit log",
                        "icon": "list_alt",
                        "link": reverse_lazy(f"{_TABLES}_audit_auditevent_changelist"),
                    },
                ],
            },
        ],
    },
}

# --- The API ----------------------------------------------------------------------------------------------------------

# How a view parses, renders and refuses, `web.api.view` says.
REST_FRAMEWORK = {"DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema", "UNAUTHENTICATED_USER": None}
SPECTACULAR_SETTINGS = {
    "TITLE": "vestibule",
    "VERSION": version("vestibule"),
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "ENABLE_DJANGO_DEPLOY_CHECK": False,  # a fifth of `doctor`, and the same wherever it runs: `make check` asks for it
    "COMPONENT_SPLIT_PATCH": False,  # a PATCH requires what its body requires
    "APPEND_COMPONENTS": {
        "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
    },
    **API_DESCRIPTION,
    "ENUM_NAME_OVERRIDES": {
        "ApplicationType": "vestibule.applications.models.ApplicationType",
        "AccountStatus": "vestibule.accounts.models.Status",
        "FactorMethod": "vestibule.web.api.second_factor.METHODS",
        "ApplicationSource": "vestibule.applications.models.Source",
        "IdTokenAlgorithm": "vestibule.applications.metadata.ID_TOKEN_ALGORITHMS",
        "Role": "vestibule.accounts.models.Role",
        "DeviceType": "vestibule.web.api.sessions.DEVICE_TYPES",
        "Channel": "vestibule.web.api.schema.CHANNELS",
        "TokenType": "vestibule.web.api.schema.TOKEN_TYPES",
        "ProblemCode": "vestibule.web.api.schema.PROBLEM_CODES",
        "SignUpProgress": "vestibule.web.api.pending_registration_schema.PROGRESS",
        "Success": "vestibule.web.api.pending_registration_schema.SUCCESS",
        "VisitIntent": "vestibule.web.api.social_schema.INTENTS",
        "DeliveryRefusal": "vestibule.web.api.social_events.REFUSALS",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "vestibule.web.api.operation_schema.inline_null_and_blank",
    ],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
}
