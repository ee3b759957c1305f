"""`python -m tests.faults_of_use.decoded <file>…`: take pictures as uploads; print the megabytes that it took."""

import re
import sys
from pathlib import Path

from vestibule.boot import use_settings

use_settings()

import django

django.setup()

from django.utils import timezone

from vestibule.accounts import pictures
from vestibule.guards.admission import admission
from vestibule.kernel.client import Client


def megabytes() -> int:
    """The most that this process ever had in memory."""
    told = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(told[1]) // 1024 if told else 0


before = megabytes()
for name in sys.argv[1:]:
    with admission.visiting(Client.system("test", timezone.now())):
        pictures.recoded(Path(name).read_bytes())
sys.stdout.write(str(megabytes() - before))
