"""One landing file on its way into its raw table: what it is, and what every row of it says of its origin."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from warehouse.clock import naive
from warehouse.contract import Contract
from warehouse.dialect import ident, literal
from warehouse.landing import LandingFile
from warehouse.scan import Scan
from warehouse.typed import select_list


@dataclass(frozen=True)
class Batch:
    """A file of one table, its content's id, the number of the load and its moment."""

    contract: Contract
    file: LandingFile
    file_id: str
    number: int
    now: datetime

    @property
    def target(self) -> str:
        """The raw table, as SQL."""
        return ident(self.contract.schema, self.contract.table)

    def columns(self, source: Scan, only_if: str = "") -> str:
        """The raw table's columns from `source`; a row that `only_if` does not hold for ends the statement."""
        file_id = literal(self.file_id)
        if only_if:
            file_id = f"case when {only_if} then {file_id} else error('a row does not fit') end"
        system = {
            "_file_id": file_id,
            "_batch": str(self.number),
            "_loaded_at": literal(naive(self.now)),
            "_extra": source.extra,
        }
        return select_list(self.contract, source.expressions, system)
