"""What a step, a trigger or a condition says, in a few words for people."""

from __future__ import annotations

from typing import Any

from activations.conditions.language import (
    All,
    AnyOf,
    Comparison,
    Count,
    FieldIs,
    Happened,
    HasDeal,
    HasTag,
    InSegment,
    Not,
    Reacted,
    ScoreIs,
)
from activations.journeys.definition import (
    BecomesTrigger,
    ChangedTrigger,
    DateTrigger,
    EventTrigger,
    GoalTrigger,
    Journey,
    ScheduleTrigger,
    SegmentTrigger,
)
from activations.journeys.graph import Vertex
from activations.journeys.steps import UntilClock, UntilDate, Wait

SIGNS = {"eq": "=", "ne": "≠", "gt": ">", "gte": "≥", "lt": "<", "lte": "≤"}
OTHERS = {
    "in": "is one of",
    "not_in": "is none of",
    "contains": "contains",
    "starts_with": "starts with",
    "older_than": "older than",
    "newer_than": "newer than",
}


def condition(node: Any) -> str:
    """A condition as a phrase."""
    match node:
        case All():
            return " and ".join(_part(child) for child in node.all)
        case AnyOf():
            return " or ".join(_part(child) for child in node.any)
        case Not():
            return f"not {_part(node.not_)}"
        case FieldIs():
            return comparison(node.field, node)
        case ScoreIs():
            return comparison(f"score {node.score}", node)
        case HasTag():
            return f"tagged {node.tag}"
        case InSegment():
            return f"in {node.segment}"
        case Happened():
            return f"{node.event}{_where(node.where)}{_window(node)}"
        case Reacted():
            message = "any message" if node.of == "any" else node.of
            return f"{node.reaction} {message}{_window(node)}"
        case HasDeal():
            said = ", ".join(comparison(name, one) for name, one in node.deal.items())
            return f"deal with {said or 'any state'}{_often(node.count)}"
        case _:
            return "a condition in SQL"


def _part(node: Any) -> str:
    text = condition(node)
    return f"({text})" if isinstance(node, All | AnyOf) else text


def comparison(name: str, asked: Comparison) -> str:
    """`name` with what it is compared with."""
    parts = []
    for operator, value in asked.given().items():
        if operator == "exists":
            parts.append(f"{name} is {'known' if value else 'unknown'}")
        elif operator in SIGNS:
            parts.append(f"{name} {SIGNS[operator]} {value}")
        else:
            said = ", ".join(map(str, value)) if isinstance(value, tuple) else value
            parts.append(f"{name} {OTHERS[operator]} {said}")
    return " and ".join(parts)


def _where(asked: dict[str, Comparison]) -> str:
    said = ", ".join(comparison(name, one) for name, one in asked.items())
    return f" ({said})" if said else ""


def _window(node: Happened | Reacted) -> str:
    text = _often(node.count)
    if node.within:
        text += f" within {node.within}"
    if node.since:
        text += f" since {node.since}"
    if isinstance(node, Happened) and node.same_key:
        text += ", same key"
    return text


def _often(count: Count) -> str:
    if count == Count(gte=1):
        return ""
    named = (("=", count.eq), ("≥", count.gte), ("≤", count.lte))
    return " " + " and ".join(f"{sign} {number}×" for sign, number in named if number is not None)


def trigger(node: Any) -> str:
    """A trigger as a phrase."""
    match node:
        case EventTrigger():
            return f"{node.event}{_where(node.where)}"
        case SegmentTrigger():
            return f"{node.change} {node.segment}"
        case BecomesTrigger():
            return f"becomes true: {condition(node.becomes)}"
        case ChangedTrigger():
            return f"{node.changed} changes"
        case DateTrigger():
            return _date(node) + (" every year" if node.yearly else "")
        case ScheduleTrigger():
            days = node.schedule if isinstance(node.schedule, str) else ", ".join(node.schedule)
            return f"{days} at {node.time}: everybody in {node.segment}"
        case GoalTrigger():
            return f"goal {node.goal} of {node.journey} {node.outcome}"
        case _:
            return "by hand or from another journey"


def _date(node: DateTrigger | UntilDate) -> str:
    offset = (
        f"{node.before} before " if node.before else f"{node.after} after " if node.after else ""
    )
    return f"{offset}{node.date} at {node.time}"


def step(vertex: Vertex) -> tuple[str, str]:
    """A step's kind as a label, and what it does as a phrase (empty where the label says it all)."""
    body = vertex.body
    match vertex.kind:
        case "send":
            best = f", at the best time within {body.within}" if body.at == "best_time" else ""
            other = "" if body.purpose == "marketing" else f", {body.purpose}"
            return f"send {body.channel}", f"message {body.message}{other}{best}"
        case "wait":
            return "wait", _wait(body)
        case "if":
            ways = [f"{name}: {condition(when)}" for name, when in vertex.cases]
            return "if", condition(vertex.cases[0][1]) if len(ways) == 1 else "; ".join(ways)
        case "split":
            total = sum(body.arms.values())
            return "split", ", ".join(f"{a} {w / total:.0%}" for a, w in body.arms.items())
        case "goal":
            return "goal", condition(body.when)
        case "end":
            return "end", body.reason
        case "update":
            return "update", _update(body)
        case "deal":
            return (
                "deal",
                f"{'move to' if body.move else 'create in'} {body.pipeline} / {body.stage}",
            )
        case "task":
            return "task", f"{body.title} (due in {body.due})"
        case "notify":
            return "notify", f"{body.to}: {body.text}"
        case "webhook":
            return "webhook", body.url or body.destination
        case _:
            return f"{vertex.kind} journey", body.journey


def _wait(body: Wait) -> str:
    limit = f", at most {body.or_after}" if body.or_after else ""
    if body.for_ is not None:
        return str(body.for_)
    if isinstance(body.until, UntilClock):
        days = body.until.weekday
        named = f"{days if isinstance(days, str) else ', '.join(days)} " if days else ""
        return f"until {named}{body.until.time} local time"
    if isinstance(body.until, UntilDate):
        return f"until {_date(body.until)}"
    if isinstance(body.until, tuple):
        return "until " + " or ".join(f"{c.id}: {condition(c.when)}" for c in body.until) + limit
    return f"until {condition(body.until)}{limit}"


def _update(body: Any) -> str:
    if body.field is not None:
        return f"{body.field} = {body.value}"
    if body.score is not None:
        return (
            f"score {body.score} {body.add:+g}" if body.add is not None else f"score {body.score}"
        )
    for name in ("add_tag", "remove_tag", "add_to_list", "remove_from_list"):
        if (value := getattr(body, name)) is not None:
            return f"{name.replace('_', ' ')} {value}"
    return ""


def entry(journey: Journey) -> str:
    """Who enters, as a phrase."""
    text = " or ".join(trigger(one) for one in journey.entry.all_triggers)
    if journey.entry.only_if is not None:
        text += f"; only if {condition(journey.entry.only_if)}"
    return text


def exits(journey: Journey) -> str:
    """When they leave early, as a phrase; empty where nothing is said."""
    parts = [condition(journey.exit_when)] if journey.exit_when is not None else []
    parts += ["unsubscribed"] if journey.exit_on_unsubscribe else []
    return " or ".join(parts)
