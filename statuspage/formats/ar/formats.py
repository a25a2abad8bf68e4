"""Numbers as CLDR writes them in Arabic where digits are Western ones, as ours are."""

DECIMAL_SEPARATOR = "."
THOUSAND_SEPARATOR = ","
