"""The funnel as a picture: the position of every bar in whole units of an SVG, so that the page needs no script and no
inline style."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.utils.dateformat import format as date_format
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from vestibule.addresses.address import Channel
from vestibule.flows.staff.funnel import Funnel, FunnelDay, StepCounts, sum_steps

# SVG units: the whole chart, the column of its scale, the row of its days
CHANNEL_NAMES = {Channel.EMAIL: "Email", Channel.SMS: "SMS"}
WIDTH, HEIGHT, LEFT, FOOTER = 960, 220, 44, 24
GAP = 6  # units between two days

_LOST_LABELS: Mapping[str, Promise | str] = {
    "silent": _("Never came back"),
    "known": _("Has an account already"),
    "came_back": _("Mail came back"),
    "capped": _("Too many messages to the address"),
    "bounced": _("Address bounced before"),
    "failed": _("Could not be sent"),
    "waiting": _("Still on its way"),
    "rejected": _("“That wasn't me”"),
}
_REFUSED_LABELS: Mapping[str, Promise | str] = {
    "otp_invalid": _("Wrong code"),
    "otp_exhausted": _("No tries left"),
    "otp_expired": _("Code expired"),
    "token_used": _("Used before"),
    "locked": _("Address locked"),
    "username_taken": _("Username taken"),
    "password_required": _("Password missing"),
    "token_invalid": _("Not one of ours"),
}
_HELD_LABELS: Mapping[str, Promise | str] = {
    "register_start": _("Start, too often"),
    "register": _("Pending start, too often"),
    "register_confirm": _("Confirm, too often"),
    "register_resend": _("Resend, too often"),
    "anon": _("Anonymous, too many requests"),
    "capped": _("Message held back: too many to it"),
    "bounced": _("Message held back: it bounced before"),
    "sms_network": _("Text held back: its network"),
    "sms_prefix": _("Text held back: its prefix"),
    "sms_total": _("Text held back: the daily cap"),
    "sms_breaker": _("Text held back: nobody types them"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FunnelStep:
    """One step of the funnel: how many sign-ups reached it, and their share of those that began."""

    name: Promise | str
    count: str
    share: int
    width: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DayBar:
    """The bar of one day, from the top: lost on the way, delivered, confirmed."""

    told: str
    label: str
    x: int
    middle: int
    width: int
    lost: tuple[int, int]
    delivered: tuple[int, int]
    confirmed: tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelChart:
    """The days of one channel."""

    channel: str
    name: str
    steps: StepCounts
    share: int
    median: str
    bars: list[DayBar]
    scale: list[tuple[int, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class CauseLine:
    """One cause of loss, with the length of its bar in percent."""

    name: Promise | str
    count: str
    width: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Dashboard:
    """The whole picture."""

    steps: list[FunnelStep]
    share: int
    timed: str
    median: str
    charts: list[ChannelChart]
    lost: list[CauseLine]
    refused: list[CauseLine]
    held: list[CauseLine]
    days: list[FunnelDay]


def draw_funnel(funnel: Funnel) -> Dashboard:
    """Return the funnel in the form that the template needs."""
    channels = [each for each in Channel if any(each in day.by_channel for day in funnel.days)] or [Channel.EMAIL]
    return Dashboard(
        steps=_draw_steps(funnel.steps),
        share=_percent_of(funnel.steps.confirmed, funnel.steps.started),
        timed=f"{funnel.timed:,}",
        median=format_duration(funnel.median_seconds.get("")),
        charts=[_draw_chart(each, funnel) for each in channels],
        lost=_draw_causes(funnel.lost, _LOST_LABELS),
        refused=_draw_causes(funnel.refusals, _REFUSED_LABELS),
        held=_draw_causes({**funnel.throttled, **funnel.blocked}, _HELD_LABELS),
        days=[day for day in reversed(funnel.days) if day.by_channel],
    )


def format_duration(seconds: int | None) -> str:
    """Return a duration in words."""
    if seconds is None:
        return "none yet"
    if seconds < 60:
        return f"{seconds} s"
    minutes, rest = divmod(seconds, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest and minutes < 10 else f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min"


def round_up_scale(highest: int) -> int:
    """Return the top of a scale: a round number that is not exceeded and can be halved."""
    unit = 1
    while unit * 10 < highest:
        unit *= 10
    return next(unit * times for times in (2, 4, 6, 8, 10) if unit * times >= highest)


def _draw_steps(steps: StepCounts) -> list[FunnelStep]:
    rows = (
        (_("Started"), steps.started),
        (_("Sent"), steps.sent),
        (_("Delivered"), steps.delivered),
        (_("Confirmed"), steps.confirmed),
    )
    return [
        FunnelStep(
            name=name,
            count=f"{count:,}",
            share=_percent_of(count, steps.started),
            width=_percent_of(count, steps.started),
        )
        for name, count in rows
    ]


def _draw_chart(channel: Channel, funnel: Funnel) -> ChannelChart:
    steps = [(day.day, day.by_channel.get(channel, StepCounts())) for day in funnel.days]
    top = round_up_scale(max(each.started for _day, each in steps))
    whole = sum_steps(each for _day, each in steps)
    slot = (WIDTH - LEFT) // len(steps)
    return ChannelChart(
        channel=channel,
        name=CHANNEL_NAMES[channel],
        steps=whole,
        share=_percent_of(whole.confirmed, whole.started),
        median=format_duration(funnel.median_seconds.get(channel)),
        bars=[_draw_bar(day, each, LEFT + number * slot, slot, top) for number, (day, each) in enumerate(steps)],
        scale=[(_y_position(value, top), f"{value:,}") for value in (0, top // 2, top)],
    )


def _draw_bar(day: date, steps: StepCounts, x: int, slot: int, top: int) -> DayBar:
    foot = _y_position(0, top)
    started, delivered, confirmed = (_y_position(n, top) for n in (steps.started, steps.delivered, steps.confirmed))
    return DayBar(
        told=f"{date_format(day, 'D d M')}: {steps.started:,} started, {steps.sent:,} sent, "
        f"{steps.delivered:,} delivered, {steps.confirmed:,} confirmed",
        label=date_format(day, "j M") if day.day == 1 or (day.day % 5 == 0 and day.day < 30) else "",
        x=x + GAP // 2,
        middle=x + slot // 2,
        width=slot - GAP,
        lost=(started, delivered - started),
        delivered=(delivered, confirmed - delivered),
        confirmed=(confirmed, foot - confirmed),
    )


def _y_position(count: int, top: int) -> int:
    room = HEIGHT - FOOTER - 12
    return HEIGHT - FOOTER - room * count // top


def _draw_causes(counts: Mapping[str, int], names: Mapping[str, Promise | str]) -> list[CauseLine]:
    """Return the causes that occurred, the most frequent first."""
    most = max(counts.values(), default=0)
    found = sorted(((code, count) for code, count in counts.items() if count), key=lambda each: -each[1])
    return [
        CauseLine(name=names.get(code, code), count=f"{count:,}", width=max(1, _percent_of(count, most)))
        for code, count in found
    ]


def _percent_of(part: int, whole: int) -> int:
    """Return whole percent."""
    return round(100 * part / whole) if whole else 0
