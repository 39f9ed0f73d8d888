"""What somebody sends who is no browser: an answer in words, soon, and no failure of the program."""

from __future__ import annotations

import base64
import zlib

import orjson
import pytest
from fastapi import FastAPI
from starlette.datastructures import FormData
from support.register_pages import Pages

from zhuanjie.web.api.problem import HttpError
from zhuanjie.web.pages.forms import FIELDS, FormValues
from zhuanjie.web.pages.rooms import ROUTERS


def test_every_number_of_an_address_has_bounds() -> None:
    app = FastAPI()
    for router in ROUTERS:
        app.include_router(router)
    seen, open_ = 0, []
    for path, methods in app.openapi()["paths"].items():
        for method, operation in methods.items():
            for part in operation.get("parameters", ()):
                for schema in (part["schema"], *part["schema"].get("anyOf", ())):
                    if schema.get("type") in {"integer", "number"}:
                        seen += 1
                        if not {"minimum", "exclusiveMinimum"} & schema.keys() \
                                or not {"maximum", "exclusiveMaximum"} & schema.keys():
                            open_.append((method, path, part["name"]))
    assert seen > 5 and open_ == []


@pytest.mark.parametrize("pack", ["..", "/etc", "../../etc", "/tmp", "nope", "."])
def test_another_law_is_one_of_the_packs_and_no_folder(at: Pages, pack: str) -> None:
    browser = at.as_("department")
    browser.submit("/law/what-if", {"pack": pack}, status=404)
    answer = at.office.ask("POST", "/what-ifs", json={"policy": pack})
    assert (answer.status_code, answer.json()["code"]) == (404, "register.law.no-pack")


def test_addresses_and_numbers_that_are_none(at: Pages) -> None:
    browser = at.as_("department")
    browser.page("/account")
    htmx = {"hx-request": "true"}
    # A name in an address, as a script that is not a browser has it.
    led = browser.submit("/members/columns", {"next": "/members?search=张&x=%2F", "own": "1"},
                         status=204, headers=htmx)
    assert led.headers["hx-redirect"] == "/members?search=%E5%BC%A0&x=%2F"
    for odd in ("http://[", "http://localhost//evil.example/x", "x", "//evil.example"):
        answer = at.browser().get("/members", headers={**htmx, "hx-current-url": odd})
        assert (answer.status_code, answer.headers["hx-redirect"]) == (204, "/login"), odd
        answer = at.browser().post("/logout", headers={"referer": odd})
        assert answer.status_code == 401 and 'name="next" value="/"' in answer.text, odd
    for odd in ("http://[", "null", "", "http://localhost:8740.evil.example"):
        assert browser.post("/members/columns", data={"csrf": browser.token},
                            headers={"origin": odd}).status_code == 403
    for version in ("²²", "٣", "9" * 16, "-1", "1e3"):
        answer = browser.post("/members/m1/acts/correct", data={
            "csrf": browser.token, "version": version})
        assert answer.status_code == 422, version  # a reason is lacking
    assert browser.get("/law/decisions?before=" + "9" * 30).status_code == 422


def test_many_values_take_no_longer_than_they_are_many(at: Pages) -> None:
    looked = [0]

    class Name(str):
        __slots__ = ()

        def startswith(self, *asked: object) -> bool:
            looked[0] += 1
            return super().startswith(*asked)  # type: ignore[arg-type]

        def __eq__(self, other: object) -> bool:
            looked[0] += 1
            return super().__eq__(other)

        __hash__ = str.__hash__

    form = FormValues(FormData([
        (Name("f:one"), "1"), *((Name(f"f:{n}"), " 2 ") for n in range(FIELDS - 2)),
        (Name("f:one"), "3")]))
    assert form.begins("f:")["one"] == "3" and len(form.begins("f:")) == FIELDS - 1
    assert form.one("f:7") == "2" and form.all("f:one") == ["1", "3"]
    assert looked[0] < 10 * FIELDS
    with pytest.raises(HttpError):
        FormValues(FormData([("a", "")] * (FIELDS + 1)))
    asked = [["act", "contact"], ["member", "m1"]] + [["input.a", ""]] * FIELDS
    packed = base64.urlsafe_b64encode(zlib.compress(orjson.dumps(asked))).decode().rstrip("=")
    assert at.as_("department").get(f"/members/bulk?asked={packed}").status_code == 422
