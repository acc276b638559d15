"""Draw the whole of llmmon in one picture, docs/pictures/overview*.svg: `python -m docs.overview`."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from html import escape
from pathlib import Path

FOLDER = Path(__file__).resolve().parent / "pictures"
WIDTH, HEIGHT = 1000, 500
TITLE_SIZE, TEXT_SIZE, LABEL_SIZE = 16, 13, 12
PADDING = 14

# Opaque, so that it can be read on whatever page it lies; the second set is for who prefers dark.
STYLE = """
  .page { fill: #f6f8fa } .box { fill: #ffffff; stroke: #8c959f } .host { fill: #ddf4ff; stroke: #218bff }
  .title { fill: #1f2328; font-weight: 600 } .text, .label { fill: #424a53 }
  .line { stroke: #57606a; fill: none } .tip { fill: #57606a }
  .proof { fill: #1a7f37 } .number { fill: #ffffff; font-weight: 600 }
  text { font-family: system-ui, -apple-system, "Segoe UI", "Noto Sans KR", "Malgun Gothic", sans-serif }
  @media (prefers-color-scheme: dark) {
    .page { fill: #0d1117 } .box { fill: #161b22; stroke: #6e7681 } .host { fill: #0b2545; stroke: #388bfd }
    .title { fill: #f0f6fc } .text, .label { fill: #c9d1d9 } .line { stroke: #8b949e } .tip { fill: #8b949e }
    .proof { fill: #238636 }
  }
"""


@dataclass(frozen=True)
class Box:
    """A part, and what is to be said of it."""

    x: int
    y: int
    width: int
    height: int
    title: str
    lines: tuple[str, ...] = ()
    kind: str = "box"


@dataclass(frozen=True)
class Arrow:
    """From one part to another, with a word and the number of the proof that goes the same way."""

    start: tuple[int, int]
    end: tuple[int, int]
    label: str
    at: tuple[int, int]
    proof: int = 0


@dataclass(frozen=True)
class Picture:
    """The same parts in each language."""

    name: str
    about: str
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    legend: str
    proofs: tuple[str, ...]


def picture(name: str, words: dict[str, str]) -> Picture:
    """Where everything lies; the words are one language's, several lines of a part with a bar between them."""

    def box(key: str, x: int, y: int, width: int, height: int, kind: str = "box") -> Box:
        title, *lines = words[key].split("|")
        return Box(x, y, width, height, title, tuple(lines), kind)

    return Picture(
        name,
        words["about"],
        (
            box("host", 345, 20, 345, 395, "host"),
            box("controller", 20, 70, 195, 85),
            box("gateway", 20, 258, 195, 85),
            box("grafana", 365, 65, 305, 85),
            box("prometheus", 365, 190, 305, 85),
            box("alertmanager", 365, 315, 305, 85),
            box("people", 785, 65, 195, 85),
            box("backups", 785, 190, 195, 85),
            box("receivers", 785, 315, 195, 85),
        ),
        (
            Arrow((215, 112), (345, 112), words["ssh"], (280, 94), 2),
            Arrow((365, 250), (215, 300), words["scrape"], (280, 318), 1),
            Arrow((785, 107), (670, 107), words["look"], (727, 97)),
            Arrow((515, 150), (515, 190), words["query"], (570, 174), 3),
            Arrow((515, 275), (515, 315), words["alert"], (570, 299)),
            Arrow((690, 232), (785, 232), words["archive"], (737, 222)),
            Arrow((670, 357), (785, 357), words["message"], (727, 339), 4),
        ),
        words["legend"],
        tuple(words[f"proof{number}"] for number in (1, 2, 3, 4)),
    )


ENGLISH = picture(
    "overview.svg",
    {
        "about": "llmmon: Ansible deploys Prometheus, Alertmanager and Grafana on a host, which watch an LLM gateway",
        "controller": "Your machine|ansible-playbook|your inventory",
        "gateway": "LLM gateway|LiteLLM, vLLM, Envoy,|LLM auth proxy, ...",
        "host": "Monitoring host",
        "grafana": "Grafana|dashboards: failures, response|times, tokens, cost",
        "prometheus": "Prometheus|recording rules and alerts,|thresholds for each model",
        "alertmanager": "Alertmanager|routes, quiet nights,|one message for one trouble",
        "people": "Your team|open dashboards",
        "backups": "Backups|restored on this host|or on a fresh one",
        "receivers": "Receivers|Slack, Discord, e-mail,|PagerDuty, webhook, ...",
        "ssh": "SSH",
        "scrape": "/metrics, token",
        "look": "browser",
        "query": "queries",
        "alert": "alerts",
        "archive": "archive",
        "message": "messages",
        "legend": "Proved by verify.yml:",
        "proof1": "every target is up with its token",
        "proof2": "each service runs your configuration",
        "proof3": "Grafana shows data",
        "proof4": "a test alert arrives (on request)",
    },
)
KOREAN = picture(
    "overview.ko.svg",
    {
        "about": "llmmon 구성도: Ansible이 배포한 Prometheus, Alertmanager, Grafana가 LLM 게이트웨이를 모니터링합니다",
        "controller": "컨트롤러|ansible-playbook|인벤토리",
        "gateway": "LLM 게이트웨이|LiteLLM, vLLM, Envoy,|LLM Auth Proxy 등",
        "host": "모니터링 호스트",
        "grafana": "Grafana|대시보드: 실패, 응답 시간,|토큰, 비용",
        "prometheus": "Prometheus|레코딩 룰과 알림 룰,|모델별 임계값",
        "alertmanager": "Alertmanager|라우트, 야간 무음,|장애 하나에 알림 하나",
        "people": "운영팀|대시보드 조회",
        "backups": "백업|같은 호스트 또는|새 호스트로 복원",
        "receivers": "리시버|Slack, Discord, 이메일,|PagerDuty, 웹훅 등",
        "ssh": "SSH",
        "scrape": "/metrics, 토큰",
        "look": "브라우저",
        "query": "쿼리",
        "alert": "알림",
        "archive": "아카이브",
        "message": "메시지",
        "legend": "verify.yml이 증명:",
        "proof1": "모든 타겟이 토큰으로 수집됨",
        "proof2": "서비스가 의도한 설정으로 동작함",
        "proof3": "Grafana에 데이터가 보임",
        "proof4": "테스트 알림이 도착함(요청 시)",
    },
)


def text_width(text: str, size: int) -> float:
    """About how wide a text becomes, rather too wide: a Korean letter takes a square, others about half of it."""
    return sum(1.0 if unicodedata.east_asian_width(letter) in "WF" else 0.55 for letter in text) * size


def draw(drawn: Picture) -> str:
    """The picture as SVG."""
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-labelledby="about">',
        f'<title id="about">{escape(drawn.about)}</title>',
        f"<style>{STYLE}</style>",
        f'<rect class="page" width="{WIDTH}" height="{HEIGHT}" rx="12"/>',
    ]
    for box in drawn.boxes:
        lines += _box(box)
    for arrow in drawn.arrows:
        lines += _arrow(arrow)
    lines += _legend(drawn)
    return "\n".join([*lines, "</svg>", ""])


def _text(kind: str, x: int, y: int, size: int, words: str, anchor: str = "start") -> str:
    return f'<text class="{kind}" x="{x}" y="{y}" font-size="{size}" text-anchor="{anchor}">{escape(words)}</text>'


def _box(box: Box) -> list[str]:
    left, top = box.x + PADDING, box.y + 28
    return [
        f'<rect class="{box.kind}" x="{box.x}" y="{box.y}" width="{box.width}" height="{box.height}" rx="8"/>',
        _text("title", left, top, TITLE_SIZE, box.title),
        *(_text("text", left, top + 22 + 19 * row, TEXT_SIZE, words) for row, words in enumerate(box.lines)),
    ]


def _arrow(arrow: Arrow) -> list[str]:
    (from_x, from_y), (to_x, to_y) = arrow.start, arrow.end
    right, down = to_x - from_x, to_y - from_y
    length = (right**2 + down**2) ** 0.5
    right, down = right / length, down / length
    # Its tip is a triangle: ten long, ten wide.
    base_x, base_y = to_x - 10 * right, to_y - 10 * down
    tip = [(to_x, to_y), (base_x - 5 * down, base_y + 5 * right), (base_x + 5 * down, base_y - 5 * right)]
    points = " ".join(f"{x:.0f},{y:.0f}" for x, y in tip)
    return [
        f'<path class="line" stroke-width="2" d="M{from_x} {from_y} L{base_x:.0f} {base_y:.0f}"/>',
        f'<polygon class="tip" points="{points}"/>',
        _text("label", *arrow.at, LABEL_SIZE, arrow.label, "middle"),
        *(_proof(arrow.proof, (from_x + to_x) // 2, (from_y + to_y) // 2) if arrow.proof else ()),
    ]


def _proof(number: int, x: int, y: int) -> list[str]:
    return [
        f'<circle class="proof" cx="{x}" cy="{y}" r="10"/>',
        _text("number", x, y + 4, LABEL_SIZE, str(number), "middle"),
    ]


def _legend(drawn: Picture) -> list[str]:
    lines = [_text("title", 20, 452, TEXT_SIZE, drawn.legend)]
    for number, words in enumerate(drawn.proofs, 1):
        x, y = (230 if number % 2 else 600), (448 if number < 3 else 476)
        lines += [*_proof(number, x, y), _text("text", x + 18, y + 5, TEXT_SIZE, words)]
    return lines


def main() -> None:
    """Write the picture in each language."""
    for drawn in (ENGLISH, KOREAN):
        (FOLDER / drawn.name).write_text(draw(drawn), encoding="utf-8")


if __name__ == "__main__":
    main()
