"""Steps that ask others to do something: updates, deals, tasks, notifications, calls, and other journeys.

What is asked is a row of `journeys.actions` with a natural key; syncs take it from there, once.
"""

from __future__ import annotations

from activations.journeys.flow import Flow
from activations.journeys.tables import t


def take_actions(flow: Flow) -> None:
    """Write down what is asked, and go on."""
    flow.run(
        "create or replace temp table acting as select c.*, y.enrollment_id, s.journey, s.step_id, "
        "a.kind, a.destination, a.body, "
        "md5(concat_ws('|', s.journey, y.enrollment_id, s.step_id, cast(c.visit as varchar))) as action_id "
        "from cur as c inner join step as s on c.node = s.node inner join step_action as a on c.node = a.node "
        "inner join staying as y on c.enrollment_no = y.enrollment_no"
    )
    flow.run(
        f"insert into {t('actions')} select action_id, journey, enrollment_id, step_id, visit, contact_id, kind, "
        f"destination, body, {flow.as_of} from acting where kind not in ('enter', 'leave') "
        f"and action_id not in (select action_id from {t('actions')})"
    )
    flow.run(
        f"insert into {t('requests')} select destination, kind, contact_id, action_id, {flow.as_of}, null "
        f"from acting where kind in ('enter', 'leave') "
        f"and action_id not in (select request_key from {t('requests')})"
    )
    flow.take("acting as q", went="true", edge="'next'", branch="'asked'")
