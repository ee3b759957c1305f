"""The settings of the service, and the only reader of the environment (docs/settings.md).

With nothing set the service runs whole on SQLite in `var/`; DATABASE_URL and REDIS_URL make it stateless. Django reads
this module, which stops the process if a setting cannot be read. The settings of the library stand in VESTIBULE only.
"""

from types import SimpleNamespace

from vestibule import conf
from vestibule.service.settings import contradictions
from vestibule.service.settings.accounts import *
from vestibule.service.settings.applications import *
from vestibule.service.settings.brand import *
from vestibule.service.settings.captcha import *
from vestibule.service.settings.deployment import *
from vestibule.service.settings.deployment import env
from vestibule.service.settings.django_wiring import *
from vestibule.service.settings.languages import *
from vestibule.service.settings.messages import *
from vestibule.service.settings.observability import *
from vestibule.service.settings.processes import *
from vestibule.service.settings.rates import *
from vestibule.service.settings.reader import refuse_to_start
from vestibule.service.settings.sessions import *
from vestibule.service.settings.social import *
from vestibule.service.settings.stores import *
from vestibule.service.settings.web import *

VESTIBULE = {name: globals().pop(name) for name in sorted(conf.NAMES & globals().keys())}
ENVIRONMENT = env
if env.findings:
    refuse_to_start([*env.findings, *contradictions.find_errors(SimpleNamespace(**globals()))])
