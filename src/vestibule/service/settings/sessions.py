"""Settings of sessions and tokens: how long they live. The constants follow the security requirements and cannot be
set."""

from datetime import timedelta

from vestibule.service.settings.deployment import BASE_URL, env

JWT_ISSUER = env.read_text("JWT_ISSUER", default=BASE_URL)
JWT_AUDIENCE = env.read_text("JWT_AUDIENCE", default=BASE_URL)
JWT_ACCESS_TTL = timedelta(seconds=env.read_number("JWT_ACCESS_TTL", default=600, least=1, most=86400))
JWT_REFRESH_IDLE = timedelta(seconds=env.read_number("JWT_REFRESH_IDLE", default=14 * 86400, least=60))
JWT_REFRESH_ABSOLUTE = timedelta(seconds=env.read_number("JWT_REFRESH_ABSOLUTE", default=90 * 86400, least=60))
PAGE_SESSION = timedelta(hours=24)  # absolute, of the hosted pages
PAGE_IDLE = timedelta(hours=1)  # of a page session without "stay signed in"
PAGE_STAY = timedelta(days=30)  # "stay signed in"
STAFF_SESSION = timedelta(hours=12)  # of admins and managers: on the pages, and for what their token may see
STAFF_IDLE = timedelta(minutes=15)
SESSIONS_PER_PERSON = env.read_number("SESSIONS_PER_PERSON", default=20, least=1, most=10_000)
STEP_UP = timedelta(minutes=10)  # how recent a sign-in must be to change what guards the account
REFRESH_GRACE = timedelta(seconds=10)  # for a lost answer or a second tab
