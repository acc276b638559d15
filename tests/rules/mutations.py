"""Takes one guard at a time out of the computed rules and asks whether any case notices.

A mutation that every case survives means that the guard is not tested (or not needed).
By hand: python -m tests.rules.mutations
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.first_values import (
    BEGUN,
    BEGUN_OF_TEAMS,
    per_second,
)
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.trends import TOLD

from tests.rules import promtool, variants
from tests.rules.catalogue import Groups

# The guards are the same for both versions; the newer one is the stricter reader.
VERSION = promtool.VERSION

ENOUGH = "\nand on (job, model) job_model:llm_requests:increase5m >= 20"
# Of requests that have no model unless they succeed.
ONLY_FAILURES = (
    '\nunless (job_model:llm_requests_failed:rate5m{model=""} / job_model:llm_requests:rate5m > 0.999'
    '\n  and on (job) job_model:llm_requests:rate5m{model!=""} > 0)'
)
FAILED = "round(job_model:llm_requests_failed:ratio_rate5m, 0.0001) > 0.2"
P95 = "round(job_model:llm_response_latency_seconds:p95_rate5m, 0.001) > 2"
ALWAYS = "round(job_model:llm_response_latency_seconds:p95_rate5m_least_of_days, 0.001) > 2"
UNLESS_A_GUESS = "\nunless on (job, model) 2 * job_model:llm_response_latency_seconds:p95_at_least_rate5m < 2"
HALF_HOURS = "job_model:llm_requests_failed:ratio_rate30m[1d:30m] offset 1h"
SLOW = "round(job_model:llm_response_latency_seconds_slow:ratio_rate5m, 0.0001) > 0.05"


@dataclass(frozen=True)
class Mutation:
    """Replaces `old` by `new` wherever it occurs; the test of that name in the file `case` must notice.

    Looked at is one part of each rule: `expr`, `for` or `annotations`.
    """

    name: str
    case: str
    test: str
    old: str
    new: str
    part: str = "expr"

    def mutated(self, groups: Groups) -> Groups:
        return [{**group, "rules": [self._mutated(rule) for rule in group["rules"]]} for group in groups]

    def _mutated(self, rule: dict[str, Any]) -> dict[str, Any]:
        if self.part not in rule:
            return rule
        given = rule[self.part]
        if isinstance(given, str):
            return {**rule, self.part: given.replace(self.old, self.new)}
        return {**rule, self.part: {name: text.replace(self.old, self.new) for name, text in given.items()}}


def dropped(name: str, case: str, test: str, old: str) -> Mutation:
    """A guard is not there at all."""
    return Mutation(name, case, test, old, "")


def unrounded(name: str, case: str, test: str, old: str) -> Mutation:
    """What is rounded is taken as it is."""
    return Mutation(name, case, test, old, re.sub(r"round\((.*), 0\.0*1\)", r"\1", old, count=1))


def even_of_none(name: str, case: str, test: str, old: str) -> Mutation:
    """Something is divided by a number even if that is 0."""
    return Mutation(name, case, test, old, re.sub(r"\((.+) > 0\)", r"\1", old, count=1))


def _burn(short: str, limit: float) -> str:
    """That a budget still burns."""
    return f"\n  and on (job) round(job:llm_requests_failed_untold:ratio_rate{short}, 0.0001) > {limit}"


def _enough(window: str, seconds: int) -> str:
    """That there were requests enough to speak of a budget."""
    return f"\n  and on (job) round(avg_over_time(job:llm_requests:rate5m[{window}]) * {seconds}, 0.01) >= 100"


def _own(name: str) -> str:
    """What tells the models with a threshold of their own from others."""
    return f' unless on (job, model) llmmon:threshold_override{{name="{name}"}}'


# As the variant short_days has it.
WEEK_AGO = "avg_over_time(job:llm_requests:rate5m[30m] offset 2h30m)"
DAY_AGO = "avg_over_time(job:llm_requests:rate5m[30m] offset 1h30m)"
IDLE_THEN = f"\nunless on (job) ({WEEK_AGO} or {DAY_AGO}) <= 0.01"

# How a new series of this counter counts.
REQUESTS = 'llm_requests_total{job=~"llm-auth-proxy"}'
BIRTH = per_second(REQUESTS, BEGUN).partition("rate(")[0]
COSTS = 'llm_cost_usd_total{job=~"llm-auth-proxy"}'
COSTS_OF_TEAMS = COSTS.replace("}", ', team!=""}')


# Of Prometheus's own rules.
RULE_FAILURES = 'prometheus_rule_evaluation_failures_total{job="prometheus"}'

# How long costs have been known.
SAMPLES = 'label_replace(count_over_time(job:llm_cost_usd:rate5m[7d]) * 60, "by", "samples", "", "")'
FIRST = 'label_replace(time() - min_over_time(timestamp(job:llm_cost_usd:rate5m)[7d:1h]), "by", "first", "", "")'

MUTATIONS = [
    Mutation("a gateway's labels are not on its alerts", "labels_of_gateways", "reach all its alerts",
             '"team", "search"', '"none", "search"'),
    Mutation("a gateway's labels are not on what has vanished", "labels_of_gateways", "so do alerts",
             '"env", "prod"', '"none", "prod"'),
    Mutation("a gateway's labels are on all alerts", "labels_of_gateways", "that gateway alone",
             '"team", "search", "job", "llm-auth-proxy"', '"team", "search", "", ""'),
    Mutation("what refers to what was matched is no text", "labels_of_gateways", "keeps its value", "$$1", "$1"),
    Mutation("failure ratio without a minimum of requests", "failure_ratio", "of a few requests",
             FAILED + ENOUGH, FAILED),
    dropped("failures without a model are a model's", "failure_ratio", "failures that no model is known of",
            ONLY_FAILURES),
    Mutation("failures without a model are never a model's", "failure_ratio", "failures that no model is known of",
             'job_model:llm_requests:rate5m{model!=""} > 0', 'job_model:llm_requests:rate5m{model!=""}'),
    dropped("requests without a model have no ratio", "failure_ratio", "that can succeed as well", " > 0.999"),
    Mutation("P95 without a minimum of requests", "latency", "only with enough", P95 + ENOUGH, P95),
    Mutation("slow share without a minimum of requests", "latency", "only the twin", SLOW + ENOUGH, SLOW),
    unrounded("minimum of requests compared without rounding", "any_kind", "exactly the minimum",
              "round(job_model:llm_requests:rate5m * 300, 0.01)"),
    unrounded("failure ratio without rounding", "failure_ratio", "arithmetic", FAILED),
    unrounded("P95 without rounding", "latency", "arithmetic", P95),
    unrounded("slow share without rounding", "latency", "arithmetic", SLOW),
    dropped("no failures means unknown", "failure_ratio", "never failed",
            '\n  or on (job, model) job_model:llm_requests:rate5m{source="canonical"} * 0'),
    even_of_none("failure ratio of no traffic", "failure_ratio", "without traffic",
                 "llm_requests_failed:rate5m / (job_model:llm_requests:rate5m > 0)"),
    even_of_none("tokens per request of no traffic", "failure_ratio", "without traffic",
                 "llm_tokens_used:rate5m / (job_model:llm_requests:rate5m > 0)"),
    even_of_none("slow share of no traffic", "latency", "without traffic",
                 "/ (job_model:llm_response_latency_seconds_count:rate5m > 0)"),
    even_of_none("mean of no traffic", "latency", "without traffic",
                 '(job_model:llm_response_latency_seconds_count:rate5m{source="canonical"} > 0)'),
    Mutation("percentile of no traffic", "latency", "without traffic",
             '_bucket:rate5m{source="canonical"}) >= 0', '_bucket:rate5m{source="canonical"})'),
    Mutation("edge as Prometheus 2 writes it only", "latency", "whichever way", 'le=~"2(\\\\.0)?"', 'le="2"'),
    Mutation("edge as Prometheus 3 writes it only", "latency", "whichever way", 'le=~"2(\\\\.0)?"', 'le="2.0"'),
    Mutation("any job counts", "failure_ratio", "no configured gateway",
             'rate(llm_requests_total{job=~"llm-auth-proxy|proxy\\\\.eu"}[5m])', "rate(llm_requests_total[5m])"),
    Mutation("a dot in a job's name matches anything", "failure_ratio", "no configured gateway",
             "proxy\\\\.eu", "proxy.eu"),
    Mutation("failing for no time at all", "failure_ratio", "once it has lasted",
             "5m", "0s", part="for"),
    Mutation("requests: no floor", "surge", "next to nothing",
             "clamp_min(job:llm_requests:rate5m_baseline, 0.1)", "job:llm_requests:rate5m_baseline"),
    Mutation("tokens: no floor", "surge", "next to nothing",
             "clamp_min(job:llm_tokens_used:rate5m_baseline, 100)", "job:llm_tokens_used:rate5m_baseline"),
    Mutation("a surge in its own baseline", "surge", "exactly 3 times", "offset 15m", "offset 5m"),
    dropped("a baseline of any age", "surge", "half an hour of history",
            "\nand count_over_time(job:llm_requests:rate5m[1h] offset 15m) >= 30"),
    unrounded("surge without rounding", "surge", "exactly 3 times",
              "round(job:llm_requests:rate5m / clamp_min(job:llm_requests:rate5m_baseline, 0.1), 0.01)"),
    dropped("sums of tokens are tokens too", "surge", "sums and parts", ', type!~"total|cached.*|reasoning"'),
    Mutation("last week does not matter", "surge_weekly", "weekly ramp",
             "(job:llm_requests:rate5m_baseline_recent >= job:llm_requests:rate5m_baseline_week)\n"
             "  or job:llm_requests:rate5m_baseline_week\n  or job:llm_requests:rate5m_baseline_recent",
             "job:llm_requests:rate5m_baseline_recent"),
    Mutation("the quietest week decides", "surge_weekly", "weekly ramp",
             "quantile without (week) (0.5,", "quantile without (week) (0,"),
    Mutation("old and new names are added", "any_kind", "counters are added", " or on (job, instance) ", " or "),
    Mutation("who is refused the metrics page has asked for a model", "litellm", "refused the metrics page",
             'job=~"litellm", requested_model!=""', 'job=~"litellm"'),
    Mutation("a scanner has asked for a model", "litellm", "neither are scanners",
             'job=~"litellm", requested_model!=""', 'job=~"litellm"'),
    Mutation("a refusal is a sign that requests are counted", "litellm", "refused the metrics page",
             ', job="litellm", requested_model!=""', ', job="litellm"'),
    dropped("LiteLLM's own health checks are traffic", "litellm", "own health checks",
            ', api_key_alias!="litellm-internal-health-check", team_alias!="litellm-internal-health-check"'),
    dropped("the caller's mistakes count", "litellm_provider", "callers", ', exception_status!~"4.."'),
    Mutation("one of two counters is lost", "any_kind", "counters are added", '"term", "2"', '"term", "1"'),
    Mutation("every cache is full together", "any_kind", "the fullest cache",
             "max by (job, old_model, model_name) (kind:cache", "sum by (job, old_model, model_name) (kind:cache"),
    Mutation("percentiles are added up", "any_kind", "the slowest percentile", "max by (", "sum by ("),
    Mutation("a percentile that is not known", "any_kind", "the slowest percentile", " / 1000000 >= 0", " / 1000000"),
    even_of_none("the mean of no traffic where there are counters only", "any_kind", "the slowest percentile",
                 '(job_model:llm_time_to_first_token_seconds_count:rate5m{source="any"} > 0)'),
    Mutation("the user's label does not count", "labelled", "say its model",
             '"model", "all", "model", ""', '"model", "all", "", ""'),
    Mutation("no label is no model", "labelled", "say its model",
             '"model", "all", "model", ""', '"model", "", "model", ""'),
    # -- first values --
    dropped("a first value is not counted", "first_values", "counts for 5 minutes", BIRTH),
    dropped("a first value counts for ever", "first_values", "no longer twice", " unless llm_requests_total"
            '{job=~"llm-auth-proxy"} offset 5m'),
    Mutation("a first value counts beside what follows", "first_values", "no longer twice",
             f"{BIRTH}rate(", f"{BIRTH.replace(' or ', ' + 2 * ')}rate("),
    dropped("new is new, wherever its target was", "first_values", "comes back after a while",
            " and on (job, instance) job_instance:llm_series_begun:since5m"),
    Mutation("down is up", "first_values", "comes back after a while", " offset 5m == 1", " offset 5m"),
    dropped("a target that is added begins at 0", "first_values", "one that is added",
            ' and up{job=~"llm-auth-proxy"} offset 5m == 1'),
    dropped("what Prometheus did not see was not there", "first_values", "Prometheus was away",
            ' and up{job=~"llm-auth-proxy"} offset 5m == 1'),
    Mutation("a target is a target, whatever its labels", "first_values", "other labels of its target",
             ' and up{job=~"llm-auth-proxy"} offset 5m == 1',
             ' and on (job, instance) up{job=~"llm-auth-proxy"} offset 5m == 1'),
    dropped("a process that has just started is unknown", "first_values", "has just started",
            '\n  or up{job=~"llm-auth-proxy"} and on (job, instance) time()'
            ' - process_start_time_seconds{job=~"llm-auth-proxy"} < 300'),
    Mutation("every process has just started", "first_values", "started long ago",
             'process_start_time_seconds{job=~"llm-auth-proxy"} < 300',
             'process_start_time_seconds{job=~"llm-auth-proxy"} >= 0'),
    dropped("labels that are dropped make new series", "first_values_relabelled", "by a deployment",
            '\nand on (job) llmmon:relabelling{id=~"d0334a744cda"} offset 5m'),
    Mutation("any way of relabelling is the same", "first_values_relabelled", "by a deployment",
             'llmmon:relabelling{id=~"d0334a744cda"}', "llmmon:relabelling"),
    Mutation("what was left out begins at 0", "first_values_vanish", "left out for a while",
             "(rate(", '((gen_ai_client_operation_duration_seconds_count{job=~"otel"} unless'
             ' gen_ai_client_operation_duration_seconds_count{job=~"otel"} offset 5m) / 300 or rate('),
    Mutation("a bucket that is new has old edges", "first_values", "counts for 5 minutes",
             'llm_response_latency_seconds_bucket{job=~"llm-auth-proxy", le="+Inf"} offset 5m',
             'llm_response_latency_seconds_bucket{job=~"llm-auth-proxy", le="+Inf"}'),
    # -- counters that jump --
    dropped("what jumps is recorded", "seesaw", "jump back and forth",
            " unless on (job, instance) job_instance:llm_counters:seesaw"),
    dropped("what only some workers have began at 0", "seesaw", "only some of the workers",
            "\nunless on (job, instance) job_instance:llm_counters:seesaw"),
    dropped("only counters jump", "seesaw", "only some of the workers",
            '\n  or resets(job_instance:llm_requests_series:count{job="llm-auth-proxy"}[15m])'),
    Mutation("three restarts are a seesaw", "seesaw", "are restarts", ") >= 4", ") >= 3"),
    dropped("a target that is often down is a seesaw", "seesaw", "are restarts",
            '\nand on (job, instance) avg_over_time(up{job=~"llm-auth-proxy"}[15m]) > 0.9'),
    # -- what is behind a gateway --
    dropped("a deployment is told beside its fallback", "fallbacks", "said once",
            "\nunless on (job, model) job_model:llm_fallbacks:ratio_rate5m > 0.2"),
    dropped("a deployment is told beside its users' failures", "fallbacks", "they are what is said",
            "\nunless on (job, model) job_model:llm_requests_failed:ratio_rate5m > 0.2"),
    dropped("a deployment of one attempt", "fallbacks", "behind retries",
            "\nand on (job, model, deployment, address)"
            " round(job_model_deployment_address:llm_deployment_requests:rate5m * 300, 0.01) >= 5"),
    dropped("a wrong request is a deployment's failure", "fallbacks", "behind retries",
            'exception_status!~"400|413|422", '),
    Mutation("what its own deployments answer does not count", "fallbacks", "fallbacks are for",
             ' or job_model:llm_requests:rate5m{source="litellm"}) > 0', ") > 0"),
    dropped("a single answer by a fallback", "fallbacks", "fallbacks are for",
            "\nand on (job, model)"
            " round(sum by (job, model) (job_model_fallback:llm_fallbacks:rate5m) * 300, 0.01) >= 5"),
    # -- few requests --
    dropped("an hour's failures are over", "low_traffic", "ends when they succeed",
            "\nand on (job, model) round(job_model:llm_requests_failed:increase30m /"
            " (job_model:llm_requests:increase30m > 0), 0.0001) > 0.2"),
    dropped("3 failures are many", "low_traffic", "are few",
            "\nand on (job, model) job_model:llm_requests_failed:increase1h >= 5"),
    dropped("the same is said of many requests", "low_traffic", "others speak",
            "\nunless on (job, model) job_model:llm_requests:increase5m >= 20"),
    Mutation("a target that was down twice", "low_traffic", "every other minute", ">= 6", ">= 4"),
    dropped("a guess is a percentile", "low_traffic", "a guess", UNLESS_A_GUESS),
    dropped("below the first edge nothing is known", "low_traffic", "a guess",
            '\nor (job_model:llm_response_latency_seconds_count:rate5m{source="canonical"} > 0) * 0'),
    Mutation("without traffic nothing is at least 0", "latency", "without traffic",
             '(job_model:llm_response_latency_seconds_count:rate5m{source="canonical"} > 0) * 0',
             'job_model:llm_response_latency_seconds_count:rate5m{source="canonical"} * 0'),
    Mutation("the bucket's end is its beginning", "low_traffic", "a guess", " < on (job, model) group_left () 0.95 * ",
             " <= on (job, model) group_left () 1 * "),
    Mutation("few requests are missed at once", "low_traffic_days", "no gap between two",
             "baseline > 0.01", "baseline > 0.001"),
    Mutation("few requests are never missed", "low_traffic_days", "no gap between two",
             "llm_requests:rate5m[90m]) == 0", "llm_requests:rate5m[90m]) < 0"),
    Mutation("few metrics are never missed", "low_traffic_days", "before the first request",
             "count[90m])", "count[1d])"),
    dropped("the first evening is missed", "low_traffic_days", "first evening",
            "\nand on (job) (avg_over_time(job:llm_requests:rate5m[90m] offset 1w)"
            " or avg_over_time(job:llm_requests:rate5m[90m] offset 1d)) > 0.00222"),
    Mutation("the limit of a surge is that of silence", "low_traffic_days", "300 requests an hour",
             "baseline > 0.01", "baseline > 0.1"),
    Mutation("the limit of a surge is that of metrics", "low_traffic_days", "renamed by an upgrade",
             "<= 0.01", "<= 0.1"),
    # -- longer times --
    even_of_none("failure ratio of no traffic in an hour", "windows", "without traffic",
                 "(sum_over_time(job:llm_requests:rate5m[1h]) > 0)"),
    even_of_none("failure ratio of no traffic in 5 minutes", "windows", "without traffic",
                 "(job:llm_requests:rate5m > 0)"),
    even_of_none("slow share of no traffic in an hour", "windows", "without traffic",
                 "(sum_over_time(job:llm_response_latency_seconds_count:rate5m[1h]) > 0)"),
    Mutation("an average of ratios", "windows", "a busy hour",
             "sum_over_time(job:llm_requests_failed:rate5m[2h]) / (sum_over_time(job:llm_requests:rate5m[2h]) > 0)",
             "avg_over_time(job:llm_requests_failed:ratio_rate5m[2h])"),
    Mutation("half an hour of a ratio is its last value", "windows", "of the raw counters",
             "sum_over_time(job:llm_requests_failed:rate5m[30m]) / (sum_over_time(job:llm_requests:rate5m[30m]) > 0)",
             "job:llm_requests_failed:ratio_rate5m"),
    # -- money --
    Mutation("a team that has just begun has spent all hour", "costs", "dollars of an hour",
             "sum_over_time(job_team:llm_cost_usd:rate5m[59m30s]) * 60",
             "avg_over_time(job_team:llm_cost_usd:rate5m[59m30s]) * 3600"),
    dropped("tokens have a price although the gateway has one", "costs", "tokens have a price",
            f"sum by (job, model) ({per_second(COSTS, BEGUN)})\nor on (job, model) "),
    dropped("a team's tokens have a price although the gateway has one", "costs", "tokens have a price",
            f"sum by (job, team, model) ({per_second(COSTS_OF_TEAMS, BEGUN_OF_TEAMS)})\nor on (job, team, model) "),
    dropped("nobody's requests are a team's", "costs", "is nobody's", ', team!=""'),
    # Without the guard Prometheus refuses to record a price twice.
    Mutation("a more general pattern counts first", "prices", "own price counts first", "gpt-4o-mini.*", "none"),
    Mutation("a dot in a model's name is any character", "prices", "own price counts first", r"gpt-4\\.1", "gpt-4.1"),
    Mutation("a prompt is not input", "prices", "are input and output", "prompt(_tokens)?", "prompts"),
    Mutation("a completion is not output", "prices", "are input and output", "completion(_tokens)?", "completion"),
    Mutation("what a cache had is charged as input and as cached", "prices", "what a cache had",
             ' - max by (model) (llmmon:token_price_usd{type="input"})', ""),
    dropped("hardware is charged besides tokens", "prices", "hardware costs its price",
            "\nunless on (job) llmmon:gpu_hour_price_usd"),
    Mutation("hardware costs as much for each model", "prices", "hardware costs its price",
             ' / on (job) group_left () (sum by (job) (job_model_type:llm_tokens_used:rate5m{source="tgi", '
             'job=~"own"}) > 0)', " ^ 0"),
    dropped("busy hours are idle as well", "prices", "hardware costs its price",
            ' unless on (job) (sum by (job) (job_model_type:llm_tokens_used:rate5m{source="tgi", job=~"own"}) > 0)'),
    even_of_none("an idle hour has shares", "prices", "hardware costs its price",
                 '(sum by (job) (job_model_type:llm_tokens_used:rate5m{source="tgi", job=~"own"}) > 0)'),
    Mutation("only one target is paid for", "prices", "hardware costs its price",
             'sum by (job) (up{job=~"own"}', 'max by (job) (up{job=~"own"}'),
    Mutation("milliseconds are taken for seconds", "any_kind", "counters are added", " / 1000 >= 0", " >= 0"),
    Mutation("a failed scrape starts the clock again", "stack", "each part",
             'max_over_time(prometheus_config_last_reload_successful{job="prometheus"}[5m])',
             'prometheus_config_last_reload_successful{job="prometheus"}'),
    Mutation("reasons are compared with all notifications", "stack", "each part",
             "sum by (job, instance, integration) (rate(alertmanager_notifications_failed_total",
             "sum by (job, instance, integration, reason) (rate(alertmanager_notifications_failed_total"),
    Mutation("every job's targets are gateways", "stack", "cannot be scraped",
             'up{job=~"llm-auth-proxy|proxy\\\\.eu|litellm"}', "up"),
    Mutation("down is gone", "stack", "cannot be scraped",
             'absent(up{job="proxy.eu"})', 'absent(up{job="proxy.eu"} == 1)'),
    # -- burn rates --
    dropped("a fast burn that is over", "alerts_burn", "a fast burn needs both", _burn("5m", 0.144)),
    dropped("a burn of 6 hours that is over", "alerts_burn", "seen over 6 hours", _burn("30m", 0.06)),
    dropped("a burn of a day that is over", "alerts_burn", "a slow burn", _burn("2h", 0.03)),
    dropped("a burn of 3 days that is over", "alerts_burn", "a slow burn", _burn("6h", 0.01)),
    dropped("a fast burn of a few requests", "alerts_burn", "a fast burn needs both", _enough("1h", 3600)),
    dropped("a burn of a few requests in 6 hours", "alerts_burn", "seen over 6 hours", _enough("6h", 21600)),
    dropped("a burn of a few requests in a day", "alerts_burn", "a slow burn", _enough("1d", 86400)),
    dropped("a burn of a few requests in 3 days", "alerts_burn", "a slow burn", _enough("3d", 259200)),
    unrounded("requests of a burn without rounding", "alerts_burn", "a fast burn needs both",
              "round(avg_over_time(job:llm_requests:rate5m[1h]) * 3600, 0.01)"),
    unrounded("long burn without rounding", "alerts_burn", "a fast burn needs both",
              "round(job:llm_requests_failed_untold:ratio_rate1h, 0.0001)"),
    unrounded("short burn without rounding", "alerts_burn", "a fast burn needs both",
              "round(job:llm_requests_failed_untold:ratio_rate5m, 0.0001)"),
    Mutation("failed requests count as answers", "alerts_burn", "budget of their own",
             "avg_over_time(job:llm_response_latency_seconds_count:rate5m[1h])",
             "avg_over_time(job:llm_requests:rate5m[1h])"),
    Mutation("a slow burn that hovers is told each time", "alerts_burn", "a slow burn", "1d", "0s",
             part="keep_firing_for"),
    # -- one fact, one message --
    dropped("the percentile and the count both speak", "latency", "whichever way",
            f"\nunless on (job, model) {P95}"),
    Mutation("the count is quiet although the percentile is", "latency", "only the twin",
             f"\nunless on (job, model) {P95}", "\nunless on (job, model) job_model:llm_requests:rate5m"),
    dropped("a budget burns by what a model's alert has told", "one_fact", "does not repeat",
            f" unless on (job, model) {TOLD}"),
    Mutation("a model's alert tells of the whole gateway", "one_fact", "other models",
             "rate5m unless on (job, model) ALERTS", "rate5m unless on (job) ALERTS"),
    Mutation("who waits to be told has been told", "one_fact", "for five minutes",
             TOLD, TOLD.replace(', alertstate="firing"', "")),
    dropped("a nightly job is a surge every night", "surge_scheduled", "is no surge",
            "\nunless on (job) job:llm_requests:rate5m <= 1.5 * job:llm_requests:rate5m_same_time"),
    Mutation("twice yesterday's job is like yesterday", "surge_scheduled", "twice as much",
             "<= 1.5 * job:llm_requests:rate5m_same_time", "<= 3 * job:llm_requests:rate5m_same_time"),
    Mutation("a nightly job is on time to the minute", "surge_scheduled", "is no surge",
             "max_over_time(job:llm_requests:rate5m[1h30m] offset 2h15m)", "job:llm_requests:rate5m offset 3h"),
    # -- slower than usual --
    Mutation("every hour is alike for answers", "degraded", "within a quarter",
             'label_replace(quantile without (day) (0.5,', 'label_replace(0 * quantile without (day) (0.5,'),
    Mutation("the last hours do not count for answers", "degraded", "within a quarter",
             "quantile_over_time(0.5, job_model:llm_response_latency_seconds:p95_rate5m[6h])",
             "quantile_over_time(0.5, job_model:llm_response_latency_seconds:p95_rate5m[6h] offset 20h)"),
    Mutation("four times as long as usual is no news", "degraded", "within a quarter",
             "p95_rate5m_times_usual >= 2.5", "p95_rate5m_times_usual >= 5"),
    dropped("who has just begun has something usual", "degraded", "just begun",
            " and count_over_time(job_model:llm_response_latency_seconds:p95_rate5m[6h]) >= 60"),
    dropped("slower than usual, and still fast", "degraded", "still fast",
            "\nand on (job, model) job_model:llm_response_latency_seconds:p95_rate5m > 0.5"),
    Mutation("slower than usual, of the usual minimum", "degraded", "a few requests",
             "\nand on (job, model) job_model:llm_requests:increase5m / 3 >= 20", ENOUGH),
    dropped("the threshold and the usual both speak", "degraded", "is told once",
            '\nunless on (job, model) (ALERTS{alertname="LLMHighLatencyP95", alertstate="firing"} and on (job, model) '
            "job_model:llm_response_latency_seconds:p95_rate5m_usual <= 2)"),
    dropped("whoever is always beyond the threshold is told of nothing new", "degraded", "is told once",
            " and on (job, model) job_model:llm_response_latency_seconds:p95_rate5m_usual <= 2"),
    # -- what is so every day --
    dropped("what is so every day is news every day", "unfit_thresholds", "every day",
            f"\nunless on (job, model) {ALWAYS}"),
    Mutation("two days are every day", "unfit_thresholds", "every day", "\n) >= 3", "\n) >= 2"),
    Mutation("one bad day is every day", "unfit_thresholds", "every day", "min without (day)", "max without (day)"),
    Mutation("a threshold below a guess does not fit", "unfit_thresholds", "every day",
             f"{ALWAYS}{ENOUGH}{UNLESS_A_GUESS}", ALWAYS + ENOUGH),
    Mutation("a threshold for few requests does not fit", "unfit_thresholds", "every day", ALWAYS + ENOUGH, ALWAYS),
    # -- who spends most --
    Mutation("all who spend are recorded", "spenders", "spent most", "topk by (job) (2, ", "topk by (job) (9, "),
    Mutation("who spends least is recorded", "spenders", "spent most", "topk by (job) (2, ", "bottomk by (job) (2, "),
    Mutation("nobody is a spender", "spenders", "spent most", '!~"|None"', '!~"x"'),
    # -- more failures than usual --
    dropped("a model that has just begun has usual failures", "unusual_failures", "just begun",
            f" and count_over_time({HALF_HOURS}) >= 6"),
    Mutation("what lasts is usual at once", "unusual_failures", "as long as it lasts", HALF_HOURS,
             HALF_HOURS.removesuffix(" offset 1h")),
    Mutation("nothing is usual", "unusual_failures", "as long as it lasts",
             "ratio_rate30m_usual, 0.001)", "ratio_rate30m_usual, 0)"),
    dropped("a hiccup is told", "unusual_failures", "hiccup",
            "\nand on (job, model) quantile_over_time(0.5, job_model:llm_requests_failed:ratio_rate5m[30m]) > 0.02"),
    dropped("what is over is told", "unusual_failures", "ends with it",
            "\nand on (job, model) job_model:llm_requests_failed:ratio_rate5m > 0.02"),
    dropped("a few failures are many", "unusual_failures", "few failures",
            "\nand on (job, model) job_model:llm_requests_failed:increase30m >= 10"),
    dropped("what the threshold tells is told twice", "unusual_failures", "told already",
            f"\nunless on (job, model) {FAILED}"),
    # -- budgets --
    dropped("what was spent and is over", "alerts_money", "reported at once",
            "\nand on (scope, team, job)\nsum without (month, day) (budget:llm_cost_usd:rate5m) * 3600"
            ' > on (scope, team, job) 0.02 * llmmon:budget_usd{scope="team", period="month"}'),
    Mutation("a day's budget is a month's", "alerts_money", "reported at once",
             'llmmon:budget_usd{scope="gateway", period="month"}', 'llmmon:budget_usd{scope="gateway"}'),
    dropped("one budget is told by two alerts", "alerts_money", "at 80, 95 and 100%", " < 0.95"),
    dropped("a budget that is used up is nearly used, too", "alerts_money", "at 80, 95 and 100%", " >= 0.95 < 1"),
    unrounded("shares without rounding", "alerts_money", "at 80, 95 and 100%",
              'round(max by (scope, team, job) (budget:llm_cost_usd:used_ratio{scope="team", period!="day"}), 0.0001)'),
    dropped("a day's share is a month's", "alerts_money", "at 80, 95 and 100%", ', period!="day"'),
    Mutation("one alert for each way to count a month", "alerts_money", "at 80, 95 and 100%",
             "max by (scope, team, job) (budget:llm_cost_usd:used_ratio", "(budget:llm_cost_usd:used_ratio"),
    unrounded("a day's share without rounding", "alerts_money", "limit of its own",
              'round(max by (scope, team, job) (budget:llm_cost_usd:used_ratio{scope="team", period="day"}), 0.0001)'),
    dropped("a month's share is a day's", "alerts_money", "limit of its own", ', period="day"'),
    dropped("31 days are a month", "spending", "a month and a day begin", " and on (month) llmmon:date"),
    dropped("24 hours are a day", "spending", "a month and a day begin", " and on (month, day) llmmon:date"),
    Mutation("the gateway where a team spends most", "spending", "a month and a day begin",
             "sum by (team) (job_team:llm_cost_usd:rate5m)", "max by (team) (job_team:llm_cost_usd:rate5m)"),
    dropped("teams without a budget are added up", "spending", "a month and a day begin", ', team=~"search"'),
    Mutation("a first week has 7 days", "spending", "time there is",
             f"max without (by) (\n  {SAMPLES}\n  or {FIRST}\n)", "(job:llm_cost_usd:increase7d * 0 + 604800)"),
    Mutation("a worker that knows of less", "litellm", "keeps itself",
             "min by (job, team_alias)", "max by (job, team_alias)"),
    dropped("teams without a limit have used all of it", "litellm", "keeps itself", " < +Inf"),
    even_of_none("a limit of nothing is used", "litellm", "keeps itself",
                 '(llmmon:budget_usd{scope="own", source="litellm"} > 0)'),
    dropped("only the samples tell how long", "spending", "time there is", f"\n  or {FIRST}"),
    dropped("only the first sample tells how long", "spending", "pace",
            SAMPLES.replace("job:", "job_team:") + "\n  or "),
    # -- what the prober sees --
    Mutation("a refusal without a token", "alerts_gateway", "a refused token",
             'probe_http_status_code{job="llm-metrics-probe"} == 401', "probe_http_status_code == 401"),
    dropped("forbidden is not refused", "alerts_gateway", "a refused token",
            ' or probe_http_status_code{job="llm-metrics-probe"} == 403'),
    Mutation("the prober is the gateway", "alerts_gateway", "a refused token",
             '"job", "$1", "gateway", "(.+)"', '"job", "$1", "gateway", "none"'),
    dropped("a sign-in page is a page of metrics", "alerts_gateway", "a sign-in page is not",
            '\n  and on (gateway, instance) probe_failed_due_to_regex{job="llm-metrics-noauth"} == 1'),
    Mutation("a refusal is an answer", "alerts_gateway", "a sign-in page is not",
             'probe_http_status_code{job="llm-metrics-noauth"} == 200',
             'probe_http_status_code{job="llm-metrics-noauth"} > 0'),
    # -- what should be there --
    dropped("metrics that never were are missed", "alerts_gateway", "missed only where",
            "\nand on (job, instance) last_over_time(job_instance:llm_requests_series:count[1d] offset 15m)"),
    Mutation("metrics of what is down are missed", "alerts_gateway", "missed only where",
             'up{job=~"llm-auth-proxy"} == 1\n', 'up{job=~"llm-auth-proxy"}\n'),
    dropped("no traffic where there is none", "alerts_gateway", "usually is some",
            "\nand on (job) job:llm_requests:rate5m_baseline > 0.01"),
    dropped("every hour is alike for traffic", "alerts_idle_then", "nobody misses traffic", IDLE_THEN),
    dropped("every hour is alike for metrics", "alerts_idle_then", "nor metrics", IDLE_THEN),
    dropped("without a week there is no day either", "alerts_idle_then", "nobody misses traffic",
            f" or {DAY_AGO}"),
    dropped("yesterday is like last week", "alerts_idle_then", "nobody misses traffic",
            f"{WEEK_AGO} or "),
    # -- series --
    Mutation("everybody's series are a gateway's", "alerts_gateway", "very many series",
             'scrape_samples_post_metric_relabeling{job=~"llm-auth-proxy"} > 20000',
             "scrape_samples_post_metric_relabeling > 20000"),
    Mutation("near is at the limit", "alerts_gateway", "very many series", "> 40000", "> 49999"),
    dropped("what can be read is beyond a limit", "alerts_gateway", "very many series",
            '\nand on (job, instance) up{job="llm-auth-proxy"} == 0'),
    dropped("beyond the limit is near it", "alerts_gateway", "very many series", " <= 50000"),
    Mutation("a few series that multiply", "alerts_gateway", "series that multiply",
             " offset 1h) > 1000)", " offset 1h))"),
    unrounded("a cache's share without rounding", "alerts_gateway", "queues and full caches",
              "round(job_model:llm_kv_cache_usage_ratio, 0.0001)"),
    # -- thresholds of single models and gateways --
    dropped("the general override counts most", "overrides", "its own measure",
            'group by (job, model) (job_model:llm_requests:rate5m{job=~"proxy\\\\.eu", model=~"gpt-4o-mini"}) * 10\n'
            "or on (job, model)\n"),
    Mutation("a model's own P95 is compared with the general one as well", "overrides", "its own measure",
             _own("latency_p95_seconds") + ") > 2", ") > 2"),
    Mutation("a model's own failures are compared with the general threshold as well", "overrides", "its own measure",
             _own("failure_ratio") + ") > 0.2", ") > 0.2"),
    Mutation("slow answers are counted by the general threshold as well", "overrides", "slow answers are counted",
             _own("latency_p95_seconds") + "\n", "\n"),
    dropped("slow answers are counted by whichever threshold matches", "overrides", "slow answers are counted",
            ' and on (job, model) llmmon:threshold_override{name="latency_p95_seconds"} == 5'),
    Mutation("few requests are enough for everybody", "overrides", "its own minimum",
             _own("minimum_requests") + ") >= 20", ") >= 1"),
    Mutation("a gateway's own surge is compared with the general threshold as well", "overrides", "a gateway's own",
             'surge_ratio{job=~"llm-auth-proxy"}', "surge_ratio"),
    Mutation("a model may fail as it likes", "model_objectives", "a budget of its own",
             '(1 - llmmon:threshold_override{name="slo_availability"})',
             '(0.2 + 0 * llmmon:threshold_override{name="slo_availability"})'),
    dropped("a model's burn that is over", "model_objectives", "that burnt and is over",
            "\n  and on (job, model) round(job_model:llm_requests_failed_owed:ratio_rate5m, 0.0001) > on (job, model)"
            ' group_left () round(14.4 * (1 - llmmon:threshold_override{name="slo_availability"}), 0.000001)'),
    dropped("a model's burn of hours that is over", "model_objectives", "that burnt and is over",
            "\n  and on (job, model) round(job_model:llm_requests_failed_owed:ratio_rate30m, 0.0001) > on (job, model)"
            ' group_left () round(6 * (1 - llmmon:threshold_override{name="slo_availability"}), 0.000001)'),
    dropped("every model owes something", "model_objectives", "a budget of its own",
            '\nand on (job, model) llmmon:threshold_override{name="slo_availability"}'),
    Mutation("a model's own objective needs few requests", "model_objectives", "a budget of its own",
             ' >= on (job, model) group_left () llmmon:threshold_override{name="slo_minimum_requests"}',
             ' >= on (job, model) group_left () 0 * llmmon:threshold_override{name="slo_minimum_requests"}'),
    Mutation("a gateway's own objective is everybody's", "overrides", "a gateway's own",
             'ratio_rate1h{job=~"llm-auth-proxy"}', "ratio_rate1h"),
    # -- the monitoring itself --
    Mutation("what was counted before a restart counts", "alerts_counted_before", "begins anew",
             "last_over_time(", "max_over_time("),
    Mutation("what a counter begins with counts", "alerts_counted_before", "before anybody saw it",
             "- min_over_time(", "- 0 * min_over_time("),
    Mutation("a failed scrape starts the clock again", "alerts_counted_before", "a scrape that fails",
             f"last_over_time({RULE_FAILURES}[5m])", RULE_FAILURES),
    Mutation("gateways are a part of the monitoring", "alerts_stack", "parts that are down",
             'up{job=~"alertmanager|grafana|prober|thanos|canary"}', "up"),
    even_of_none("errors of nothing sent", "alerts_stack", "does not take",
                 '(rate(prometheus_notifications_sent_total{job="prometheus"}[5m]) > 0)'),
    dropped("damage that was repaired long ago", "alerts_stack", "a data base that cannot",
            '\n  and on (job, instance) time() - process_start_time_seconds{job="prometheus"} < 3 * 3600'),
    even_of_none("no limit is a limit of 0", "alerts_stack", "data that will soon",
                 '(prometheus_tsdb_retention_limit_bytes{job="prometheus"} > 0)'),
    dropped("an hour's growth is a trend", "alerts_stack", "data that will soon",
            "\nand on (job, instance) instance:prometheus_storage_bytes:sum offset 12h"),
    Mutation("the configuration alone is a full backup", "alerts_stack", "too old is reported",
             'timestamp_seconds{scope="full"}', "timestamp_seconds"),
    dropped("a backup that never was is not missed", "alerts_stack", "was never made",
            '\nor absent(max(llmmon_backup_last_success_timestamp_seconds{scope="full"})) and'
            " llmmon_backup_scheduled offset 7200s"),
    dropped("a new schedule is late at once", "alerts_stack", "was never made",
            " and llmmon_backup_scheduled offset 7200s"),
    Mutation("a copy of the configuration alone is a full one", "alerts_stack", "a copy off the host",
             'copy_last_success_timestamp_seconds{scope="full"}', "copy_last_success_timestamp_seconds"),
    Mutation("a backup is a copy of itself", "alerts_stack", "a copy off the host",
             "llmmon_backup_copy_last_success", "llmmon_backup_last_success"),
    dropped("a copy that never was is not missed", "alerts_stack", "was never copied",
            '\nor\n  absent(max(llmmon_backup_copy_last_success_timestamp_seconds{scope="full"})) and'
            " llmmon_backup_copy_scheduled offset 7200s"),
    dropped("a new repository is late at once", "alerts_stack", "was never copied",
            " and llmmon_backup_copy_scheduled offset 7200s"),
    dropped("the copy of a backup that is missing is missing too", "alerts_stack", "a backup that was never made",
            '\nunless on () ALERTS{alertname="MonitoringBackupTooOld"}'),
    dropped("a compactor has uploads due", "alerts_stack", "what is due in the bucket",
            '\nand on (job, instance) thanos_sidecar_prometheus_up{job="thanos"}'),
    Mutation("nothing was uploaded in 1970", "alerts_stack", "what is due in the bucket",
             'last_successful_upload_time{job="thanos"} > 0)', 'last_successful_upload_time{job="thanos"})'),
    Mutation("the look of the store gateway is between two", "alerts_stack", "a bucket that fails",
             '{job="thanos"}[20m]', '{job="thanos"}[10m]'),
    dropped("an engine that took nothing is in time", "alerts_stack", "has taken nothing yet",
            '\n    or\n      time() - process_start_time_seconds{job="prometheus"}'
            "\n      + on (job, instance) group_right ()"
            ' 0 * prometheus_remote_storage_samples_pending{job="prometheus"}'),
    even_of_none("0 is a time", "alerts_stack", "has taken nothing yet",
                 '(prometheus_remote_storage_queue_highest_sent_timestamp_seconds{job="prometheus"} > 0)'),
    dropped("two messages of one engine", "alerts_stack", "an engine that is away", " <= 7200"),
    dropped("what waits too long is not lost", "alerts_stack", "an engine that is away",
            "\nor\ninstance_engine:prometheus_remote_write_lag:seconds > 7200"),
    dropped("what nobody wants is lost", "alerts_stack", "that an engine refuses", ', reason!~"|dropped_series"'),
    Mutation("a canary's finding is its own job's", "canaries", "a gateway that answers nobody",
             '"job", "$1", "gateway", "(.+)"', '"job", "$1", "job", "(.+)"'),
    Mutation("a canary's good answer ends it at once", "canaries", "a gateway that answers nobody",
             "3m", "1s", part="keep_firing_for"),
    dropped("whatever takes time is slow", "canaries", "slow answers are told", " == 1"),
    Mutation("any canary of a model is slow with one", "canaries", "slow answers are told",
             "and on (job, model, canary)", "and on (job, model)"),
    Mutation("causes are not told apart", "canaries", "a wrong answer is told", ", cause) (", ") ("),
    Mutation("why a canary is silent is not told", "canaries", "a cap that is used up", ", reason) (", ") ("),
    Mutation("a file that was half written is told", "hosts", "half written for once", "20m", "1m", part="for"),
    dropped("a host that is down has lost its GPUs", "hosts", "a host that is down is told once",
            '\nunless on (host) up{job="host-node"} == 0'),
    dropped("where no GPU was ever seen none is missing", "hosts", "a GPU host without a driver",
            "host:gpus:count == 0 or "),
    dropped("an exporter that shows no GPU is not counted", "hosts", "a GPU host without a driver",
            '\nor\n0 * group by (host) (up{job="host-gpu"})'),
    dropped("one GPU of two is enough", "hosts", "a GPU that falls off the bus",
            " or host:gpus:count < max_over_time(host:gpus:count[1d])"),
    Mutation("an application's error is a fault", "hosts", "a GPU that falls off the bus", "== 79", "> 0"),
    Mutation("a fault of long ago is one of now", "hosts", "what nvidia_gpu_exporter says", "< 3600", "< 360000"),
    Mutation("GPUs have no number", "hosts", "what nvidia_gpu_exporter says",
             '"index", "(.+)")', '"uuid", "(.{3}).*")'),
    Mutation("double-bit errors are not read", "hosts", "double-bit errors", "DCGM_FI_DEV_ECC_DBE_VOL_TOTAL|", ""),
    dropped("a number that cannot be is a count", "hosts", "that cannot be", " < 1e15"),
    dropped("a number that cannot be is a temperature", "hosts", "that cannot be", " < 300"),
    Mutation("nanoseconds are milliseconds", "hosts", "slowed down by heat", "/ 1e9", "/ 1e6"),
    Mutation("any bit is that of heat", "hosts", "slowed down by power", "bitmask / 32) % 2", "bitmask / 4) % 2"),
    Mutation("half of a divided GPU is all of it", "hosts", "a GPU that is divided",
             'sum by (host, gpu) (DCGM_FI_DEV_FB_USED{job="host-gpu"})',
             'max by (host, gpu) (DCGM_FI_DEV_FB_USED{job="host-gpu"})'),
    dropped("memory that looks like a disk is one", "hosts", "a disk and a memory", "tmpfs|"),
    dropped("a fleet serves nobody", "hosts", "model, host and GPU",
            '\nor\ngroup by (host) (up{job=~"host-node|host-gpu", fleet=~"fleet"})'),
]  # fmt: skip


def survivors(mutations: Iterable[Mutation]) -> list[str]:
    """The mutations that went unnoticed, each with the reason."""
    rules = variants.parsed()
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor() as pool:
        places = Path(folder)
        outcomes = pool.map(
            lambda numbered: _outcome(places / str(numbered[0]), rules, numbered[1]), enumerate(mutations)
        )
        return [outcome for outcome in outcomes if outcome]


def _outcome(place: Path, rules: Mapping[str, Mapping[str, Groups]], mutation: Mutation) -> str | None:
    case = promtool.CASES / f"{mutation.case}.yml"
    used = {variant for variant in rules if f"../rules/{variant}/" in case.read_text(encoding="utf-8")}
    mutated = {variant: {name: mutation.mutated(groups) for name, groups in rules[variant].items()} for variant in used}
    if all(mutated[variant] == rules[variant] for variant in used):
        return f"{mutation.name}: the guard is not in the rules that {case.name} tests"
    workspace = promtool.write_workspace(place, variants.written(mutated))
    result = promtool.test_rules(VERSION, [workspace / "cases" / case.name], only=mutation.test)
    if result.returncode == 0:
        return f"{mutation.name}: the test '{mutation.test}' of {case.name} did not notice"
    # A mutant that does not even load, or a rule that fails, would be noticed for the wrong reason.
    if "got:" not in result.stdout + result.stderr:
        return f"{mutation.name}: the mutant cannot be evaluated\n{promtool.explain(result)}"
    return None


def main() -> int:
    unnoticed = survivors(MUTATIONS)
    for line in unnoticed:
        print(line)
    print(f"{len(MUTATIONS) - len(unnoticed)} of {len(MUTATIONS)} mutations were noticed")
    return 1 if unnoticed else 0


if __name__ == "__main__":
    sys.exit(main())
