"""The API of figures: who listened to a dot, or to all of an account's dots."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request

from accounts.models import User
from generations.access import dot_for
from micdots.api.fields import StrictChoiceField, StrictDateField, StrictField, utc_text
from micdots.api.serializers import Output, Query
from micdots.api.views import ApiView, endpoint
from plays import figures
from plays.days import known_zone
from plays.models import DayShare

UNKNOWN = "unknown"


class AnalyticsQuery(Query):
    first = StrictDateField(help_text="The first day, in the account's time zone. Default: 29 days before `to`.")
    last = StrictDateField(help_text="The last day, which is in it. Default: today.")
    interval = StrictChoiceField(["day", "hour"], help_text="Of the series. Hours are there for the last 8 days.")

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        fields = super().get_fields()
        fields["first"].source, fields["last"].source = "first", "last"
        # The one is a word of Python's.
        return {"from": fields["first"], "to": fields["last"], "interval": fields["interval"]}


class MomentField(StrictField):
    """A day as a date, an hour as the instant at which it begins."""

    def to_representation(self, value: date | datetime) -> str:
        return utc_text(value) if isinstance(value, datetime) else value.isoformat()

    def openapi(self) -> dict[str, Any]:
        return {"anyOf": [{"type": "string", "format": "date"}, {"type": "string", "format": "date-time"}]}


class TotalsOutput(Output):
    scans = serializers.IntegerField()
    unique_visitors = serializers.IntegerField(help_text="The sum of the days: visitors are known for a day only.")
    plays = serializers.IntegerField()
    completions = serializers.IntegerField()
    listen_seconds = serializers.FloatField(source="heard_seconds")


class PointOutput(Output):
    at = MomentField(help_text="A day, or with `interval=hour` the beginning of an hour in UTC.")
    scans = serializers.IntegerField()
    unique_visitors = serializers.IntegerField()
    plays = serializers.IntegerField()
    completions = serializers.IntegerField()


class CurveOutput(Output):
    percent = serializers.IntegerField(help_text="0 to 100 by 10")
    plays = serializers.IntegerField(help_text="that came as far as this")


class ScanShareOutput(Output):
    name = serializers.SerializerMethodField(help_text=f"`{UNKNOWN}` where it is not known")
    scans = serializers.IntegerField(source="count")

    def get_name(self, share: figures.Share) -> str:
        return share.value or UNKNOWN


class AnalyticsOutput(Output):
    totals = TotalsOutput()
    series = PointOutput(many=True)
    completion_curve = CurveOutput(many=True)
    devices = ScanShareOutput(many=True)
    systems = ScanShareOutput(many=True)
    browsers = ScanShareOutput(many=True)
    countries = ScanShareOutput(many=True)
    cities = ScanShareOutput(many=True)
    languages = ScanShareOutput(many=True)
    referrers = ScanShareOutput(many=True)
    sources = ScanShareOutput(many=True)


class AnalyticsView(ApiView):
    @endpoint(query=AnalyticsQuery, answer=AnalyticsOutput)
    def get(self, request: Request, query: dict[str, Any]) -> dict[str, Any]:
        """Who listened to all of your dots."""
        user = _user(request)
        return _analytics(user, figures.Scope(owner=user), query)


class DotAnalyticsView(ApiView):
    @endpoint(query=AnalyticsQuery, answer=AnalyticsOutput, errors=[404])
    def get(self, request: Request, dot_id: UUID, query: dict[str, Any]) -> dict[str, Any]:
        """Who listened to a dot."""
        user = _user(request)
        return _analytics(user, figures.Scope(dot=dot_for(user, dot_id)), query)


def _user(request: Request) -> User:
    """Who asks; the base view has made sure that somebody does."""
    if not isinstance(request.user, User):
        raise TypeError("this view is not public")
    return request.user


def _analytics(user: User, scope: figures.Scope, query: dict[str, Any]) -> dict[str, Any]:
    zone = known_zone(user.timezone)
    span = figures.span_from(
        zone=zone,
        today=timezone.now().astimezone(zone).date(),
        first=query.get("first"),
        last=query.get("last"),
        interval=query.get("interval") or "day",
    )

    shares = figures.all_shares_of(scope, span)
    return {
        "totals": figures.totals_of(scope, span),
        "series": figures.series_of(scope, span),
        "completion_curve": [{"percent": percent, "plays": plays} for percent, plays in figures.curve_of(scope, span)],
        "devices": shares[DayShare.Dimension.DEVICE],
        "systems": shares[DayShare.Dimension.SYSTEM],
        "browsers": shares[DayShare.Dimension.BROWSER],
        "countries": shares[DayShare.Dimension.COUNTRY],
        "cities": shares[DayShare.Dimension.CITY],
        "languages": shares["language"],
        "referrers": shares[DayShare.Dimension.REFERRER],
        "sources": shares[DayShare.Dimension.SOURCE],
    }
