"""What an update says when nobody wrote anything."""

from django.utils.translation import gettext_noop as _

from incidents.choices import IncidentStatus

SENTENCES = {
    IncidentStatus.INVESTIGATING: _("We are currently investigating this issue."),
    IncidentStatus.IDENTIFIED: _("The issue has been identified and a fix is being implemented."),
    IncidentStatus.MONITORING: _("A fix has been implemented and we are monitoring the results."),
    IncidentStatus.RESOLVED: _("This incident has been resolved."),
    IncidentStatus.POSTMORTEM: _("A postmortem has been published."),
    IncidentStatus.SCHEDULED: _("We will be undergoing scheduled maintenance during this time."),
    IncidentStatus.IN_PROGRESS: _(
        "Scheduled maintenance is currently in progress. We will provide updates as necessary."
    ),
    IncidentStatus.VERIFYING: _("Verification is currently underway for the maintenance items."),
    IncidentStatus.COMPLETED: _("The scheduled maintenance has been completed."),
}

CANCELLED = _("The scheduled maintenance has been cancelled.")
