"""Settings over HTTP: who may, what is shown of a secret, what was seen before."""

from __future__ import annotations

from support.mail_server import mail_server, webhook
from support.register_office import Office


def test_a_setting_is_set_seen_and_taken_away(at: Office) -> None:
    made = at.ask("PUT", "/settings/forms/letter", json={"value": {"right": -15}})
    assert made.status_code == 200, made.text
    assert made.json()["value"] == {"right": -15, "down": 0}
    version = made.json()["version"]
    assert at.ask("GET", "/settings/forms/letter").json() == made.json()
    late = at.ask("PUT", "/settings/forms/letter?version=0", json={"value": {"right": 1}})
    assert (late.status_code, late.json()["code"]) == (409, "register.settings.changed")
    gone = at.ask("DELETE", f"/settings/forms/letter?version={version}")
    assert gone.json()["value"] is None and gone.json()["version"] == 0
    events = [e for e in at.ask("GET", "/events").json()["items"] if e["kind"] == "settings.set"]
    assert len(events) == 2


def test_no_answer_has_a_secret(at: Office) -> None:
    mail = {"host": "smtp.example.edu.cn", "sender": "zzb@example.edu.cn", "user": "zzb"}
    made = at.ask("PUT", "/settings/mail", "administrator",
                  json={"value": mail, "secrets": {"password": "hunter2 geheim"}})
    assert made.status_code == 200 and made.json()["secrets"] == {"password": True}
    seen = [at.ask("GET", path, role).text for role in ("administrator", "department")
            for path in ("/settings", "/settings/mail", "/events", "/settings/closing-days")]
    assert "geheim" not in "".join((made.text, *seen))
    assert at.ask("PUT", "/settings/mail", json={"value": mail}).status_code == 403


def test_what_cannot_be_is_said(at: Office) -> None:
    for path, value, status in (
            ("/settings/forms/letter", {"right": 5000}, 400), ("/settings/unheard-of", {}, 404),
            ("/settings/forms/-x", {}, 404), ("/settings/mail", {}, 400)):
        answer = at.ask("PUT", path, "administrator", json={"value": value})
        assert answer.status_code == status, (path, answer.text)
    for role, unit in (("college", "maths"), ("inspector", "office"), ("branch", "algebra")):
        assert at.ask("GET", "/settings", role, unit).status_code == 403


def test_a_test_message_says_what_came_of_it(at: Office) -> None:
    with mail_server() as server:
        at.ask("PUT", "/settings/mail", "administrator", json={"value": {
            "host": "127.0.0.1", "port": server.port, "encryption": "none",
            "sender": "zzb@example.edu.cn"}, "secrets": {"password": None}})
        done = at.ask("POST", "/settings/mail/test", "administrator", json={"to": "li@example.cn"})
        assert (done.json()["sent"], done.json()["code"]) == (True, "register.outbox.sent")
        assert done.json()["detail"]
        assert [e.rcpt_tos for e in server.envelopes] == [["li@example.cn"]]
        for role in ("department", "inspector"):
            assert at.ask("POST", "/settings/mail/test", role,
                          json={"to": "li@example.cn"}).status_code == 403
    gone = at.ask("POST", "/settings/mail/test", "administrator", json={"to": "li@example.cn"})
    assert (gone.status_code, gone.json()["code"]) == (200, "register.outbox.no-server")
    for path, body, status in (("/settings/mail/test", {"to": "no address"}, 400),
                               ("/settings/closing-days/test", {"to": "a@b.cn"}, 404),
                               ("/settings/forms/letter/test", {}, 404)):
        assert at.ask("POST", path, "administrator", json=body).status_code == status, path
    nobody = at.ask("POST", "/settings/robots/nobody/test", "administrator").json()
    assert not nobody["sent"] and nobody["code"] == "register.outbox.no-webhook"
    outcomes = [e["data"] for e in at.ask("GET", "/events").json()["items"]
                if e["kind"] == "server.tried"]
    assert {(d["name"], d["outcome"].rpartition(".")[2]) for d in outcomes} == {
        ("mail", "sent"), ("mail", "no-server"), ("robots/nobody", "no-webhook")}


def test_a_robot_is_tried(at: Office) -> None:
    with webhook() as hook:
        made = at.ask("PUT", "/settings/robots/office", "administrator", json={
            "value": {"kind": "wecom"}, "secrets": {"url": f"{hook.address}/geheim"}})
        assert made.status_code == 200, made.text
        tried = at.ask("POST", "/settings/robots/office/test", "administrator")
        # Nothing here may have the register call this machine.
        assert tried.json()["code"] in {"register.outbox.host", "register.outbox.no-tls"}
        assert hook.posts == [] and "geheim" not in tried.text
