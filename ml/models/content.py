"""Which variant of a message will a contact click? A draw per contact and message, with every variant's chance.

What is compared is always the best single variant, on messages that chance alone decided; most accounts find that no
personal choice beats it, and are told so.
"""

from __future__ import annotations

from ml.spec import Minimum, Spec
from ml.variants import ContentModel

SPEC = Spec(
    name="content",
    question="Which variant of this message will this contact click?",
    decision="Which variant the contact gets",
    relations=("marts.fct_message_choices", "marts.dim_contacts"),
    entity="message",
    minimum=Minimum(positives=300, negatives=0, positive_name="clicks per variant"),
    retrain_days=1.0,
)

MODEL = ContentModel(SPEC)
