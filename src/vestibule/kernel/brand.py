"""The brand: how mails and pages present the service, and which colours follow from its one colour."""

from dataclasses import dataclass

from vestibule.kernel import colours

# The ground of pages and mails on which the accent is hardest to read, light and dark (web/pages/.../house.css).
LIGHT_GROUND, DARK_GROUND = "#f6f7f9", "#1b1e25"


@dataclass(frozen=True, slots=True, kw_only=True)
class Brand:
    """How mails and pages present the service."""

    name: str
    color: str  # as `#rrggbb`: what buttons are filled with
    logo_url: str
    support_email: str

    @property
    def on_color(self) -> str:
        """The colour of text on `color`: white or black."""
        return colours.text_colour_on(self.color)

    @property
    def color_on_light(self) -> str:
        """The accent as text, link or outline on a light ground: `color`, darkened where that is too light."""
        return colours.readable_on(self.color, LIGHT_GROUND)

    @property
    def color_on_dark(self) -> str:
        """The accent as text, link or outline on a dark ground: `color`, lightened where that is too dark."""
        return colours.readable_on(self.color, DARK_GROUND)
