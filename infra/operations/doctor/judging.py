"""Judges the facts about a line. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from infra.operations.connect.account import Application, Number, Profile, StoredAudio
from infra.operations.connect.lines import Lines
from infra.operations.connect.plan import ACTIVE, Wanted, application_settings, differences
from infra.operations.doctor.result import Result, failed, ok, warning

CONNECT = "run `dialtone connect`"

SKEW_TOLERATED_SECONDS = 60.0
SKEW_REFUSED_SECONDS = 240.0
"""AWS and Telnyx refuse signatures that are five minutes off."""

MANY_FUNCTIONS = 100
"""Functions at once that a line for many callers may need; a new account may be allowed 10."""

BACKGROUND_AT_ONCE, LEAST_BACKGROUND = 10, 2
"""Archive functions that may run at once, and watchdog functions, unless the stack's BackgroundConcurrency says
otherwise; and the least that it may say."""

QUEUES_READ = 2
"""Queues whose functions take that much each."""

API_REQUESTS, API_BURST = 2_000, 1_000
"""What template.yaml lets its API take a second, and at once."""

LONGEST_TIMEOUT_SECONDS = 10
"""Of an application: a caller hears silence for as long, and twice, before the failover is asked."""

AUDIO_ENDS_SOON = timedelta(days=30)

CALLS_QUIET = timedelta(days=14)
"""How far back the last webhook is looked for."""


def clock(our_time: datetime, their_time: datetime) -> Result:
    """This machine's clock against AWS's."""
    off = abs((our_time - their_time).total_seconds())
    found, remedy = f"{off:.0f} s off AWS's clock", "set it by the network (timedatectl set-ntp true, or the like)"
    if off >= SKEW_REFUSED_SECONDS:
        return failed("clock", found, remedy)
    return warning("clock", found, remedy) if off >= SKEW_TOLERATED_SECONDS else ok("clock", found)


def functions_at_once(limit: int, unreserved: int, background: int = BACKGROUND_AT_ONCE) -> Result:
    """The account's Lambda concurrency, and what no function has reserved of it, against what the template may use."""
    name, found = "functions at once", f"{unreserved} of the account's {limit} are for everybody"
    remedy = "ask for 1,000 in Service Quotas: AWS Lambda, Concurrent executions"
    if unreserved <= QUEUES_READ * background:
        until_then = f"{remedy}; until then, make deploy PARAMETERS='BackgroundConcurrency={LEAST_BACKGROUND}'"
        return warning(name, f"{found}, and archive and watchdog may take {background} each", until_then)
    return warning(name, found, remedy) if unreserved < MANY_FUNCTIONS else ok(name, found)


def api_quota(rate: float, burst: int) -> Result:
    """The account's API Gateway quota against what the template lets its API take."""
    name, found = "API requests", f"the account's APIs take {rate:.0f} a second, {burst} at once"
    if rate < API_REQUESTS or burst < API_BURST:
        return warning(name, found, "ask for more in Service Quotas: Amazon API Gateway, Throttle rate")
    return ok(name, found)


def public_key(in_stack: str, in_account: str) -> Result:
    """The key that the functions verify webhooks with against the one that Telnyx signs with."""
    name, keys = "public key", [each.strip() for each in in_stack.split(",")]
    if in_account in keys:
        return ok(name, "the stack has the key that Telnyx signs with")
    remedy = f"deploy with TelnyxPublicKey = {in_account}"
    return failed(
        name, "the stack has a different key from the one that Telnyx signs with: every webhook is refused", remedy
    )


def application(wanted: Wanted, found: Application, profiles: Sequence[Profile]) -> Iterator[Result]:
    """The application's settings."""
    title = f"{found.name} ({found.id})"
    version = found.settings.get("webhook_api_version")
    if version == "2":
        yield ok("API version", "2")
    else:
        yield failed("API version", f"{version}: no call is answered with it", CONNECT)
    settings = application_settings(wanted, "")
    del settings["webhook_api_version"], settings["webhook_timeout_secs"]
    wrong = differences(settings, found.settings)
    if wrong:
        yield failed("application", f"{title}: {'; '.join(map(str, wrong))}", CONNECT)
    else:
        yield ok("application", title)
    yield _timeout(found.settings.get("webhook_timeout_secs"))
    yield _profile(next((each for each in profiles if each.id == found.profile_id), None))


def _timeout(seconds: Any) -> Result:  # noqa: ANN401 -- as Telnyx has it
    name, found = "webhook time-out", f"{seconds:g} s" if seconds else "2 s, Telnyx's own"
    if seconds and seconds > LONGEST_TIMEOUT_SECONDS:
        return warning(name, f"{found}: callers wait so long, twice, before the failover answers them", CONNECT)
    return ok(name, found)


def _profile(found: Profile | None) -> Result:
    name = "outbound voice profile"
    if found is None:
        return failed(name, "none: transfers and calls out are refused", CONNECT)
    if found.settings.get("enabled") is False:
        return failed(name, f"{found.name} is disabled: transfers and calls out are refused", "enable it in the portal")
    countries = ", ".join(found.settings.get("whitelisted_destinations") or ()) or "no country"
    if not found.settings.get("daily_spend_limit_enabled"):
        remedy = "dialtone connect --daily-spend-limit 10"
        return warning(name, f"{found.name} to {countries}, without a daily limit", remedy)
    return ok(name, f"{found.name} to {countries}, {found.settings.get('daily_spend_limit')} USD a day")


def numbers(lines: Lines, account: Mapping[str, Number], application_id: str) -> Iterator[Result]:
    """The assignment of the numbers against numbers.yaml."""
    for name, flow in lines.whole.items():
        number = account.get(name)
        if number is None:
            yield failed(name, "is not in the account", "write your own number into flows/numbers.yaml")
        elif number.connection_id != application_id:
            where = number.connection_name or number.connection_id or "nothing"
            yield failed(name, f"rings {where}, not this line", CONNECT)
        elif number.status != ACTIVE:
            yield warning(
                name, f"is {number.status}", "wait until Telnyx has it active; its portal says what is missing"
            )
        else:
            yield ok(name, f"rings {flow}")
    for name, number in account.items():
        if number.connection_id == application_id and not lines.flow(name):
            remedy = f"add it to flows/numbers.yaml and deploy, or {CONNECT} to give it back"
            yield failed(name, "leads to this stack, but has no flow", remedy)


def audio(names: Mapping[str, str], stored: Mapping[str, StoredAudio], now: datetime) -> Iterator[Result]:
    """The stored audio against the names that flows play. `names` are by name the flow that plays it."""
    missing = {name: flow for name, flow in names.items() if name not in stored}
    for name, flow in missing.items():
        remedy = f"put {name}.mp3 into flows/audio, and {CONNECT}"
        yield failed("audio", f"{name}, which {flow} plays, is not stored at Telnyx", remedy)
    for name in names:
        ends = stored[name].expires_at if name in stored else ""
        if ends and datetime.fromisoformat(ends) < now + AUDIO_ENDS_SOON:
            yield warning("audio", f"{name} is deleted by Telnyx on {ends[:10]}", CONNECT)
    if not missing:
        yield ok("audio", f"all audio of the flows is stored at Telnyx: {', '.join(names) or 'nothing'}")


def subscribed(name: str, subscriptions: Sequence[Mapping[str, Any]]) -> Result:
    """Whether alarms have a subscriber, or notices: those that can wait until morning."""
    confirmed = [each for each in subscriptions if each["SubscriptionArn"].startswith("arn:")]
    if confirmed:
        return ok(name, f"go to {', '.join(str(each.get('Endpoint')) for each in confirmed)}")
    if subscriptions:
        who = ", ".join(str(each.get("Endpoint")) for each in subscriptions)
        return failed(name, f"{who} has not confirmed yet", "open the mail from AWS Notifications, and confirm")
    return warning(name, "no one receives them", "deploy with AlarmEmail = you@example.com")


def last_webhook(times: Sequence[datetime], now: datetime) -> Result:
    """When the webhook function last ran."""
    name = "last webhook"
    if not times:
        return warning(name, f"none in {CALLS_QUIET.days} days", "call one of your numbers")
    return ok(name, f"{_ago(now - max(times))} ago")


def _ago(passed: timedelta) -> str:
    minutes = max(0, round(passed.total_seconds() / 60))
    if minutes < 2 * 60:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 2 * 24 * 60 else f"{minutes // (24 * 60)} days"
