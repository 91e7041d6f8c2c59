"""What will this customer be worth? Expected cents, with an interval, for deciding what to spend on keeping whom.

Orders by BG/NBD and their value by Gamma-Gamma where both together beat the mean of the customer's RFM cell on the last
mature window, else that mean. Deciding quantities: days with orders, the day of the last one, and their mean value.
"""

from __future__ import annotations

from ml.spec import Minimum, Spec
from ml.value import ValueModel

SPEC = Spec(
    name="value",
    question="What will this customer be worth in the time to come?",
    decision="What to spend on keeping whom",
    relations=("intermediate.int_customers__order_days",),
    entity="contact_id",
    minimum=Minimum(positives=100, negatives=0, positive_name="customers with two orders"),
    bounds=(0.0, float("inf")),
)

MODEL = ValueModel(SPEC)
