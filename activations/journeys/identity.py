"""People who turn out to be one, and people who are gone: their enrollments follow."""

from __future__ import annotations

from activations import outbox
from activations.conditions.catalog import Catalog
from activations.journeys.flow import Flow
from activations.journeys.running import Running
from activations.journeys.tables import t
from warehouse.clock import aware
from warehouse.dialect import literal


def settle(
    flow: Flow, catalog: Catalog, running: list[Running], changed: frozenset[str] | None
) -> None:
    """Merged contacts keep one enrollment per journey and key, the most advanced; of erased ones all end.

    What the stay that is left has not sent yet goes to whom its contact is now.
    """
    if changed is not None and catalog.contacts.model not in changed:
        return
    if catalog.changes is not None:
        _merge(flow, catalog, running)
    flow.run(
        "create or replace temp table gone as select p.enrollment_no, p.enrollment_id "
        f"from {t('positions')} as p where not exists (select 1 from {catalog.contacts.relation} as c "
        "where c.contact_id = p.contact_id)"
    )
    _end(flow, "exited", "the contact is gone")


def _merge(flow: Flow, catalog: Catalog, running: list[Running]) -> None:
    assert catalog.changes is not None  # noqa: S101 — asked before
    # Chains (a into b, b into c) are followed to who is alive.
    flow.run(
        "create or replace temp table merged as with recursive chain as ("
        "select previous_contact_id as was, contact_id as now_is, 1 as steps "
        f"from {catalog.changes.relation} where kind = 'merge' and contact_id is not null "
        "union all select c.was, n.contact_id, c.steps + 1 from chain as c inner join "
        f"{catalog.changes.relation} as n on c.now_is = n.previous_contact_id and n.kind = 'merge' "
        "and n.contact_id is not null where c.steps < 20) "
        "select was, min(now_is) as now_is from chain as c where exists "
        f"(select 1 from {catalog.contacts.relation} as p "
        f"where p.contact_id = c.now_is) and not exists (select 1 from {catalog.contacts.relation} as p "
        "where p.contact_id = c.was) group by was"
    )
    if not flow.count(
        f"select count(*) from merged as m inner join {t('enrollments')} as e on e.contact_id = m.was"
    ):
        return
    flow.run(
        "create or replace temp table joined as select distinct now_is as contact_id from merged"
    )
    for table in ("positions", "enrollments", "triggered", "achievements"):
        flow.run(
            f"update {t(table)} as x set contact_id = m.now_is from merged as m where x.contact_id = m.was"
        )
    flow.run(
        f"insert into {t('assignments')} select a.journey, a.split, m.now_is, min(a.arm), min(a.propensity), "
        f"min(a.assigned_at) from {t('assignments')} as a inner join merged as m on a.contact_id = m.was "
        f"where not exists (select 1 from {t('assignments')} as k where k.journey = a.journey "
        "and k.split = a.split and k.contact_id = m.now_is) group by a.journey, a.split, m.now_is"
    )
    single = [
        literal(one.journey.journey)
        for one in running
        if one.journey.entry.reentry.policy != "always"
    ] or ["''"]
    flow.run(
        "create or replace temp table gone as select p.enrollment_no, p.enrollment_id "
        f"from {t('positions')} as p inner join {t('nodes')} as n on p.node = n.node "
        f"where p.contact_id in (select contact_id from joined) and n.journey in ({', '.join(single)}) "
        "qualify row_number() over (partition by n.journey, p.contact_id, p.entry_key "
        "order by n.ordinal desc nulls last, p.entered_at asc nulls last, p.enrollment_no asc nulls last) > 1"
    )
    outbox.readdress(
        flow.con,
        "select o.message_id, m.now_is as contact_id from activations.outbox as o "
        "inner join merged as m on o.contact_id = m.was where o.source = 'journey' "
        "and o.enrollment_id not in (select enrollment_id from gone)",
        "its contact was merged",
        aware(flow.now),
    )
    _end(flow, "merged", "the contact was merged with another inside")


def _end(flow: Flow, status: str, reason: str) -> None:
    """End the enrollments in `gone` and take back what is unsent."""
    flow.run(
        f"insert into over select enrollment_no, {literal(status)}, {literal(reason)}, {flow.as_of} from gone"
    )
    flow.run(
        f"insert into revoked select enrollment_no, enrollment_id, {literal(reason)} from gone"
    )
    flow.run(
        f"delete from {t('positions')} where enrollment_no in (select enrollment_no from gone)"
    )
