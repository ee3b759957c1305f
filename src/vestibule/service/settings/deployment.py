"""Settings of the deployment: folder, address, proxies, keys."""

import os
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from vestibule.kernel import entropy, hosts
from vestibule.kernel.linked_pages import LINKED_PAGES
from vestibule.service.settings import dotenv, value_types
from vestibule.service.settings.reader import Finding, SettingsReader, refuse_to_start

_dotenv_values, _dotenv_findings = dotenv.read_dotenv(Path(".env"))
for _name, _text in _dotenv_values.items():  # for boto3, OpenTelemetry and anymail, which read os.environ themselves
    os.environ.setdefault(_name, _text)
env = SettingsReader(os.environ, findings=_dotenv_findings)


def _make_private_folder(path: Path) -> Path:
    """Create the folder, readable by this user only. A folder with other files in it keeps its mode."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if (path / "secret_key").exists() or not any(path.iterdir()):
            with suppress(PermissionError):  # a mounted volume of another owner
                path.chmod(0o700)
    except OSError:
        refuse_to_start(
            [*env.findings, Finding(id="E040", problem=f"VAR_DIR={path} is no folder of ours.", remedy=_VAR_DIR_REMEDY)]
        )
    return path


_VAR_DIR_REMEDY = "Set VAR_DIR to a folder that this user may write to."
VAR_DIR = _make_private_folder(Path(env.read_text("VAR_DIR", default="var")).resolve())
PORT = env.read_number("PORT", default=8000, least=1, most=65535)
BASE_URL = env.read_url("BASE_URL", value_types.parse_root_url, default=f"http://localhost:{PORT}", id="E007")
host = hosts.normalize_host(urlsplit(BASE_URL).hostname or "")
mail_domain = hosts.mail_domain(host)
FRONTEND_URL = env.read_url("FRONTEND_URL", value_types.parse_site_url)
FRONTEND_PAGES: list[str] = env.read_list(
    "FRONTEND_PAGES", value_types.choice_parser(LINKED_PAGES), default=LINKED_PAGES
)
https = BASE_URL.startswith("https://")
DEBUG = env.read_switch("DEBUG", default=False)
ALLOWED_HOSTS = env.read_list(
    "ALLOWED_HOSTS",
    value_types.parse_allowed_host,
    default=[hosts.bracket_ipv6(host), "localhost", "127.0.0.1", "[::1]"],
)
TRUSTED_PROXIES = env.read_list("TRUSTED_PROXIES", value_types.parse_network)


def _load_or_make_secret(path: Path) -> str:
    """Return the secret key that was generated at the first start, readable by this user only."""
    if not path.exists():
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(entropy.random_token())
        try:
            os.link(draft, path)  # atomic: of two simultaneous first starts one wins
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text()


SECRET_KEY = env.read_secret("SECRET_KEY")
SECRET_KEY_GIVEN = bool(SECRET_KEY)
SECRET_KEY = SECRET_KEY or _load_or_make_secret(VAR_DIR / "secret_key")
SECRET_KEY_FALLBACKS = env.read_list("SECRET_KEY_FALLBACKS", str, secret=True)
