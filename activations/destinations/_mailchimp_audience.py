"""One Mailchimp audience: the account it is in, its fields, and members as it takes them.

Fields (tags of 10 characters): https://mailchimp.com/developer/marketing/docs/merge-fields/ (read 2026-11). Values of a
tag that the audience lacks are dropped without a word.
"""

from __future__ import annotations

from abc import ABC
from collections.abc import Mapping
from typing import Any

import requests
from typing_extensions import override

from activations import answers
from activations.connector import Call, Request, Row
from activations.errors import StopError, ThrottledError
from activations.token_account import NamedAccount
from activations.values import given, json_of, words

TAG_LENGTH = 10
NOT_MERGE_FIELDS = ("email_address", "status_if_new", "language", "vip", "tags")


class MailchimpAudience(NamedAccount, ABC):
    """The audience that the environment names."""

    needs = ("MILLRACE_MAILCHIMP_TOKEN", "MILLRACE_MAILCHIMP_LIST")
    key_in, list_in = needs
    url_in = "MILLRACE_MAILCHIMP_URL"
    scale_in = "MILLRACE_MAILCHIMP_RATE_SCALE"

    @override
    def configure(self, environ: Mapping[str, str]) -> None:
        super().configure(environ)
        self._list = environ[self.list_in]
        centre = self._token.rpartition("-")[2]
        self.base_url = self.base_url or f"https://{centre}.api.mailchimp.com"

    @override
    def check(self, call: Call) -> None:
        call(Request("GET", f"/3.0/lists/{self._list}", params={"fields": "id"}))

    @override
    def prepare(self, call: Call) -> None:
        """Make the fields that the audience lacks, as text."""
        ours = {*NOT_MERGE_FIELDS, self.target.key}
        wanted = {self._tag(name): name for name in self.target.columns if name not in ours}
        if not wanted:
            return
        path = f"/3.0/lists/{self._list}/merge-fields"
        look = Request("GET", path, params={"count": "1000", "fields": "merge_fields.tag"})
        known = {str(one["tag"]).upper() for one in answers.body(call(look))["merge_fields"]}
        for tag, column in sorted(wanted.items()):
            if tag.upper() in known:
                continue
            if len(tag) > TAG_LENGTH:
                raise StopError(
                    f"mailchimp: {column} would be the field {tag}, and a tag has {TAG_LENGTH} characters at most; "
                    "give the column a `custom_field`"
                )
            new = {"tag": tag, "name": column[:50], "type": "text"}
            call(Request("POST", path, json=new, replayable=False))

    @override
    def classify(self, response: requests.Response) -> None:
        """Far above the limit the vendor's proxy answers a bare 403; its own 403 is a JSON object."""
        if response.status_code == 403 and not json_of(response):
            raise ThrottledError(None)
        answers.classify(response)

    @override
    def encode(self, row: Row) -> dict[str, Any]:
        payload = row.payload
        member: dict[str, Any] = {"email_address": str(payload[self.target.key])}
        member |= {
            n: payload[n] for n in ("language", "vip") if n in payload and payload[n] is not None
        }
        # An empty text clears a field.
        fields = {
            self._tag(name): "" if value is None else value
            for name, value in given(row, *NOT_MERGE_FIELDS).items()
        }
        tags = words(payload, "tags")
        return (
            member
            | ({"merge_fields": fields} if fields else {})
            | ({"tags": tags} if tags else {})
            | {"status": payload.get("status_if_new") or "subscribed"}
        )

    def _tag(self, column: str) -> str:
        return self.target.custom_fields.get(column, column.upper())
