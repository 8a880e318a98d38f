"""The session: every session key and widget key of the dashboard, by name.

What is shown, and the settings of the next run, are in the address of the page (`dashboard.address`); the session
holds only what the widgets need.
"""

from __future__ import annotations

LAST_RUN = "last-run"
"""Session: the run last shown; another page, whose address names none, shows it too."""
SETTINGS = "settings"
"""Session: every setting of the next run by option name, whether its control is on screen or not."""
WRITTEN = "written"
"""Session: the settings that this session last read from the address or put into it, to tell a new link from them."""
LATE = "late"
"""Session: the recently replaced settings in the address, each with the time, which the browser may still send."""
WARNINGS = "warnings"
"""Session: warnings about invalid parameters in the address."""
COMMAND_ERROR = "command-error"
"""Session: the error message of the last command, if it failed."""
PROPOSED = "proposed"
"""Session: the data set that was chosen last, whose proposal of settings is shown; None once all controls were set."""
OWN_SETTINGS = "own-settings"
"""Session: the settings before a recipe was chosen, to go back to."""
RATE_SEARCH = "rate-search"
"""Session: whether the dialog of the learning rate finder is open."""
RATE_FOUND = "rate-found"
"""Session: the points of the last search and its suggestion, or the error message."""

RECIPE = "recipe"
AUGMENTATION = "augmentation"
ADVANCED = "settings-advanced"
STAGE = "stage"
AHEAD = "ahead"
REDRAW = "redraw"
"""Session: whether the live view asks for the whole page: another run is to be shown, or its status is another."""
PAD = "pad"
PICKER = "picker"
BESIDE = "beside"
"""The button that opens the choice of a run to show beside."""
PICKER_BESIDE = "picker-beside"
NEW_POINTS = "new-points"
HEADER = "header"
TICK = "tick"
START = "start"
FIRST = "first"
START_BELOW = "start-below"
REPLACING = "replacing"
"""Session: whether the question is open if a run at work is to be replaced."""
STOP_AND_START = "stop-and-start"
START_BESIDE = "start-beside"
DEFAULTS = "defaults"
AS_SHOWN = "as-shown"
TAKE_PROPOSAL = "take-proposal"
COPY_LINK = "copy-link"
TOOLBAR = "toolbar"
PAUSE = "pause"
STEP = "step"
STOP = "stop"
STARTED = "started"
"""Session: the run that was started last in this tab."""
WAY = "way"
"""Session: how runs that are started here are seen: watch, slow or live."""
GO_ON = "go-on"
"""Session: the run for which the dialog is open that asks for more epochs."""
MORE_EPOCHS = "more-epochs"
TRAIN_ON = "train-on"
PACE = "pace"
NEXT_PACE = "next-pace"
"""Session: the pace that was chosen last, at which the next run starts."""
LIVE_RATE = "live-learning-rate"
LIVE_RATE_KNOWN = "live-learning-rate-known"
"""Session: the recorded learning rate that the live slider was last set to, with its run."""
LIVE_RATES_SENT = "live-learning-rates-sent"
"""Session: the learning rates that this tab sent and that are not in the record yet, each with its run."""
FIND_RATE = "find-learning-rate"
USE_RATE = "use-learning-rate"
N_LAYERS = "control-hidden-count"
GRADIENT = "gradient"
GRADIENT_CHART = "gradient-chart"
NUMBERS = "numbers"
DOWNLOAD = "download"

DATA_PATH = "data-path"
UPLOADED = "uploaded"
"""Session: how many files this tab has uploaded; each has an uploader of its own, so that none stays in memory."""
UPLOAD_ERROR = "upload-error"
"""Session: the error message of the last upload, if it failed."""
TRAIN_ON_THIS = "train-on-this"
NOT_THIS = "not-this"
"""The button to train while the data cannot be read: it is drawn instead of the other."""
READ_ALL_BUTTON = "read-all-button"
READ_ALL = "read-all"
"""Session: the folder of images of which all are read, instead of a sample."""
FETCH = "fetch"
TO_FETCH = "to-fetch"
"""Session: the data set that is downloaded before a run needs it, because its content was asked for."""
CLASS_COUNTS = "class-counts"
COLUMNS = "data-columns"
LABEL = "data-label"

ADDRESSES = "addresses"
"""Session: the last address of each page, by page."""
REPLACED = "replaced"
"""Session: the addresses that clicks replaced recently, each with the time."""
PAGE = "page"
"""Session: the page that was drawn last."""
RUNS = "runs"
RUNS_FILTER = "runs-filter"
RUNS_DELETE = "runs-delete"
RUNS_DISCARDED = "runs-discarded"
"""Session: the runs that were deleted last, and can be brought back."""
SWEEPS_DISCARDED = "sweeps-discarded"
"""Session: the sweep that was deleted last with its runs, as a list."""
RUNS_PROBLEMS = "runs-problems"
"""Session: why some runs could not be deleted, brought back or starred."""
RUNS_SEEN = "runs-seen"
"""Session: what the table was drawn from last: the folder of runs, and status and step of those that are live."""
RUNS_OPENED = "runs-opened"
"""Session: the run that a point of a chart was chosen to open."""
RUNS_LINKED = "runs-linked"
"""Session: the choice of runs in the last address that did not come from the table."""
RUNS_PICKED = "runs-picked"
"""Session: the choice of runs that the address and the table agree on."""
DATA = "data"
TRAIN = "train"
INSPECT = "inspect"
DRAW = "draw"
GALLERY = "gallery"
PLACE = "place"
CALLED = "called"
MISSED = "missed"
EVERY = "every-example"
WEAKEST = "weakest"
REPORT = "report"
THRESHOLD = "threshold"
ROC = "roc"
PRECISION_RECALL = "precision-recall"
CALIBRATION = "calibration"
EVOLUTION = "evolution"
IMPORTANCE = "importance"


SWEEP = "sweep"
"""Session: the name of the sweep that the Runs page shows."""
NEW_SWEEP = "new-sweep"
"""Session: whether the dialog is open that asks for a new sweep."""
SWEEP_STARTED = "sweep-started"
"""Session: the sweep that was just started, to be shown next."""
SWEEP_SEEN = "sweep-seen"
"""Session: the sweep that is shown, with how many of its trials had ended."""
SWEEP_NAME = "sweep-name"
START_SWEEP = "start-sweep"
DELETE_SWEEP = "delete-sweep"
SWEEP_PLOT = "sweep-plot"


def control(option: str) -> str:
    """The key of a setting's control in the sidebar."""
    return f"control-{option}"


def layer(index: int) -> str:
    """The key of the width of a hidden layer, counted from 0."""
    return f"control-hidden-{index}"


def layer_activation(index: int) -> str:
    """The key of the activation of a hidden layer, counted from 0."""
    return f"control-activation-{index}"


def difference(option: str) -> str:
    """The key of the chip that takes a setting back to that of the run shown."""
    return f"difference-{option}"


def varied(option: str) -> str:
    """Widget key of the control of a setting that a new sweep varies."""
    return f"varied-{option}"


def example(index: int) -> str:
    """The key of the button that starts one of the example set-ups."""
    return f"example-{index}"


def data_set(name: str) -> str:
    """The key of the card of a built-in data set."""
    return f"data-set-{name}"


def runs_table(version: int) -> str:
    """The key of the table of runs with these rows."""
    return f"runs-table-{version}"


def annotations_form(run: str) -> str:
    """The key of the form with the annotations of a run."""
    return f"annotations-{run}"


def uploader(number: int) -> str:
    """The key of the uploader of this tab, counted from 0."""
    return f"uploader-{number}"


def upload(name: str) -> str:
    """The key of the button that chooses an upload."""
    return f"upload-{name}"


def delete_upload(name: str) -> str:
    """The key of the button that deletes an upload."""
    return f"delete-upload-{name}"


def choice(name: str) -> str:
    """The key of the control on Inspect that a query parameter belongs to."""
    return f"inspect-{name}"


def outcome(name: str) -> str:
    """The key of the button that shows the examples of an outcome of a comparison."""
    return f"outcome-{name}"


def part(name: str) -> str:
    """The key of an interactive part of Inspect."""
    return f"inspect-part-{name}"


def download(name: str) -> str:
    """The key of the button that saves a table of Inspect."""
    return f"inspect-download-{name}"
