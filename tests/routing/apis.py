"""Stand-ins for the services that people are told by: each takes and refuses what the real one does.

What they answer was recorded or documented elsewhere; each says where. What none of it says is not played.
"""

from __future__ import annotations

import json
import re
from typing import Any

from tests.support.loopback import Answer, Request, Server, as_json

# 32 letters and digits, as PagerDuty's are; a UUID, as Opsgenie's are.
PAGERDUTY_KEY = "0123456789abcdef0123456789abcdef"
OPSGENIE_KEY = "01234567-89ab-cdef-0123-456789abcdef"
TELEGRAM_TOKEN = "123456:s3cret-s3cret"  # noqa: S105 - made up for these tests
TELEGRAM_CHAT = -1001234567890


def pagerduty(request: Request) -> Answer:
    """Events API v2.

    202 when an event is taken (developer.pagerduty.com, "Events API v2 Overview"); 400 as recorded in the repository
    envato/pagerduty, issue 70. What an event has to have: "Send an Alert Event" of the same documentation.
    """
    event = request.json
    faults = []
    if len(event["routing_key"]) != 32:
        faults.append("Length of 'routing_key' is incorrect (should be 32 characters)")
    if event["event_action"] == "trigger":
        payload = event["payload"]
        assert 0 < len(payload["summary"]) <= 1024
        assert payload["source"]
        assert payload["severity"] in {"critical", "error", "warning", "info"}
    if faults:
        return as_json({"status": "invalid event", "message": "Event object is invalid", "errors": faults}, 400)
    return as_json({"status": "success", "message": "Event processed", "dedup_key": event["dedup_key"]}, 202)


def opsgenie(request: Request) -> Answer:
    """Alert API.

    202 as docs.opsgenie.com, "Alert API", shows it; 422 as recorded in the repository falcosecurity/falcosidekick,
    issue 719. A message has 130 characters at most, and a priority is one of P1 to P5.
    """
    key = request.headers["Authorization"].removeprefix("GenieKey ")
    if not re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", key):
        said = {"message": "Key format is not valid!", "took": 0.0, "requestId": "a574eb09-1d09-4967-8587-0a605349f891"}
        return as_json(said, 422)
    if request.path == "/v2/alerts":
        alert = request.json
        assert 0 < len(alert["message"]) <= 130
        assert alert["priority"] in {"P1", "P2", "P3", "P4", "P5"}
    return as_json(
        {"result": "Request will be processed", "took": 0.302, "requestId": "43a29c5c-3dbf-4fa4-9c26-f4f71023e120"}, 202
    )


def teams(request: Request) -> Answer:
    """Answer as a workflow that posts to a channel of Microsoft Teams.

    202 and, for an address without its signature, 401 as recorded in the repository ericferon/glpi-webhook, issue 51.
    It takes adaptive cards only (learn.microsoft.com, "Create and send messages", known issues), of 28 KB at most.
    """
    if "sig=" not in request.path:
        error = {
            "code": "DirectApiAuthorizationRequired",
            "message": "The request must be authenticated only by Shared Access scheme.",
        }
        return as_json({"error": error}, 401)
    (attachment,) = request.json["attachments"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert len(request.body) <= 28_000
    return Answer(status=202, content_type=None)


def telegram(request: Request) -> Answer:
    """Bot API (core.telegram.org/bots/api, "Making requests"); descriptions: the repository vrumger/telegram-errors."""
    if request.path != f"/bot{TELEGRAM_TOKEN}/sendMessage":
        return as_json({"ok": False, "error_code": 401, "description": "Unauthorized"}, 401)
    message = request.json
    if str(message["chat_id"]) != str(TELEGRAM_CHAT):
        return as_json({"ok": False, "error_code": 400, "description": "Bad Request: chat not found"}, 400)
    assert 0 < len(message["text"]) <= 4096
    return as_json({"ok": True, "result": {"message_id": 7, "date": 0, "chat": {"id": TELEGRAM_CHAT, "type": "group"}}})


def mattermost(request: Request) -> Answer:
    """Answer as an incoming webhook does.

    200 with the text ok (developers.mattermost.com, "Incoming webhooks"); 400 with the identifier of the error that
    the server's HandleIncomingWebhook gives an address that it does not know.
    """
    if request.path != "/hooks/known":
        return as_json({"id": "web.incoming_webhook.invalid.app_error", "message": "Invalid webhook."}, 400)
    assert request.json.get("text") or request.json["attachments"]
    return Answer(body=b"ok", content_type="text/plain")


def google_chat(request: Request) -> Answer:
    """Answer as an incoming webhook does.

    For webhooks only name and thread.name are filled in (developers.google.com/chat, "spaces.messages.create"), a
    message has 32,000 bytes at most, and an unknown field is refused: 400 in the form recorded in the repository
    opensearch-project/OpenSearch-Dashboards, issue 5518.
    """
    message = request.json
    unknown = sorted(set(message) - {"text"})
    if unknown:
        error = {
            "code": 400,
            "message": f'Invalid JSON payload received. Unknown name "{unknown[0]}": Cannot find field.',
            "status": "INVALID_ARGUMENT",
        }
        return as_json({"error": error}, 400)
    if "token=" not in request.path:
        return as_json({"error": {"code": 401, "status": "UNAUTHENTICATED"}}, 401)
    assert isinstance(message["text"], str)
    assert len(request.body) <= 32_000
    return as_json({"name": "spaces/AAAA/messages/BBBB.BBBB", "thread": {"name": "spaces/AAAA/threads/BBBB"}})


def serve(server: Server) -> None:
    """Let the server be all of them, with addresses that they know and addresses that they do not."""
    server.answers |= {
        "POST /v2/enqueue": pagerduty,
        "POST /v2/alerts": opsgenie,
        "POST /teams?sig=s3cret-s3cret": teams,
        "POST /teams": teams,
        f"POST /bot{TELEGRAM_TOKEN}/sendMessage": telegram,
        "POST /bot1:wrong/sendMessage": telegram,
        "POST /hooks/known": mattermost,
        "POST /hooks/unknown": mattermost,
        "POST /v1/spaces/AAAA/messages?key=k&token=s3cret-s3cret": google_chat,
        "POST /v1/spaces/AAAA/messages?key=k": google_chat,
    }


def receivers(url: str) -> dict[str, dict[str, Any]]:
    """One receiver of each type, as people write them; what ``config`` says is where the stand-in is."""
    return {
        "pagerduty": {"routing_key": PAGERDUTY_KEY, "config": {"url": f"{url}/v2/enqueue"}},
        "opsgenie": {"api_key": OPSGENIE_KEY, "config": {"api_url": url}},
        "msteams": {"webhook_url": f"{url}/teams?sig=s3cret-s3cret"},
        "telegram": {"bot_token": TELEGRAM_TOKEN, "chat_id": TELEGRAM_CHAT, "config": {"api_url": url}},
        "mattermost": {"webhook_url": f"{url}/hooks/known", "channel": "town-square"},
        "google_chat": {"webhook_url": f"{url}/v1/spaces/AAAA/messages?key=k&token=s3cret-s3cret"},
    }


def wrong(url: str) -> dict[str, dict[str, Any]]:
    """What each of them refuses in place of that."""
    return {
        "pagerduty": {"routing_key": "s3cret-too-short"},
        "opsgenie": {"api_key": "s3cret-no-uuid"},
        "msteams": {"webhook_url": f"{url}/teams"},
        "telegram": {"bot_token": "1:wrong"},
        "mattermost": {"webhook_url": f"{url}/hooks/unknown"},
        "google_chat": {"webhook_url": f"{url}/v1/spaces/AAAA/messages?key=k"},
    }


def text_of(request: Request) -> tuple[str, str, str]:
    """To whom a request is, and the title and the text that people read."""
    content = json.loads(request.body)
    if request.path.startswith("/v2/enqueue"):
        return "pagerduty", content["payload"]["summary"], content["payload"]["custom_details"]["firing"]
    if request.path.startswith("/v2/alerts"):
        return "opsgenie", content["message"], content["description"]
    if request.path.startswith("/teams"):
        title, text = content["attachments"][0]["content"]["body"]
        return "msteams", title["text"], text["text"]
    if request.path.startswith("/bot"):
        title, _, text = content["text"].partition("\n")
        return "telegram", title, text
    if request.path.startswith("/hooks"):
        (attachment,) = content["attachments"]
        return "mattermost", attachment["title"], attachment["text"]
    title, _, text = content["text"].partition("\n")
    return "google_chat", title.strip("*"), text
