"""Rows of HubSpot as Fivetran lands them, with the traps that its tables hold."""

from __future__ import annotations

from typing import Any

Rows = list[dict[str, Any]]

# As other warehouses spell it.
CONTACTS_CSV = """\
ID,PROPERTY_EMAIL,PROPERTY_HS_EMAIL_OPTOUT,PROPERTY_HS_EMAIL_OPTOUT_78,PROPERTY_LASTMODIFIEDDATE,_FIVETRAN_SYNCED
7,HS7@example.com,FALSE,TRUE,2026-01-09 00:00:00,2026-06-01 00:00:00
"""


def day(number: int, hour: int = 0) -> str:
    """A moment of January 2026."""
    return f"2026-01-{number:02} {hour:02}:00:00"


def contact(key: str, modified: int, **properties: Any) -> dict[str, Any]:
    """One version of a contact; Fivetran wrote it long after it changed."""
    return {
        "id": key, "property_email": f"hs{key}@example.com", "property_createdate": day(1),
        "property_lastmodifieddate": day(modified), "_fivetran_synced": "2026-06-01 00:00:00",
        **{f"property_{name}": value for name, value in properties.items()},
    }  # fmt: skip


def stage(deal: str, value: str, entered: int) -> dict[str, Any]:
    """One stay of a deal in a stage; what still holds ends in the far future."""
    return {
        "deal_id": deal, "value": value, "date_entered": day(entered),
        "_fivetran_start": day(entered, 5), "_fivetran_end": "2050-01-01 00:00:00", "_fivetran_active": True,
    }  # fmt: skip


ROWS: dict[str, Rows] = {
    "company": [
        {"id": "10", "property_name": "Acme", "property_website": "https://WWW.Acme.example/shop",
         "property_country": "de", "property_numberofemployees": "about 50", "property_annualrevenue": "1000.5",
         "property_hubspot_owner_id": "70"},
        {"id": "11", "property_name": "Gone", "is_deleted": True},
    ],
    "owner": [{"owner_id": "70", "first_name": "Olga", "last_name": "Ohm", "email": "Olga@example.com"}],
    "owner_team": [
        {"owner_id": "70", "team_id": "1", "is_team_primary": False},
        {"owner_id": "70", "team_id": "2", "is_team_primary": True},
    ],
    "team": [{"id": "1", "name": "North"}, {"id": "2", "name": "South"}],
    "deal_pipeline": [{"pipeline_id": "p1", "label": "Sales", "_fivetran_deleted": True}],
    "deal_pipeline_stage": [
        {"stage_id": "s1", "label": "New", "display_order": 0, "is_closed": False, "closed_won": False},
        {"stage_id": "s2", "label": "Bought", "display_order": 1, "probability": "1.0"},
    ],
    "deal": [
        {"deal_id": "1", "deal_pipeline_id": "p1", "deal_pipeline_stage_id": "s1", "owner_id": "70",
         "property_dealname": "Open one", "property_amount": 100.505, "property_createdate": day(1)},
        {"deal_id": "2", "deal_pipeline_id": "p1", "deal_pipeline_stage_id": "s2",
         "property_createdate": day(1), "property_closedate": "2027-01-01 00:00:00"},
        {"deal_id": "3", "is_deleted": True, "deal_pipeline_stage_id": "s1"},
        {"deal_id": "4", "deal_pipeline_stage_id": "s1"},
        {"deal_id": "5", "deal_pipeline_stage_id": "closedlost", "property_closedate": day(9)},
    ],
    "merged_deal": [{"deal_id": "1", "merged_deal_id": "4"}],
    "deal_stage": [
        stage("1", "s1", 1), stage("2", "s1", 2), stage("2", "s2", 5), stage("3", "s1", 1), stage("4", "s1", 1),
    ],
    "deal_property_history": [
        {"deal_id": "1", "name": "amount", "value": "90", "timestamp": day(1)},
        {"deal_id": "1", "name": "amount", "value": "about 100", "timestamp": day(2)},
        {"deal_id": "1", "name": "amount", "value": "100.5", "timestamp": day(3)},
        {"deal_id": "1", "name": "closedate", "value": "1767225600000", "timestamp": day(1)},
        {"deal_id": "1", "name": "dealname", "value": "Open one", "timestamp": day(1)},
    ],
    "deal_contact": [
        {"deal_id": "4", "contact_id": "1", "type_id": "3"},
        {"deal_id": "2", "contact_id": "2", "type_id": "3", "_fivetran_deleted": True},
        {"deal_id": "2", "contact_id": "2", "type_id": "17"},
        {"deal_id": "2", "contact_id": "1", "type_id": "3", "_fivetran_deleted": True},
    ],
    "deal_company": [
        {"deal_id": "2", "company_id": "0", "type_id": "341"}, {"deal_id": "2", "company_id": "10", "type_id": "5"},
    ],
    "contact": [
        contact("1", 1, associatedcompanyid="10"),
        contact("2", 3, hs_email_optout="false"), contact("2", 5, hs_email_optout="true"),
        contact("3", 6, hs_email_optout=True, hs_email_optout_77=False),
        contact("4", 6, hs_email_optout_77="true"),
        contact("5", 7, hs_email_hard_bounce_reason_enum="UNKNOWN_USER"),
        {**contact("6", 8, hs_email_optout=True), "_fivetran_deleted": True},
        contact("8", 1, hs_calculated_merged_vids="9:1767225600000;90:1767312000000"),
        contact("80", 1, hs_merged_object_ids="91;92"),
    ],
    "contact_property_history": [
        {"contact_id": "2", "name": "hs_email_optout", "value": "true", "timestamp": day(4)},
        {"contact_id": "2", "name": "jobtitle", "value": "CEO", "timestamp": day(4)},
    ],
    "email_subscription_change": [
        {"recipient": "Left@example.com", "timestamp": day(2), "change": "UNSUBSCRIBED",
         "change_type": "PORTAL_STATUS"},
        {"recipient": "put@example.com", "timestamp": day(2), "change": "SUBSCRIBED", "change_type": "PORTAL_STATUS",
         "source": "SOURCE_IMPORT"},
        {"recipient": "came@example.com", "timestamp": day(2), "change": "SUBSCRIBED",
         "change_type": "SUBSCRIPTION_STATUS", "source": "SOURCE_RECIPIENT", "email_subscription_id": "77"},
    ],
    "contact_list": [{"id": "l1", "name": "VIPs"}, {"id": "l2", "name": "Old", "_fivetran_deleted": True,
                                                    "_fivetran_synced": day(20)}],
    "contact_list_member": [
        {"contact_list_id": "l1", "contact_id": "1", "added_at": day(2)},
        {"contact_list_id": "l1", "contact_id": "2", "added_at": day(2), "_fivetran_deleted": True,
         "_fivetran_synced": day(9)},
        {"contact_list_id": "l2", "contact_id": "1", "added_at": day(2)},
        {"contact_list_id": "l3", "contact_id": "1", "added_at": day(2)},
    ],
    "contact_form_submission": [
        {"contact_id": "1", "form_id": "f1", "timestamp": day(3), "page_url": "https://shop.example/a"},
    ],
    "engagement": [{"id": "e3", "type": "TASK", "owner_id": "70", "created_at": day(2), "timestamp": day(4)}],
    "engagement_task": [
        {"engagement_id": "e1", "property_hs_task_type": "TODO", "property_hs_task_status": "COMPLETED",
         "property_hs_createdate": day(1), "property_hs_timestamp": day(2), "property_hs_task_completion_date": day(3)},
        {"engagement_id": "e2", "_fivetran_deleted": True},
        {"engagement_id": "e3", "task_type": "CALL", "status": "NOT_STARTED"},
    ],
    "engagement_call": [
        {"engagement_id": "e4", "property_hs_call_direction": "INBOUND", "property_hs_timestamp": day(3),
         "property_hs_createdate": day(3)},
    ],
    "engagement_meeting": [
        {"engagement_id": "e5", "start_time": day(5), "end_time": day(5, 1), "meeting_outcome": "CANCELED"},
        {"engagement_id": "e6", "property_hs_meeting_start_time": day(6), "property_hs_meeting_end_time": day(6, 1)},
    ],
    "engagement_deal": [{"engagement_id": "e1", "deal_id": "4"}],
    "engagement_contact": [{"engagement_id": "e1", "contact_id": "1"}],
    "ticket_pipeline_stage": [
        {"stage_id": "1", "pipeline_id": "0", "label": "New", "ticket_state": "OPEN"},
        {"stage_id": "4", "pipeline_id": "0", "label": "Solved", "ticket_state": "CLOSED"},
        {"stage_id": "4", "pipeline_id": "9", "label": "Waiting", "is_closed": False, "_fivetran_deleted": True},
    ],
    "ticket": [
        {"id": "501", "property_subject": " Lost parcel ", "property_hs_pipeline": "0",
         "property_hs_pipeline_stage": "1", "property_hs_ticket_priority": "HIGH", "property_hubspot_owner_id": "70",
         "property_createdate": day(3), "_fivetran_synced": day(3)},
        {"id": "501", "property_subject": "Lost parcel", "property_hs_pipeline": "0",
         "property_hs_pipeline_stage": "4", "property_hs_ticket_priority": "HIGH", "property_hubspot_owner_id": "70",
         "property_createdate": day(3), "property_closed_date": day(8), "_fivetran_synced": day(8)},
        {"id": "502", "property_hs_pipeline": "9", "property_hs_pipeline_stage": "4", "property_createdate": day(4)},
        {"id": "503", "property_hs_pipeline_stage": "4", "property_createdate": day(5)},
        {"id": "504", "is_deleted": True, "property_createdate": day(5)},
    ],
    "ticket_contact": [
        {"ticket_id": "501", "contact_id": "9"}, {"ticket_id": "501", "contact_id": "90"},
        {"ticket_id": "501", "contact_id": "1"},
        {"ticket_id": "502", "contact_id": "2"}, {"ticket_id": "504", "contact_id": "1"},
        {"ticket_id": "502", "contact_id": "3", "_fivetran_deleted": True},
    ],
}  # fmt: skip
