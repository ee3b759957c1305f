"""Contact sheets of the gallery, to be looked at: pages and mails in light and dark, on a phone, in German and Arabic.
`make gallery` writes them to dist/gallery/; `python -m tests.contact_sheets sign-up phone` only some."""

import os
import re
import shutil
import sys
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.request import urlopen

from PIL import Image, ImageDraw
from playwright.sync_api import Browser, sync_playwright

from tests.service import Service

ROOT = "/dev/gallery/"
FOLDER = Path(__file__).parents[1] / "dist/gallery"
LINK = re.compile(rf'href="{ROOT}([^/"]+)/([^/"]+)/"')
LEFT_OUT = ("text", "sms")  # no pictures
ALIKE = "problem-"  # but for their words; the first shows what they look like
ON_SHEET, COLUMNS, CELL, GAP, TALLEST = 21, 7, 280, 16, 520  # of a sheet: states; pixels


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One way to look at a page."""

    width: int
    colours: str = "light"
    language: str = ""


LOOKS = {
    "light": Look(width=1000),
    "dark": Look(width=1000, colours="dark"),
    "phone": Look(width=375),
    "german": Look(width=375, language="de"),
    "arabic": Look(width=375, language="ar"),
}


def list_states(service: Service) -> dict[str, list[str]]:
    """The names of the states by group, as the index links them."""
    with urlopen(f"{service.url}{ROOT}") as answer:
        found = LINK.findall(answer.read().decode())
    groups: dict[str, list[str]] = {}
    for group, name in found:
        if group not in LEFT_OUT and not name.startswith(ALIKE):
            groups.setdefault(group, []).append(name)
    return groups


def shoot(
    browser: Browser, service: Service, group: str, names: list[str], look: Look
) -> list[tuple[str, Image.Image]]:
    """A picture of each state, whole."""
    viewport: Any = {"width": look.width, "height": 500}
    options: Any = {"color_scheme": look.colours, "reduced_motion": "reduce"}
    context = browser.new_context(viewport=viewport, **options)
    page = context.new_page()
    page.route(
        lambda url: not url.startswith(service.url) or "form_post" in url, lambda route: route.fulfill(status=204)
    )
    query = f"?language={look.language}" if look.language else ""
    shots = []
    for name in names:
        page.goto(f"{service.url}{ROOT}{group}/{name}/{query}")
        shots.append((name, Image.open(BytesIO(page.screenshot(full_page=True))).convert("RGB")))
    context.close()
    return shots


def lay_out(shots: list[tuple[str, Image.Image]]) -> Image.Image:
    """One sheet of them all, each with its name."""
    cells = []
    for name, shot in shots:
        small = shot.resize((CELL, max(1, round(shot.height * CELL / shot.width))), Image.Resampling.LANCZOS)
        cells.append((name, small.crop((0, 0, CELL, min(small.height, TALLEST)))))
    rows = [cells[at : at + COLUMNS] for at in range(0, len(cells), COLUMNS)]
    heights = [max(cell.height for _, cell in row) + 2 * GAP for row in rows]
    sheet = Image.new("RGB", (COLUMNS * (CELL + GAP) + GAP, sum(heights) + GAP), "#8d97a8")
    draw = ImageDraw.Draw(sheet)
    top = 0
    for row, height in zip(rows, heights, strict=True):
        for column, (name, cell) in enumerate(row):
            left = GAP + column * (CELL + GAP)
            draw.text((left, top + 2), name, fill="#000")
            sheet.paste(cell, (left, top + GAP))
        top += height
    return sheet


def main(wanted: list[str]) -> None:
    """Draw the sheets of these groups and looks; of all, if none is named."""
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium-headless-shell") or shutil.which("chromium")
    FOLDER.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as folder, Service(Path(folder), "localhost") as service, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for group, names in list_states(service).items():
            for label, look in LOOKS.items():
                if set(wanted) <= {group, label}:
                    shots = shoot(browser, service, group, names, look)
                    for number, at in enumerate(range(0, len(shots), ON_SHEET), 1):
                        lay_out(shots[at : at + ON_SHEET]).save(FOLDER / f"{group}-{label}-{number}.png")
                    sys.stdout.write(f"{FOLDER / group}-{label}: {len(names)}\n")
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1:])
