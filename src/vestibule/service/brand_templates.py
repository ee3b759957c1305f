"""Templates of the operator (BRAND_DIR) before our own, and ours wherever one of theirs fails."""

from typing import Any

import structlog
from django.http import HttpRequest
from django.template import TemplateDoesNotExist, TemplateSyntaxError
from django.template.backends.django import DjangoTemplates
from django.template.backends.django import Template as DjangoTemplate

log = structlog.get_logger("vestibule.pages")


class BrandTemplates(DjangoTemplates):
    """Django's engine, where a template of the operator that cannot be read or rendered costs nobody a page or a mail:
    it is logged, and the template that it takes the place of is used."""

    def __init__(self, params: dict[str, Any]) -> None:
        super().__init__(params)
        self.without_brand = DjangoTemplates({**params, "DIRS": []})

    def get_template(self, template_name: str) -> DjangoTemplate:
        """Return the template of this name.

        Raises:
            TemplateDoesNotExist: there is none.
            TemplateSyntaxError: it is one of ours, and no template.
        """
        try:
            return GuardedTemplate(super().get_template(template_name).template, self)
        except (TemplateSyntaxError, OSError, UnicodeDecodeError) as error:
            return self.fall_back(template_name, error)

    def fall_back(self, template_name: str, error: Exception) -> DjangoTemplate:
        """Return our own template of this name.

        Raises:
            Exception: this error, if it isn't one of the operator's templates that fails.
        """
        # What else an exception says may be of the person that the page is for.
        told = str(error) if isinstance(error, TemplateSyntaxError | TemplateDoesNotExist) else ""
        log.error("brand.template_failed", template=template_name, error=type(error).__name__, reason=told)
        try:
            return self.without_brand.get_template(template_name)
        except TemplateDoesNotExist:
            raise error from None


class GuardedTemplate(DjangoTemplate):
    """A template that is rendered by the operator's templates, or else by ours."""

    backend: BrandTemplates

    def render(
        self, context: dict[str, Any] | None = None, request: HttpRequest | None = None
    ) -> Any:  # Django's SafeString, which its stubs call a str
        """Return the text."""
        try:
            return super().render(context, request)
        except Exception as error:  # noqa: BLE001 - whatever a template of the operator's does
            return self.backend.fall_back(str(self.template.name), error).render(context, request)
