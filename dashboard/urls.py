"""Addresses below /o/<slug>/: of the organisation, and of its pages at p/<page_id>/."""

from django.urls import URLPattern, URLResolver, include, path

from dashboard.views.after import incident_past, postmortem, postmortem_preview
from dashboard.views.find import find
from dashboard.views.holding import release
from dashboard.views.home import home, index, switch
from dashboard.views.incident import (
    incident,
    incident_delete,
    incident_edit,
    progress,
    update_edit,
    update_preview,
)
from dashboard.views.incidents import incident_new, incident_preview, incidents

_Addresses = list[URLPattern | URLResolver]

_INCIDENT: _Addresses = [
    path("", incident, name="incident"),
    path("preview", update_preview, name="update_preview"),
    path("progress", progress, name="incident_progress"),
    path("edit", incident_edit, name="incident_edit"),
    path("delete", incident_delete, name="incident_delete"),
    path("postmortem", postmortem, name="postmortem"),
    path("postmortem/preview", postmortem_preview, name="postmortem_preview"),
    path("updates/<str:update_id>", update_edit, name="update_edit"),
]
_PAGE: _Addresses = [
    path("", home, name="home"),
    path("switch", switch, name="switch"),
    path("find", find, name="find"),
    path("held/<int:event_id>", release, name="release"),
    path("incidents/", incidents, name="incidents"),
    path("incidents/new", incident_new, name="incident_new"),
    path("incidents/preview", incident_preview, name="incident_preview"),
    path("incidents/past", incident_past, name="incident_past"),
    path("incidents/<str:incident_id>/", include(_INCIDENT)),
]

urlpatterns = [
    path("", index, name="index"),
    path("", include("dashboard.inside")),
    path("p/<str:page_id>/", include(_PAGE)),
]
