"""Rows of Salesforce as Fivetran lands them: plain, in history mode, and in the names of older connections."""

from __future__ import annotations

from typing import Any

from tests.sources.hubspot_rows import Rows, day

# An older connection: PascalCase, and no columns of history mode.
OPPORTUNITIES_CSV = """\
Id,AccountId,Name,Amount,StageName,IsClosed,IsWon,CloseDate,OwnerId,CreatedDate,LastModifiedDate,IsDeleted
006A,001A,Roles,1000.5,Offer,false,false,2026-08-01,005A,2026-01-01 00:00:00,2026-01-02 00:00:00,false
006C,001B,Converted,10,Closed Lost,true,false,2026-01-20,005A,2026-01-01 00:00:00,2026-01-09 00:00:00,false
006D,001A,Fields,10,Offer,false,false,2026-08-01,005A,2026-01-01 00:00:00,2026-01-09 00:00:00,false
006E,001A,Binned,10,Offer,false,false,2026-08-01,005A,2026-01-01 00:00:00,2026-01-09 00:00:00,true
006F,001B,Whose,10,Offer,false,false,2026-08-01,005A,2026-01-01 00:00:00,2026-01-09 00:00:00,false
"""


def version(start: int, active: bool, **columns: Any) -> dict[str, Any]:
    """One version of a row in history mode; the one that holds ends in the far future."""
    return {
        **columns, "_fivetran_start": day(start), "_fivetran_active": active,
        "_fivetran_end": "9999-12-31 23:59:59" if active else day(start + 1),
    }  # fmt: skip


WON: dict[str, Any] = {
    "id": "006B",
    "account_id": "001A",
    "created_date": "2025-12-01 00:00:00",
    "record_type_id": "012A",
}
ROWS: dict[str, Rows] = {
    "account": [
        {"id": "001A", "name": "Acme", "website": "acme.example", "owner_id": "005A", "billing_country_code": "DE"},
        {"id": "001B", "name": "Bolt"},
        {"id": "001C", "name": "Merged", "is_deleted": True, "master_record_id": "001A"},
    ],
    "user": [{"id": "005A", "name": "Uma", "email": "Uma@example.com", "user_role_id": "00E1", "country": "DE"}],
    "user_role": [{"id": "00E1", "name": "Sales"}],
    "opportunity": [
        # The first version that was synced says nothing of when the stage began; the second does.
        version(3, False, **WON, stage_name="Offer"),
        version(8, True, **WON, stage_name="Closed Won", is_won=True, is_closed=True, close_date=day(30)),
    ],
    "opportunity_stage": [
        {"id": "1", "master_label": "Offer", "sort_order": 2},
        {"id": "2", "master_label": "Closed Won", "sort_order": 5},
    ],
    "record_type": [{"id": "012A", "name": "Renewals"}],
    "opportunity_history": [
        {"id": "h1", "opportunity_id": "006C", "stage_name": "New", "created_date": day(1)},
        {"id": "h2", "opportunity_id": "006C", "stage_name": "Closed Lost", "created_date": day(4)},
        {"id": "h3", "opportunity_id": "006C", "stage_name": "Closed Lost", "created_date": day(5)},
    ],
    "opportunity_field_history": [
        {"id": "f1", "opportunity_id": "006D", "field": "StageName", "old_value": "New", "new_value": "Offer",
         "created_date": day(6)},
        {"id": "f2", "opportunity_id": "006D", "field": "Amount", "old_value": "5", "new_value": "10",
         "created_date": day(6)},
    ],
    "opportunity_contact_role": [
        {"id": "r1", "opportunity_id": "006A", "contact_id": "003A", "is_primary": False, "created_date": day(1)},
        {"id": "r2", "opportunity_id": "006A", "contact_id": "003B", "is_primary": True, "created_date": day(2)},
        {"id": "r3", "opportunity_id": "006F", "contact_id": "003C", "is_deleted": True, "is_primary": True},
    ],
    "contact": [
        version(2, False, id="003A", account_id="001A", email="sfa@example.com"),
        version(4, False, id="003A", account_id="001A", email="sfa@example.com", has_opted_out_of_email=True),
        version(6, True, id="003A", account_id="001A", email="sfa@example.com", has_opted_out_of_email=True),
        {"id": "003B", "account_id": "001B", "email": "sfb@example.com", "has_opted_out_of_email": False,
         "email_bounced_date": day(3), "email_bounced_reason": "smtp; 452 4.2.2 mailbox full"},
        {"id": "003C", "account_id": "001B", "email": "sfc@example.com", "last_modified_date": day(5),
         "email_bounced_date": day(3), "email_bounced_reason": "smtp; 550 5.1.1 no such user"},
        {"id": "003D", "email": "sfd@example.com", "is_deleted": True, "master_record_id": "003A",
         "last_modified_date": day(7)},
    ],
    "lead": [
        {"id": "00QA", "email": "lead@example.com", "is_converted": True, "converted_contact_id": "003C",
         "converted_opportunity_id": "006C", "converted_date": day(2), "has_opted_out_of_email": True},
    ],
    "task": [
        {"id": "00T1", "who_id": "003A", "what_id": "006A", "owner_id": "005A", "task_subtype": "Call",
         "call_type": "Inbound", "is_closed": True, "created_date": day(1), "completed_date_time": day(2)},
        {"id": "00T2", "who_id": "00QA", "what_id": "001A", "status": "Open", "created_date": day(1),
         "activity_date": day(9)},
        version(2, False, id="00T3", created_date=day(1)),
    ],
    "event": [
        {"id": "00U1", "who_id": "003A", "what_id": "006A", "start_date_time": day(3), "end_date_time": day(3, 1),
         "created_date": day(1)},
        {"id": "00U2", "start_date_time": "2027-01-01 00:00:00", "created_date": day(1)},
    ],
    "campaign": [
        {"id": "701A", "name": "Spring Fair", "type": "Trade Show", "_fivetran_synced": day(1)},
        {"id": "701B", "name": "Binned", "is_deleted": True, "_fivetran_synced": day(12)},
    ],
    "campaign_member": [
        version(2, False, id="00V1", campaign_id="701A", contact_id="003A", status="Sent", created_date=day(2)),
        version(5, True, id="00V1", campaign_id="701A", contact_id="003A", status="Visited", has_responded=True,
                first_responded_date=day(4), created_date=day(2)),
        # A lead that became a contact, and an answer without its day.
        {"id": "00V2", "campaign_id": "701A", "lead_id": "00QA", "has_responded": True, "created_date": day(3)},
        {"id": "00V3", "campaign_id": "701A", "contact_id": "003B", "status": "Sent", "created_date": day(2),
         "is_deleted": True, "last_modified_date": day(9)},
        {"id": "00V4", "campaign_id": "701B", "contact_id": "003B", "created_date": day(2)},
        {"id": "00V5", "campaign_id": "701X", "contact_id": "003B", "created_date": day(2)},
        {"id": "00V6", "campaign_id": "701A", "status": "Nobody", "created_date": day(2)},
    ],
}  # fmt: skip
