"""ActiveCampaign's collections that are only read: deals, tasks, campaigns, activities, all values and links."""

from __future__ import annotations

from functools import partial

from examples.shop.endpoints import contacts
from examples.shop.endpoints.contacts import BASE, DEFAULT_PAGE, LARGEST_PAGE, listing, moment
from examples.shop.endpoints.exchange import Answer, Context, route
from examples.shop.endpoints.state import Body

# Kind in the store: name of the collection.
COLLECTIONS = {
    "contactTag": "contactTags",
    "contactList": "contactLists",
    "deal": "deals",
    "dealGroup": "dealGroups",
    "dealStage": "dealStages",
    "dealActivity": "dealActivities",
    "dealTask": "dealTasks",
    "dealTasktype": "dealTasktypes",
    "campaign": "campaigns",
    "message": "messages",
    "link": "links",
    "bounceLog": "bounceLogs",
    "activity": "activities",
    "user": "users",
}
# By which of its times a collection can be asked for what changed.
SINCE = {
    "deals": ("filters[updated_after]", "mdate"),
    "activities": ("after", "tstamp"),
}


def shaped(kind: str, body: Body) -> Body:
    """An object as the vendor writes it: numbers are text, only booleans, nulls and lists are not."""
    if kind not in COLLECTIONS:
        raise ValueError(f"{kind!r} is no kind of object: use one of {', '.join(COLLECTIONS)}")
    return {
        name: str(value) if isinstance(value, int) and not isinstance(value, bool) else value
        for name, value in body.items()
    }


def _list(context: Context, kind: str, name: str) -> Answer:
    rows = sorted(context.objects.all(kind), key=lambda one: int(one["id"]))
    if name in SINCE:
        parameter, column = SINCE[name]
        if since := context.request.query.get(parameter):
            rows = [one for one in rows if moment(one[column]) >= moment(since)]
    return Answer(200, listing(name, context.page(rows, DEFAULT_PAGE, LARGEST_PAGE), len(rows)))


def _all_values(context: Context) -> Answer:
    people = context.objects.all("contact")
    rows = [value for one in people for value in contacts.values_of(one)]
    rows.sort(key=lambda one: int(one["id"]))
    page = context.page(rows, DEFAULT_PAGE, LARGEST_PAGE)
    return Answer(200, listing("fieldValues", page, len(rows)))


ROUTES = (
    *(
        route("GET", rf"{BASE}/{name}", partial(_list, kind=kind, name=name))
        for kind, name in COLLECTIONS.items()
    ),
    route("GET", rf"{BASE}/fieldValues", _all_values),
)
