"""`python -m tests.faults_of_use.decoded <file>…`: take pictures as uploads; print the megabytes that it took."""

import re
import sys
from pathlib import Path

from vestibule.service.boot import return_large_blocks, set_default_settings_module

set_default_settings_module()

import django

django.setup()

from django.utils import timezone

from vestibule.accounts import pictures
from vestibule.kernel.client import Client
from vestibule.limits.admission import admission


def megabytes() -> int:
    """The most that this process ever had in memory."""
    told = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(told[1]) // 1024 if told else 0


return_large_blocks()  # as the server does
before = megabytes()
for name in sys.argv[1:]:
    with admission.attribute_work_to(Client.for_system("test", timezone.now())):
        pictures.reencode_picture(Path(name).read_bytes())
sys.stdout.write(str(megabytes() - before))
