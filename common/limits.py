"""Values that no row may hold, whoever brings them: a person's form, a key's request or an import."""

from __future__ import annotations

import re
from datetime import timedelta

# A page lists its months, so a slip of the pen must not make thousands of them.
YEARS = range(2000, 2101)
LONGEST = timedelta(days=366)
# What a text may not carry into the database or onto a page: C0 and C1 controls but tab and line ends, and
# halves of surrogate pairs, which JSON can spell and UTF-8 cannot.
UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
