"""Checks of the brand: whether its colour can be read, and whether the operator's own files can be used."""

from collections.abc import Iterator

from django.conf import settings

from vestibule.conf import conf
from vestibule.kernel.colours import WHITE, contrast_ratio
from vestibule.service import brand_folder
from vestibule.service.doctor.check import Check, DoctorRun, Observation, report_error, report_fine, report_warning


def check_brand_color(_: DoctorRun) -> Iterator[Observation]:
    """Say what was made of the colour where it cannot be read as it is."""
    brand = conf.brand
    changed = []
    if brand.on_color != WHITE:
        changed.append(f"white on {brand.color} has {contrast_ratio(WHITE, brand.color):.2f}:1, so text on it is black")
    if brand.color_on_light != brand.color:
        changed.append(f"as text on light pages it is darkened to {brand.color_on_light}")
    if changed:
        yield report_warning("; ".join(changed))
    else:
        yield report_fine(f"{brand.color} can be read on light pages, and {brand.color_on_dark} on dark ones")


def check_brand_folder(_: DoctorRun) -> Iterator[Observation]:
    """Look into BRAND_DIR."""
    if not settings.BRAND_DIR:
        yield report_fine("none")
        return
    problems, doubts = [*brand_folder.find_problems()], [*brand_folder.find_doubts()]
    yield from map(report_error, problems)
    yield from map(report_warning, doubts)
    if not problems and not doubts:
        yield report_fine(f"{settings.BRAND_DIR}, {len(brand_folder.list_templates())} templates")


CHECKS = (
    Check(
        id="brand-color",
        looks_at="what was made of BRAND_COLOR where it has less than 4.5:1 of contrast (WCAG 2.2, 1.4.3)",
        remedy="Nothing has to be done. A darker BRAND_COLOR is used as it is.",
        run=check_brand_color,
    ),
    Check(
        id="brand-folder",
        looks_at="whether the templates, texts and files in BRAND_DIR can be used",
        remedy="Mend what it names; docs/branding.md tells what BRAND_DIR may hold.",
        run=check_brand_folder,
    ),
)
