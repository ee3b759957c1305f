"""Draws docs/pages.png anew: the pages of a sign-up as a phone shows them, side by side. `python -m tests.picture`"""

import os
import shutil
import sys
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from tests.service import Service

ROOT = Path(__file__).parents[1]
WIDTH, HEIGHT, GAP = 400, 660, 24  # CSS pixels of one page, and between two
COLOURS = 128  # of the palette: the pages are flat
ADA, PASSWORD = "ada@example.com", "correct horse battery staple"


def shoot_sign_up(page: Page, service: Service) -> list[bytes]:
    """The pages of one sign-up and what it leads to, as PNG."""
    shots = []
    page.goto(f"{service.url}/register/")
    page.get_by_label("Email").fill(ADA)
    page.get_by_label("Password", exact=True).first.fill(PASSWORD)
    for box in page.locator("input[type=password]").all():
        box.fill(PASSWORD)
    shots.append(page.screenshot())
    page.locator("main form button[type=submit]").first.click()
    page.locator("input[autocomplete=one-time-code]").first.wait_for()
    code = service.code_for(ADA)
    page.locator("input[autocomplete=one-time-code]").first.fill(code)
    shots.append(page.screenshot())
    page.locator("main form button[type=submit]").first.click()
    page.wait_for_url("**/welcome/**")
    page.emulate_media(color_scheme="dark")
    page.goto(f"{service.url}/account/security/")
    shots.append(page.screenshot())
    return shots


def lay_side_by_side(shots: list[bytes]) -> Image.Image:
    """One picture of all of them, on the ground between light and dark pages."""
    pages = [Image.open(BytesIO(shot)).convert("RGB") for shot in shots]
    scale = pages[0].width // WIDTH
    gap = GAP * scale
    sheet = Image.new("RGB", (len(pages) * (pages[0].width + gap) + gap, pages[0].height + 2 * gap), "#c9d1de")
    for number, each in enumerate(pages):
        sheet.paste(each, (gap + number * (each.width + gap), gap))
    return sheet.quantize(COLOURS, dither=Image.Dither.NONE)


def main() -> None:
    """Draw it."""
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium-headless-shell") or shutil.which("chromium")
    with TemporaryDirectory() as folder, Service(Path(folder), "localhost") as service, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, device_scale_factor=2)
        shots = shoot_sign_up(page, service)
        browser.close()
    target = ROOT / "docs/pages.png"
    lay_side_by_side(shots).save(target, optimize=True)
    sys.stdout.write(f"{target.relative_to(ROOT)}: {target.stat().st_size // 1024} kB\n")


if __name__ == "__main__":
    main()
