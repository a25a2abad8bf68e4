"""What operations on pages take and give."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from api.inputs import Flag, Input, Text

COLOURS = (
    "css_body_background_color",
    "css_font_color",
    "css_light_font_color",
    "css_greens",
    "css_yellows",
    "css_oranges",
    "css_reds",
    "css_blues",
    "css_border_color",
    "css_graph_color",
    "css_link_color",
    "css_no_data",
)
# What is kept as it was said: but for the colour of links it has no effect here.
KEPT = (*COLOURS, "branding", "allow_rss_atom_feeds", "notifications_email_footer")
WAYS = ("page", "incident", "email", "sms", "webhook")
CORNERS = ("top-left", "top-right", "bottom-left", "bottom-right")
EMBED_COLOURS = (
    "incident_background_color",
    "incident_text_color",
    "maintenance_background_color",
    "maintenance_text_color",
)


class Colour(serializers.RegexField):
    def __init__(self, regex: str = r"^#([0-9A-Fa-f]{3}|[0-9A-Fa-f]{6})$", **kwargs: Any) -> None:
        wrong = {"invalid": "A colour is # and hexadecimal digits, such as #1f6feb."}
        fixed: dict[str, Any] = {"required": False, "allow_blank": True, "error_messages": wrong}
        super().__init__(regex, **(fixed | kwargs))


class _Looks(serializers.Serializer):
    css_body_background_color = Text(max_length=100)
    css_font_color = Text(max_length=100)
    css_light_font_color = Text(max_length=100)
    css_greens = Text(max_length=100)
    css_yellows = Text(max_length=100)
    css_oranges = Text(max_length=100)
    css_reds = Text(max_length=100)
    css_blues = Text(max_length=100)
    css_border_color = Text(max_length=100)
    css_graph_color = Text(max_length=100)
    css_no_data = Text(max_length=100)


class PageInput(Input, _Looks):
    """The colour of links is the page's own; the other css_ colours, branding, feeds and the footer of mails
    are kept and have no effect."""

    css_link_color = Colour(
        r"^#?([0-9A-Fa-f]{3}|[0-9A-Fa-f]{6})$", help_text="The page's own colour; empty: the usual one."
    )
    name = Text(max_length=120)
    page_description = Text(max_length=300)
    subdomain = Text(max_length=40, help_text="The page's name below the installation's domain.")
    domain = Text(max_length=253, help_text="Only the one that it has: domains are proved elsewhere.")
    url = Text(max_length=200, help_text="The website that the page is about.")
    support_url = Text(max_length=300)
    time_zone = Text(max_length=60, help_text="Such as Europe/Berlin.")
    hidden_from_search = Flag()
    viewers_must_be_team_members = Flag()
    allow_page_subscribers = Flag()
    allow_incident_subscribers = Flag()
    allow_email_subscribers = Flag()
    allow_sms_subscribers = Flag()
    allow_webhook_subscribers = Flag()
    allow_rss_atom_feeds = Flag()
    branding = serializers.ChoiceField(["basic", "premium"], required=False)
    notifications_from_email = serializers.EmailField(
        required=False, help_text="Mail comes from there once its domain is proved."
    )
    notifications_email_footer = Text(max_length=2000)


class Page(_Looks):
    css_link_color = serializers.CharField()
    id = serializers.CharField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    name = serializers.CharField()
    page_description = serializers.CharField()
    headline = serializers.CharField()
    branding = serializers.CharField()
    subdomain = serializers.CharField()
    domain = serializers.CharField()
    url = serializers.CharField()
    support_url = serializers.CharField()
    hidden_from_search = serializers.BooleanField()
    allow_page_subscribers = serializers.BooleanField()
    allow_incident_subscribers = serializers.BooleanField()
    allow_email_subscribers = serializers.BooleanField()
    allow_sms_subscribers = serializers.BooleanField()
    allow_rss_atom_feeds = serializers.BooleanField()
    allow_webhook_subscribers = serializers.BooleanField()
    notifications_from_email = serializers.CharField()
    notifications_email_footer = serializers.CharField()
    activity_score = serializers.IntegerField(help_text="Always 0.")
    twitter_username = serializers.CharField(allow_null=True, help_text="Always null.")
    viewers_must_be_team_members = serializers.BooleanField()
    ip_restrictions = serializers.CharField(allow_null=True, help_text="Always null.")
    city = serializers.CharField(allow_null=True, help_text="Always null.")
    state = serializers.CharField(allow_null=True, help_text="Always null.")
    country = serializers.CharField(allow_null=True, help_text="Always null.")
    time_zone = serializers.CharField()
    favicon_logo = serializers.CharField()
    transactional_logo = serializers.CharField()
    hero_cover = serializers.CharField()
    email_logo = serializers.CharField()
    twitter_logo = serializers.CharField()


class EmbedInput(Input):
    position = serializers.ChoiceField(CORNERS, required=False)
    incident_background_color = Colour()
    incident_text_color = Colour()
    maintenance_background_color = Colour()
    maintenance_text_color = Colour()


class Embed(serializers.Serializer):
    """How the widget looks as a banner on other sites."""

    page_id = serializers.CharField()
    position = serializers.ChoiceField(CORNERS)
    incident_background_color = serializers.CharField()
    incident_text_color = serializers.CharField()
    maintenance_background_color = serializers.CharField()
    maintenance_text_color = serializers.CharField()
