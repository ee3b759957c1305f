"""Where the house stands: its folder, its address, who stands in front of it, its keys."""

import os
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import urlsplit

import environ

from vestibule.kernel import entropy
from vestibule.kernel.sealing import Keys

env = environ.Env()
environ.Env.read_env(".env", overwrite=False)

VAR = Path(env.str("VAR_DIR", default="var")).resolve()
VAR.mkdir(parents=True, exist_ok=True)
PORT = env.int("PORT", default=8000)
BASE_URL = env.str("BASE_URL", default=f"http://localhost:{PORT}").rstrip("/")
HOST = urlsplit(BASE_URL).hostname or ""
FRONTEND_URL = env.str("FRONTEND_URL", default="").rstrip("/")
HTTPS = BASE_URL.startswith("https://")
DEBUG = env.bool("DEBUG", default=False)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[HOST, "localhost", "127.0.0.1", "[::1]"])
TRUSTED_PROXIES = [ip_network(text, strict=False) for text in env.list("TRUSTED_PROXIES", default=[])]


def _kept_secret(path: Path) -> str:
    """A secret key made at the first start and kept, readable by nobody else."""
    if not path.exists():
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(entropy.token())
        try:
            os.link(draft, path)  # atomic: of two first starts, one wins
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text()


SECRET_KEY_GIVEN = bool(env.str("SECRET_KEY", default=""))
SECRET_KEY = env.str("SECRET_KEY", default="") or _kept_secret(VAR / "secret_key")
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
KEYS = Keys([SECRET_KEY, *SECRET_KEY_FALLBACKS])
