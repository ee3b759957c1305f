"""Settings of sessions and tokens: how long they live."""

from datetime import timedelta

from vestibule.service.settings.deployment import BASE_URL, env

JWT_ISSUER = env.read_text("JWT_ISSUER", default=BASE_URL)
JWT_AUDIENCE = env.read_text("JWT_AUDIENCE", default=BASE_URL)
JWT_ACCESS_TTL = timedelta(seconds=env.read_number("JWT_ACCESS_TTL", default=600, least=1, most=86400))
JWT_REFRESH_IDLE = timedelta(seconds=env.read_number("JWT_REFRESH_IDLE", default=14 * 86400, least=60))
JWT_REFRESH_ABSOLUTE = timedelta(seconds=env.read_number("JWT_REFRESH_ABSOLUTE", default=90 * 86400, least=60))
SESSIONS_PER_PERSON = env.read_number("SESSIONS_PER_PERSON", default=20, least=1, most=10_000)
