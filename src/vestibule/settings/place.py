"""Where the house stands: its folder, its address, who stands in front of it, its keys."""

import os
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from vestibule.kernel import entropy
from vestibule.kernel.sealing import Keys
from vestibule.settings import dotenv, hosts, kinds
from vestibule.settings.reader import Finding, Reader, stop

_from_file, _unreadable_lines = dotenv.read(Path(".env"))
for _name, _text in _from_file.items():  # boto3, OpenTelemetry and anymail read theirs by themselves
    os.environ.setdefault(_name, _text)
env = Reader(os.environ, findings=_unreadable_lines)


def _folder(path: Path) -> Path:
    """The folder, for nobody else to look into. One that somebody else filled keeps the mode that it has."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if (path / "secret_key").exists() or not any(path.iterdir()):
            with suppress(PermissionError):  # a volume that is lent to us
                path.chmod(0o700)
    except OSError:
        stop([*env.findings, Finding(id="E040", what=f"VAR_DIR={path} is no folder of ours.", remedy=_WRITABLE)])
    return path


_WRITABLE = "Set VAR_DIR to a folder that this user may write to."
VAR = _folder(Path(env.text("VAR_DIR", default="var")).resolve())
PORT = env.number("PORT", default=8000, least=1, most=65535)
BASE_URL = env.url("BASE_URL", kinds.root, default=f"http://localhost:{PORT}", id="E007")
HOST = hosts.name(urlsplit(BASE_URL).hostname or "")
MAIL_DOMAIN = hosts.domain(HOST)
FRONTEND_URL = env.url("FRONTEND_URL", kinds.site)
HTTPS = BASE_URL.startswith("https://")
DEBUG = env.switch("DEBUG", default=False)
ALLOWED_HOSTS = env.items(
    "ALLOWED_HOSTS", kinds.host, default=[hosts.bracketed(HOST), "localhost", "127.0.0.1", "[::1]"]
)
TRUSTED_PROXIES = env.items("TRUSTED_PROXIES", kinds.network)


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


SECRET_KEY = env.secret("SECRET_KEY")
SECRET_KEY_GIVEN = bool(SECRET_KEY)
SECRET_KEY = SECRET_KEY or _kept_secret(VAR / "secret_key")
SECRET_KEY_FALLBACKS = env.items("SECRET_KEY_FALLBACKS", str, secret=True)
KEYS = Keys([SECRET_KEY, *SECRET_KEY_FALLBACKS])
