"""HubSpot's associations: a record tied to those that a column of its row names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from activations import answers
from activations.connector import Call, Request, Row


def tie(
    call: Call, rows: Sequence[Row], numbers: Mapping[int, str], ends: Mapping[str, str]
) -> dict[int, tuple[str, str]]:
    """Associate the records, by row their `numbers`, column by column; one that is there stays as it is.

    `ends` has for each column the two kinds of objects as the path names them. Returns the rows of which an
    association was refused, with the vendor's category and words.
    """
    refused: dict[int, tuple[str, str]] = {}
    for column, kinds in ends.items():
        pairs = {
            row.seq: (numbers[row.seq], str(row.payload[column]))
            for row in rows
            if row.seq in numbers and row.payload.get(column)
        }
        if not pairs:
            continue
        path = f"/crm/v4/associations/{kinds}/batch/associate/default"
        inputs = [{"from": {"id": one}, "to": {"id": other}} for one, other in pairs.values()]
        answer = answers.body(call(Request("POST", path, json={"inputs": inputs})))
        if errors := answer.get("errors"):
            made = {(str(one["from"]["id"]), str(one["to"]["id"])) for one in answer["results"]}
            words = str(errors[0].get("category")), str(errors[0].get("message"))
            refused |= {seq: words for seq, pair in pairs.items() if pair not in made}
    return refused
