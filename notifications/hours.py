"""When a message may go: outside of its recipient's quiet hours, or with the one mail a day that they chose.

What waits is marked as put off, and mail that is due at the same time then goes as one summary.
"""

from __future__ import annotations

from typing import Any

from incidents.choices import Impact

# In the settings of a delivery.
PUT_OFF = "put_off"
_LOCAL = "(%(now)s::timestamptz AT TIME ZONE time_zone)"
_QUIET = f"""
    CASE WHEN quiet_from < quiet_until
         THEN {_LOCAL}::time >= quiet_from AND {_LOCAL}::time < quiet_until
         ELSE {_LOCAL}::time >= quiet_from OR {_LOCAL}::time < quiet_until END
"""


def _next(column: str) -> str:
    """The next time at which the recipient's clock shows that."""
    day = f"CASE WHEN {_LOCAL}::time < {column} THEN interval '0' ELSE interval '1 day' END"
    return f"(({_LOCAL}::date + {column} + {day}) AT TIME ZONE time_zone)"


# Of a subscriber's columns.
DUE_AT = f"""
    CASE WHEN %(personal)s OR (%(critical)s AND critical_breaks_quiet) THEN %(now)s::timestamptz
         WHEN digest_at IS NOT NULL AND channel = 'email' THEN {_next("digest_at")}
         WHEN quiet_from IS NOT NULL AND ({_QUIET}) THEN {_next("quiet_until")}
         ELSE %(now)s::timestamptz END
"""
SETTINGS = f"""settings || CASE WHEN due_at > %(now)s::timestamptz THEN '{{"{PUT_OFF}": true}}'::jsonb
                                ELSE '{{}}'::jsonb END"""


def urgency(facts: dict[str, Any], *, personal: bool) -> dict[str, bool]:
    """Parameters of DUE_AT. Messages to one person, such as those that ask for confirmation, never wait."""
    impact = (facts.get("incident") or {}).get("impact")
    return {"personal": personal, "critical": impact == Impact.CRITICAL}
