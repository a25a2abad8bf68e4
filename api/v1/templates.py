"""Templates of incidents and maintenance."""

from __future__ import annotations

from typing import Any

from api.operations import Call, Takes, operation
from api.paging import PAGED, part
from api.schema.templates import Template as Given
from api.schema.templates import TemplateInput
from api.v1.components import shapes as component_shapes
from incidents.actions.template import create_template, delete_template, update_template
from incidents.models import IncidentTemplate
from pages.models import StatusPage
from tenants.models import Role, Scope

_LIST = "pages/{page_id}/incident_templates"
_ONE = "pages/{page_id}/incident_templates/{incident_template_id}"
_TAKES = Takes(TemplateInput, "template")
_OURS = {
    "name": "name",
    "title": "title",
    "body": "body",
    "group_id": "group_id",
    "update_status": "update_status",
    "should_send_notifications": "deliver_notifications",
    "component_ids": "components",
}


@operation("GET", _LIST, Scope.READ, Role.VIEWER, gives=Given, many=True, parameters=PAGED)
def list_incident_templates(call: Call, page: StatusPage) -> Any:
    """Templates, by name."""
    return _shapes(page, part(call, page.templates.order_by("name", "pk")))


@operation("POST", _LIST, Scope.INCIDENTS, Role.EDITOR, takes=_TAKES, gives=Given, status=201)
def add_incident_template(call: Call, page: StatusPage) -> Any:
    """Prepare an incident or maintenance."""
    empty = dict.fromkeys(("name", "title", "body"), "")
    return _shape(page, create_template(page, call.actor, **(empty | _fields(call))))


@operation("GET", _ONE, Scope.READ, Role.VIEWER, gives=Given)
def get_incident_template(call: Call, page: StatusPage, incident_template_id: str) -> Any:
    """One template."""
    return _shape(page, page.templates.get(pk=incident_template_id))


@operation("PATCH PUT", _ONE, Scope.INCIDENTS, Role.EDITOR, takes=_TAKES, gives=Given)
def change_incident_template(call: Call, page: StatusPage, incident_template_id: str) -> Any:
    """Change a template. What is not said stays."""
    template = page.templates.get(pk=incident_template_id)
    return _shape(page, update_template(page, template, call.actor, **_fields(call)))


@operation("DELETE", _ONE, Scope.INCIDENTS, Role.EDITOR, gives=Given)
def remove_incident_template(call: Call, page: StatusPage, incident_template_id: str) -> Any:
    """Remove a template; what was made from it stays."""
    template = page.templates.get(pk=incident_template_id)
    shape = _shape(page, template)
    delete_template(page, template, call.actor)
    return shape


def _fields(call: Call) -> dict[str, Any]:
    given = call.data.items()
    return {_OURS[name]: value for name, value in given if name in _OURS and value is not None}


def _shape(page: StatusPage, template: IncidentTemplate) -> dict[str, Any]:
    return _shapes(page, [template])[0]


def _shapes(page: StatusPage, templates: list[IncidentTemplate]) -> list[dict[str, Any]]:
    """Queries: a fixed number."""
    rows = IncidentTemplate.components.through.objects.filter(incidenttemplate__in=templates)
    links = list(rows.values_list("incidenttemplate_id", "component_id"))
    known = component_shapes(page, sorted({one for _template, one in links}))
    return [
        {
            "id": template.pk,
            "name": template.name,
            "title": template.title,
            "body": template.body,
            "group_id": template.group_id or None,
            "update_status": template.update_status,
            "should_tweet": False,
            "should_send_notifications": template.deliver_notifications,
            "components": [known[one] for pk, one in links if pk == template.pk and one in known],
        }
        for template in templates
    ]
