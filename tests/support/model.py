"""A model behind a gateway, as a canary meets it: it answers what the test tells it, and misbehaves in many ways.

An answer is made of bytes and of what is waited for in between: a number of seconds, or HOLD, until the test is over.
"""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

HOLD = "hold"
Part = bytes | float | str
MODEL = "gpt-test"
WORDS = ("The", " capital", " of", " Korea", " is", " Seoul", ".")


def event(data: Any, name: str = "") -> bytes:
    """An event of a stream."""
    text = data if isinstance(data, str) else json.dumps(data)
    return (f"event: {name}\n" if name else "").encode() + f"data: {text}\n\n".encode()


def chunk(content: str | None = None, finish: str | None = None, model: str = MODEL, **delta: Any) -> bytes:
    """A piece of a chat's answer."""
    delta = delta if content is None else {"content": content, **delta}
    return event({"model": model, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})


def usage(given: int = 14, taken: int = len(WORDS), model: str = MODEL) -> bytes:
    """The last piece, which has no choice."""
    return event({"model": model, "choices": [], "usage": {"prompt_tokens": given, "completion_tokens": taken}})


DONE = event("[DONE]")


def chat(words: Sequence[str] = WORDS, model: str = MODEL, taken: int | None = None) -> list[Part]:
    """A good answer as a stream."""
    return [
        chunk("", model=model, role="assistant"),
        *(chunk(word, model=model) for word in words),
        chunk(finish="stop", model=model),
        usage(taken=len(words) if taken is None else taken, model=model),
        DONE,
    ]


def whole(words: Sequence[str] = WORDS) -> list[Part]:
    """The same answer in one piece."""
    message = {"role": "assistant", "content": "".join(words)}
    return [
        json.dumps(
            {
                "model": MODEL,
                "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
                "usage": {"prompt_tokens": 14, "completion_tokens": len(words)},
            }
        ).encode()
    ]


def response(words: Sequence[str] = WORDS) -> list[Part]:
    """A good answer of /v1/responses."""
    end = {"model": MODEL, "status": "completed", "usage": {"input_tokens": 14, "output_tokens": len(words)}}
    deltas = [{"type": "response.output_text.delta", "delta": word} for word in words]
    return [
        *(event(delta, "response.output_text.delta") for delta in deltas),
        event({"type": "response.completed", "response": end}, "response.completed"),
    ]


def embedding(numbers: Sequence[float] = (0.25, -0.5, 0.125)) -> list[Part]:
    """A good answer of /v1/embeddings."""
    data = [{"object": "embedding", "index": 0, "embedding": list(numbers)}]
    return [json.dumps({"model": MODEL, "data": data, "usage": {"prompt_tokens": 5, "total_tokens": 5}}).encode()]


@dataclass(frozen=True)
class Reply:
    """What the gateway sends. ``length`` promises so many bytes; without it the end of the connection is the end.

    With ``chunked`` each part is a chunk; the last one, b"", ends the answer.
    """

    parts: Sequence[Part] = field(default_factory=chat)
    status: int = 200
    content_type: str = "text/event-stream"
    headers: dict[str, str] = field(default_factory=dict)
    length: int | None = None
    chunked: bool = False


def refused(status: int, message: str = "no") -> Reply:
    """An answer with an error."""
    return Reply([json.dumps({"error": {"message": message}}).encode()], status, "application/json")


class Model:
    """Where it is, what it was asked, and what it answers next."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.reply: Reply | Callable[[dict[str, Any]], Reply] = Reply()
        self.asked: list[dict[str, Any]] = []
        self.keys: list[str] = []
        self.paths: list[str] = []
        self.over = threading.Event()

    def answers(self, parts: Iterable[Part], **more: Any) -> None:
        """Let it answer with these parts."""
        self.reply = replace(Reply(list(parts)), **more)

    def reply_to(self, path: str, key: str, body: dict[str, Any]) -> Reply:
        self.paths.append(path)
        self.keys.append(key)
        self.asked.append(body)
        return self.reply(body) if callable(self.reply) else self.reply


@contextmanager
def answering(certificate: Path | None = None) -> Iterator[Model]:
    """Let a model answer on a port of its own."""
    model = Model("")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            reply = model.reply_to(self.path, self.headers.get("Authorization", ""), body)
            self.close_connection = True
            self.send_response(reply.status)
            self.send_header("Content-Type", reply.content_type)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            if reply.chunked:
                self.send_header("Transfer-Encoding", "chunked")
            if reply.length is not None:
                self.send_header("Content-Length", str(reply.length))
            self.end_headers()
            # Who asked has had enough, perhaps.
            with suppress(OSError):
                for part in reply.parts:
                    if isinstance(part, bytes):
                        self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part) if reply.chunked else part)
                    else:
                        model.over.wait(60 if part == HOLD else float(part))

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name of the method it overrides
            """Nothing to say."""

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            """Clients that give up are what tests of canaries are about."""

    server = Quiet(("127.0.0.1", 0), Handler)
    scheme, host = "http", "127.0.0.1"
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        scheme, host = "https", "localhost"
    model.url = f"{scheme}://{host}:{server.server_port}/v1"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield model
    finally:
        model.over.set()
        server.shutdown()
        server.server_close()
