"""Event texts: each event of a run's record as the curves and the timeline show it."""

from __future__ import annotations

from annscope.runs.record import Line
from annscope.runs.thinning import MEGABYTE

_WORDS = {
    "pause": "Paused",
    "resume": "Resumed",
    "stop": "Stopped",
    "finished": "Finished",
    "diverged": "Diverged",
    "interrupted": "Interrupted",
    "failed": "Failed",
}


def event_text(event: Line) -> str:
    """What happened, and at which step."""
    step = f"{event['step']:,}"
    match event["event"]:
        case "learning_rate":
            return f"Learning rate {event['value']:.3g} from step {step}"
        case "epochs":
            return f"Goes on to {event['n_epochs']} epochs from step {step}"
        case "pace" if event["value"] is None:
            return f"As fast as it can from step {step}"
        case "pace":
            return f"At a pace of {event['value']:g} snapshots a second from step {step}"
        case "thinned":
            budget = f"{event['budget'] / MEGABYTE:,.0f} MB"
            return (
                f"Only {event['n_kept']:,} snapshots so far keep their arrays, to stay within {budget} at step {step}"
            )
        case "warning" if event.get("message"):
            return str(event["message"])
        case "best":
            return best_text(event)
        case name:
            return f"{_WORDS.get(name) or name.replace('_', ' ').capitalize()} at step {step}"


def best_text(line: Line) -> str:
    """The text for the best snapshot so far; `line` is its line, or an event that names it."""
    loss = line["heldout"]["loss"]
    figure = "not finite" if loss is None else f"{loss:.4f}" if loss >= 0.00005 else f"{loss:.1e}"
    return f"Best so far: held-out loss {figure}, at step {line['step']:,}"
