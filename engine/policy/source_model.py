"""Where a clause stands in the paper it comes from. In: plain data. Out: a checked source."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, model_validator

from zhuanjie.engine.core.models import Filled, Strict, Text

LONGEST_QUOTE = 300
"""Characters of a quote in one language: the paper itself is to be read where it is published."""


def _short(quote: Text) -> Text:
    if max(len(quote.zh), len(quote.en)) > LONGEST_QUOTE:
        raise ValueError("clause-source.long-quote")
    return quote


def _as_text(value: Any) -> Any:
    """A page or an article may be written as a number."""
    return str(value) if type(value) is int else value


def _link(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or any(map(str.isspace, url)):
        raise ValueError("clause-source.url")
    return url


Number = Annotated[Filled, BeforeValidator(_as_text, json_schema_input_type=Filled | int)]


class Source(Strict):
    """Where a clause stands: a short quote, the page or the article, where the paper is published.
    """

    quote: Annotated[Text, AfterValidator(_short)] | None = Field(
        default=None, description="a short quote, in either language or both")
    page: Number | None = None
    article: Number | None = None
    url: Annotated[str, StringConstraints(max_length=2000), AfterValidator(_link)] | None = Field(
        default=None, description="where the paper is published: http or https")

    @model_validator(mode="after")
    def _something(self) -> Source:
        if not any((self.quote, self.page, self.article, self.url)):
            raise ValueError("clause-source.nothing")
        return self
