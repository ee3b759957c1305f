"""The only reader of the environment: everything configurable, embedded by default (docs/settings.md).

With nothing set the service runs whole on SQLite in `var/`; DATABASE_URL and REDIS_URL make it stateless. Django reads
one module: this one, which stops the process where a setting cannot be read.
"""

from types import SimpleNamespace

from vestibule.settings import contradictions
from vestibule.settings.accounts import *
from vestibule.settings.captcha import *
from vestibule.settings.messages import *
from vestibule.settings.place import *
from vestibule.settings.place import env
from vestibule.settings.rates import *
from vestibule.settings.reader import stop
from vestibule.settings.serving import *
from vestibule.settings.sessions import *
from vestibule.settings.stores import *
from vestibule.settings.watching import *
from vestibule.settings.web import *
from vestibule.settings.wiring import *

ENVIRONMENT = env
if env.findings:
    stop([*env.findings, *contradictions.errors(SimpleNamespace(**globals()))])
