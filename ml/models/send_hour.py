"""At which local hour is a contact most likely to answer? One hour per contact, for scheduling their next message.

Only human answers within a day count, and own activity not caused by a message. The raw personal histogram, which only
repeats the sending schedule, is measured as the known loser.
"""

from __future__ import annotations

from ml.spec import Minimum, Spec
from ml.timing import TimingModel

SPEC = Spec(
    name="send_hour",
    question="At which local hour is this contact most likely to answer a message?",
    decision="When to send this contact's next message",
    relations=("intermediate.int_contacts__hours", "marts.dim_contacts"),
    entity="contact_id",
    minimum=Minimum(positives=200, negatives=0, positive_name="answered messages"),
    bounds=(0.0, 23.0),
    settings={
        # Local hours that may be chosen; nobody is messaged at night.
        "first_hour": 6,
        "last_hour": 22,
        # Answers that an hour's prior counts for, in everyone's and each cohort's curve.
        "strength": 25.0,
        # An own hour is served when even cautiously it is better than the cohort's by this much.
        "gain": 0.01,
        "default_hour": 10,
    },
)

MODEL = TimingModel(SPEC)
