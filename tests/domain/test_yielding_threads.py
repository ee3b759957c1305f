"""What takes a core for long is done by threads that step back, on Linux."""

import os
import sys
import threading

import pytest
from django.utils import timezone

from tests.faults_of_use.test_pictures import WHOLE
from vestibule.accounts import passwords, pictures
from vestibule.kernel.client import Client
from vestibule.kernel.yielding_threads import NICENESS
from vestibule.limits.admission import admission


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a thread has no priority of its own")
def test_hashes_and_pictures_step_back_for_whatever_else_runs() -> None:
    with admission.attribute_work_to(Client.for_system("test", timezone.now())):
        passwords.hash_password("correct horse battery staple")
        pictures.reencode_picture(WHOLE[0])
    found = {each.name.partition("_")[0]: os.getpriority(os.PRIO_PROCESS, each.native_id or 0) for each in threads()}
    assert found == {"hashing": NICENESS, "pictures": NICENESS}
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) < NICENESS


def threads() -> list[threading.Thread]:
    """Those of both kinds."""
    return [each for each in threading.enumerate() if each.name.startswith(("hashing", "pictures"))]
