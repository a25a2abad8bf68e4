"""Every call of atlassian-statuspage (made by swagger-codegen) that it is given rows for: what came of each.

Reads {"base", "key", "rows": {"GET pages/{}": [ids, body]}} and prints {method: "ok" or what went wrong}.
"""

import inspect
import json
import re
import sys

import atlassian_statuspage

CALL = re.compile(r"call_api\(\s*'([^']+)',\s*'(\w+)'")
NAMED = re.compile(r"\{(\w+)\}")
RANKS = {"GET": 0, "POST": 1, "PATCH": 2, "PUT": 2, "DELETE": 3}


def calls(client):
    """Of each method: its name, itself, verb, path and the names of its arguments."""
    for name, kind in inspect.getmembers(atlassian_statuspage, inspect.isclass):
        if name.endswith("Api"):
            one = kind(client)
            for method in dir(one):
                full = getattr(one, method + "_with_http_info", None)
                if full is not None:
                    path, verb = CALL.search(inspect.getsource(full)).groups()
                    names = list(inspect.signature(getattr(one, method)).parameters)
                    yield f"{name}.{method}", getattr(one, method), verb, path.strip("/"), names


def order(call):
    """Reading first; what takes away last, the innermost first."""
    _name, _method, verb, path, _names = call
    last = path.rpartition("/")[2]
    # Of a source that is not disabled yet; of somebody who is still there.
    return ({"data": 1, "unsubscribe": 4}.get(last, RANKS[verb]), -path.count("/"), path)


def tried(method, path, names, ids, body):
    known = dict(zip(NAMED.findall(path), ids, strict=True), body=body if body is not None else {})
    try:
        method(*[known[name] for name in names if name in known])
    except Exception as error:  # noqa: BLE001 - told to whoever started this
        return f"{type(error).__name__}: {getattr(error, 'body', None) or error}"[:300]
    return "ok"


given = json.load(sys.stdin)
configuration = atlassian_statuspage.Configuration()
configuration.host = given["base"] + "/v1"
configuration.api_key["Authorization"] = given["key"]
configuration.api_key_prefix["Authorization"] = "OAuth"
found = {}
for name, method, verb, path, names in sorted(
    calls(atlassian_statuspage.ApiClient(configuration)), key=order
):
    row = given["rows"].get(f"{verb} {NAMED.sub('{}', path)}")
    if row:
        found[name] = tried(method, path, names, *row)
print(json.dumps(found))
