"""The one table of actions: bindings, key line, palette, help and the key table of the README come from it."""

from __future__ import annotations

from dataclasses import dataclass

from textual.binding import Binding, BindingType

SCREENS = ("overview", "review", "gates", "signoff", "whatif", "probes", "maps")
"""Names of the screens that actions belong to."""


@dataclass(frozen=True)
class Action:
    """Something that a reviewer can do.

    Args:
        id: `area.verb`; also the id by which a key can be remapped.
        keys: key names as Textual knows them; the first is the one that is shown.
        title: a word or three, for the key line.
        tooltip: a sentence, for help and palette.
        screens: where it is valid.
        rank: place in the key line, lowest first; None keeps it out.
        track: the track without which there is nothing to do it on; empty for all.
    """

    id: str
    keys: tuple[str, ...]
    title: str
    tooltip: str
    screens: tuple[str, ...] = SCREENS
    rank: int | None = None
    track: str = ""

    @property
    def method(self) -> str:
        """Name of the screen's method that does it."""
        return "do_" + self.id.replace(".", "_").replace("-", "_")

    @property
    def shown_key(self) -> str:
        """The first key, as it is written on a keyboard."""
        return shown(self.keys[0])


_SHOWN = {
    "question_mark": "?",
    "slash": "/",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "enter": "⏎",
    "escape": "esc",
    "ctrl+p": "^p",
    "ctrl+q": "^q",
    "space": "space",
    "plus": "+",
    "minus": "-",
}


def shown(key: str) -> str:
    """A key name as it is written on a keyboard."""
    return _SHOWN.get(key, key)


_REVIEW = ("review",)
_LISTS = ("overview", "gates", "signoff", "probes")
_RECORDS = ("overview", "review", "gates", "signoff")
_WHATIF = ("whatif",)
_MAPS = ("maps",)

ACTIONS: tuple[Action, ...] = (
    Action(
        "annotation.accept",
        ("a",),
        "acceptable",
        "The change may ship: save, go to the next undecided.",
        _REVIEW,
        1,
    ),
    Action(
        "annotation.reject",
        ("x",),
        "unacceptable",
        "The change must not ship: save, go to the next undecided.",
        _REVIEW,
        2,
    ),
    Action("annotation.unsure", ("s",), "unsure", "Cannot tell: save, go to the next undecided.", _REVIEW, 3),
    Action(
        "annotation.bad-label",
        ("l",),
        "bad label",
        "The gold label is wrong: save, go to the next undecided.",
        _REVIEW,
        4,
    ),
    Action(
        "annotation.cause",
        ("c",),
        "cause",
        "Name the cause of this change; error analysis needs one per flag.",
        _REVIEW,
        5,
    ),
    Action(
        "annotation.note", ("e",), "note", "Write a note; it is kept as a draft while you type.", _REVIEW, 6
    ),
    Action(
        "annotation.mark",
        ("m",),
        "mark",
        "Mark the words that matter, on one side.",
        _REVIEW,
        16,
    ),
    Action(
        "finding.record",
        ("F",),
        "finding",
        "Record a finding, tied to this example and the gate that it moves.",
        ("review", "gates", "whatif"),
        7,
    ),
    Action(
        "whatif.open",
        ("w",),
        "what if",
        "Change this text and ask both models again; nothing of it enters a statistic.",
        _REVIEW,
        7,
    ),
    Action("whatif.ask", ("enter",), "ask", "Ask both models about the changed text.", _WHATIF, 1),
    Action(
        "whatif.delete",
        ("d",),
        "delete cue",
        "Delete the next marked or declared cue from the text.",
        _WHATIF,
        2,
    ),
    Action("whatif.edit", ("e",), "edit", "Change the text by hand.", _WHATIF, 3),
    Action("whatif.undo", ("u",), "undo", "Take back the last change of the text.", _WHATIF, 4),
    Action("whatif.redo", ("U",), "redo", "Make the change again that was taken back last.", _WHATIF),
    Action(
        "whatif.save", ("s",), "save", "Save text and answers with the example they came from.", _WHATIF, 6
    ),
    Action(
        "whatif.more",
        ("M",),
        "more methods",
        "Explain both texts by the methods that are computed only when asked for, such as LIME and kernel SHAP.",
        _WHATIF,
        7,
    ),
    Action("example.next", ("j", "n"), "next", "Next example of the list.", _REVIEW, 8),
    Action("example.previous", ("k", "N"), "previous", "Previous example of the list.", _REVIEW, 9),
    Action(
        "example.next-undecided", ("J",), "next undecided", "Next example without your verdict.", _REVIEW, 10
    ),
    Action(
        "example.previous-undecided",
        ("K",),
        "previous undecided",
        "Previous example without your verdict.",
        _REVIEW,
    ),
    Action(
        "slice.next",
        ("right_square_bracket",),
        "next slice",
        "The next slice, gate or cue.",
        ("review", "gates", "probes"),
    ),
    Action(
        "slice.previous",
        ("left_square_bracket",),
        "previous slice",
        "The previous slice, gate or cue.",
        ("review", "gates", "probes"),
    ),
    Action(
        "slice.choose",
        ("t",),
        "slices",
        "Show or choose slices: the tree where it fits, else a list.",
        _REVIEW,
        14,
    ),
    Action("example.list", ("o",), "list", "Show the examples of this scope as a list.", _REVIEW, 15),
    Action(
        "view.side",
        ("b",),
        "side",
        "Both sides, base, candidate, or candidate minus base.",
        ("review", "whatif"),
        11,
    ),
    Action(
        "view.method",
        ("v",),
        "method",
        "Another attribution method or target; all places of neighbour lists.",
        ("review", "whatif"),
        12,
    ),
    Action(
        "view.likelihood",
        ("p",),
        "log-probability",
        "Colour the words of both answers by how much likelier the candidate makes them than the base.",
        _REVIEW,
        16,
        "response",
    ),
    Action(
        "view.diff",
        ("D",),
        "word diff",
        "Which words the candidate's answer adds, and which it leaves out; or back.",
        _REVIEW,
        16,
        "response",
    ),
    Action(
        "span.next",
        ("tab",),
        "next span",
        "The next span that a detector found in an answer.",
        _REVIEW,
        7,
        "response",
    ),
    Action(
        "span.confirm",
        ("plus",),
        "confirm",
        "Confirm the chosen span: it is what its detector says.",
        _REVIEW,
        7,
        "response",
    ),
    Action(
        "span.refute",
        ("minus",),
        "refute",
        "Refute the chosen span: it is not what its detector says.",
        _REVIEW,
        7,
        "response",
    ),
    Action(
        "view.numbers",
        ("space",),
        "numbers",
        "Every number behind this view, with its definition.",
        ("review", "gates", "whatif", "probes", "maps"),
        13,
    ),
    Action(
        "example.search",
        ("slash",),
        "search",
        "Only examples whose text, title or id contains something.",
        _REVIEW,
        17,
    ),
    Action(
        "example.filter",
        ("f",),
        "filter",
        "Only undecided ones, one reason, one gate, or everything.",
        _REVIEW,
        18,
    ),
    Action("example.go", ("g",), "go to id", "Open an example by its id or ref.", ("overview", "review"), 19),
    Action("list.down", ("j",), "down", "Next line.", _LISTS),
    Action("list.up", ("k",), "up", "Previous line.", _LISTS),
    Action(
        "gate.waive",
        ("W",),
        "waive",
        "Accept this gate at this value in this run, with a reason.",
        ("gates",),
        3,
    ),
    Action(
        "probes.open",
        ("d",),
        "probe diffs",
        "What each cue does to base and candidate, with the worst texts.",
        ("overview", "review", "gates"),
        22,
        "intent",
    ),
    Action(
        "maps.open",
        ("M",),
        "maps",
        "The items as two maps, base and candidate, with how far these can be believed.",
        ("overview", "review", "gates"),
        23,
        "retrieval",
    ),
    Action("map.open", ("enter",), "open", "Open the item under the cursor.", _MAPS, 1),
    Action("map.left", ("left", "h"), "left", "Cursor to the nearest item at the left.", _MAPS),
    Action("map.down", ("down", "j"), "down", "Cursor to the nearest item below.", _MAPS),
    Action("map.up", ("up", "k"), "up", "Cursor to the nearest item above.", _MAPS),
    Action("map.right", ("right", "l"), "right", "Cursor to the nearest item at the right.", _MAPS),
    Action(
        "map.attribute", ("v",), "attribute", "Mark and colour the items by the next attribute.", _MAPS, 2
    ),
    Action(
        "map.side",
        ("b",),
        "side",
        "Walk on the other side's map; on a narrow screen, show it.",
        _MAPS,
        3,
    ),
    Action("map.method", ("t",), "t-SNE/UMAP", "The maps of the next method.", _MAPS, 4),
    Action("decision.promote", ("p",), "promote", "Choose the decision: promote.", ("signoff",), 1),
    Action("decision.hold", ("h",), "hold", "Choose the decision: hold.", ("signoff",), 2),
    Action("decision.reject", ("r",), "reject", "Choose the decision: reject.", ("signoff",), 3),
    Action("decision.reason", ("e",), "reason", "Write the reason of the decision.", ("signoff",), 4),
    Action(
        "report.export", ("E",), "export", "Record the decision and write the report folder.", ("signoff",), 5
    ),
    Action("report.sign", ("S",), "sign", "Sign the exported report with an SSH key.", ("signoff",), 6),
    Action(
        "report.verify",
        ("v",),
        "verify",
        "Check the exported report against a file of allowed signers.",
        ("signoff",),
        7,
    ),
    Action("annotation.undo", ("u",), "undo", "Undo your last event.", _RECORDS, 20),
    Action("annotation.redo", ("U",), "redo", "Redo what you undid last.", _RECORDS),
    Action("example.copy", ("y",), "copy", "Copy the id and text to the clipboard.", ("review", "gates"), 21),
    Action(
        "screen.overview", ("1",), "Overview", "What changed, what blocks, where to look first.", SCREENS, 30
    ),
    Action("screen.review", ("2",), "Examples", "The messages of the intent track, one by one.", SCREENS, 31),
    Action(
        "screen.neighbours",
        ("3",),
        "Neighbours",
        "The queries and items of the retrieval track.",
        SCREENS,
        31,
        "retrieval",
    ),
    Action(
        "screen.responses", ("4",), "Responses", "The prompts of the response track.", SCREENS, 31, "response"
    ),
    Action("screen.gates", ("5",), "Gates", "The gates, with what stands behind each.", SCREENS, 32),
    Action("screen.signoff", ("6",), "Sign-off", "The report, the decision and the signature.", SCREENS, 33),
    Action("app.palette", ("ctrl+p",), "all", "Every action that is valid now, by name.", SCREENS, 41),
    Action("app.theme", ("T",), "light or dark", "Change between the dark and the light theme.", SCREENS),
    Action("app.back", ("escape",), "back", "One level back; text that you typed is kept.", SCREENS),
    Action("app.help", ("question_mark", "f1"), "help", "The keys and words of this screen.", SCREENS, 40),
    Action("app.quit", ("q",), "quit", "Leave; everything is saved already.", SCREENS, 42),
)

_BY_ID = {action.id: action for action in ACTIONS}


def action(identifier: str) -> Action:
    """The action of that id. Raises KeyError."""
    return _BY_ID[identifier]


def valid_on(screen: str) -> list[Action]:
    """The actions of one screen, in the order of the table."""
    return [entry for entry in ACTIONS if screen in entry.screens]


def bindings(screen: str) -> list[BindingType]:
    """Textual bindings of one screen."""
    return [
        Binding(
            ",".join(entry.keys),
            f"do('{entry.id}')",
            entry.title,
            show=False,
            id=entry.id,
            tooltip=entry.tooltip,
        )
        for entry in valid_on(screen)
    ]


def key_line(screen: str) -> list[Action]:
    """The actions that the key line of a screen shows, most used first."""
    return sorted(
        (entry for entry in valid_on(screen) if entry.rank is not None), key=lambda entry: entry.rank or 0
    )


def markdown_table() -> str:
    """The keys of all screens as a Markdown table."""
    names = {
        "overview": "Overview",
        "review": "Examples",
        "gates": "Gates",
        "signoff": "Sign-off",
        "whatif": "What-if",
        "probes": "Probe diffs",
        "maps": "Maps",
    }
    rows = ["| key | does | where |", "|---|---|---|"]
    for entry in ACTIONS:
        keys = " ".join(f"`{shown(key)}`" for key in entry.keys)
        where = "everywhere" if entry.screens == SCREENS else ", ".join(names[name] for name in entry.screens)
        rows.append(f"| {keys} | {entry.tooltip} | {where} |")
    return "\n".join(rows) + "\n"
