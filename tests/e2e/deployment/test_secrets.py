"""Nothing secret shows: not at -vvv --diff, not in docker inspect, process lists or readable files."""

from __future__ import annotations

import yaml

from tests.support.stack import Stack

# Made up for this test; what matters is that they are nowhere to be seen.
TOKEN = "e2e-rotated-T0ken-5ecret"  # noqa: S105
SLACK = "https://hooks.slack.example/services/e2e-Slack-5ecret"
PASSWORD = "e2e-rotated-Passw0rd-5ecret"  # noqa: S105
SMTP = "e2e-Smtp-5ecret"


def leaks(text: str) -> list[str]:
    return [secret for secret in (TOKEN, SLACK, "e2e-Slack-5ecret", PASSWORD, SMTP) if secret in text]


def test_nothing_secret_shows(stack: Stack) -> None:
    gateway = {"name": "llm-auth-proxy", "kind": "litellm", "targets": [stack.gateway.target], "bearer_token": TOKEN}
    email = {"to": "a@example.org", "from": "b@example.org", "smarthost": "mail.example.org:587"}
    email |= {"username": "somebody", "password": SMTP}
    settings = stack.inventory / "group_vars" / "llmmon" / "secrets.yml"
    # In a file, as a user has them: on a command line they would show by themselves.
    settings.write_text(
        yaml.safe_dump(
            {
                "llmmon_gateways": [gateway],
                "llmmon_receivers": {"slack": {"webhook_url": SLACK}, "email": email},
                "llmmon_grafana_admin_password": PASSWORD,
                "llmmon_verify_timeout": 50,
            }
        )
    )
    main = stack.inventory / "group_vars" / "llmmon" / "main.yml"
    kept = main.read_text()
    main.write_text("---\n")
    try:
        check = stack.run("site.yml", "-vvv", "--diff", "--check")
        assert leaks(check.output) == []
        watch = "while :; do cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ; done > /tmp/processes 2>/dev/null"
        stack.on_host(f"systemd-run --unit=watcher --quiet sh -c '{watch}'")
        result = stack.run("site.yml", "-vvv", "--diff")
        # The token is not the gateway's, so all goes well up to the verification of the targets.
        assert "unauthorized" in result.message, result.output
        assert "secrets/gateway-llm-auth-proxy.token" in result.output, "the diff names the file"
        assert leaks(result.output) == []
        stack.on_host("systemctl stop watcher")
        seen = stack.on_host("tr '\\0' '\\n' < /tmp/processes | sort -u")
        assert "alertmanager" in seen
        assert leaks(seen) == []
        assert leaks(stack.on_host("docker inspect $(docker ps -aq)")) == []
        assert (
            leaks(stack.on_host("for c in prometheus alertmanager grafana; do docker logs llmmon-$c 2>&1; done")) == []
        )
        readable = (
            "find / -xdev -type f -perm -o=r -newer /etc/llmmon/prometheus/running -size -2M -print0 | xargs -0 cat"
        )
        assert leaks(stack.on_host(f"{readable} 2>/dev/null", check=False)) == []
        assert leaks(stack.on_host("journalctl --no-pager")) == []
        # They are where they belong, or the test would prove nothing.
        assert TOKEN in stack.on_host("cat /etc/llmmon/prometheus/current/secrets/*")
        assert PASSWORD in stack.on_host("cat /etc/llmmon/grafana/current/secrets/admin_password")
        assert SMTP in stack.on_host("cat /etc/llmmon/alertmanager/current/secrets/email.password")
    finally:
        settings.unlink()
        main.write_text(kept)
    result = stack.run("site.yml")
    assert result.code == 0, result.output
