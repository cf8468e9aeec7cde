"""`[response]`: the settings of a review of a text generator."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Literal, Self, cast

from pydantic import Field, model_validator

from analysis.base.records import SIDES, Side
from analysis.plugin.settings import DataPath, FilePath, FolderPath, Text, TrackSettings
from analysis.tracks.response.behaviour_settings import BehaviourSection, LabelColumns, misnamed
from analysis.tracks.response.leads.settings import DetectorSection

TRANSFORMERS: Literal["transformers"] = "transformers"
"""The engine that answers where no other is named."""
DEPLOYED, SERVED = "deployed", "served"
FORMS = {DEPLOYED: "deployed", SERVED: "deployed_records"}
"""A form in which the candidate is served -> the key that declares it."""
SOURCES = "give either records, or base_records and candidate_records, or base, candidate and prompts"


class ResponseSettings(TrackSettings):
    """Recorded pairs of responses, or two generators and the prompts for them; and what answers are held to.

    Records and both models may be given together: the records are then what is reviewed, and the models say
    why it came to them. Records are one file with both responses, or a file of each side; these may leave their
    prompts to a third.

    `engine` is who makes the answers, where they are made here; what is said of log-probabilities, Transformers says.

    `id` to `expected` name columns, or dotted paths into nested ones. `response` is the column of both sides' own
    files; `base_response` and `candidate_response` name another one in the file of one side.
    """

    records: DataPath | None = None
    base_records: DataPath | None = None
    candidate_records: DataPath | None = None
    base: FolderPath | None = None
    candidate: FolderPath | None = None
    over: FolderPath | None = None
    engine: Literal["transformers", "vllm"] = TRANSFORMERS
    prompts: DataPath | None = None
    catalogue: DataPath | None = None
    policy: FilePath | None = None
    preferences: DataPath | None = None
    human_judges: list[Text] = Field(default_factory=list)
    deployed: FolderPath | None = None
    deployed_records: DataPath | None = None
    behaviour: list[BehaviourSection] = Field(default_factory=list)
    labels: dict[Text, LabelColumns] = Field(default_factory=dict)
    detector: dict[Text, DetectorSection] = Field(default_factory=dict)
    id: Text = "id"
    prompt: Text = "prompt"
    response: Text = "response"
    base_response: Text = "base_response"
    candidate_response: Text = "candidate_response"
    passages: Text = "passages"
    expected: Text = "expected"

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.base is None) != (self.candidate is None):
            given, missing = ("candidate", "base") if self.base is None else ("base", "candidate")
            raise ValueError(f"{given} is given and {missing} is not; {SOURCES}")
        if (self.base_records is None) != (self.candidate_records is None):
            given, missing = ("candidate", "base") if self.base_records is None else ("base", "candidate")
            raise ValueError(f"{given}_records is given and {missing}_records is not; {SOURCES}")
        if self.records is not None and self.base_records is not None:
            raise ValueError(f"records hold both sides, and base_records is given too; {SOURCES}")
        if self.records is not None and self.prompts is not None:
            raise ValueError(f"records hold their own prompts, and prompts is given too; {SOURCES}")
        if self.generates and (self.base is None or self.prompts is None):
            wanted = (("base with candidate", self.base), ("prompts", self.prompts))
            missing = " and ".join(name for name, value in wanted if value is None)
            raise ValueError(f"there is nothing to review without {missing}; {SOURCES}")
        return self

    @model_validator(mode="after")
    def _what_goes_with_it(self) -> Self:
        if self.over is not None and self.base is None:
            raise ValueError(
                "over is what base and candidate go over as adapters, and there are none: give both"
            )
        for key in ("deployed", "deployed_records"):
            if getattr(self, key) is not None and self.base is None:
                raise ValueError(
                    f"{key} is what the candidate becomes, and is compared with the candidate's model: "
                    "give base and candidate"
                )
        if self.human_judges and self.preferences is None:
            raise ValueError("human_judges are judges of preferences, and none are given")
        return self

    @model_validator(mode="after")
    def _known_behaviours(self) -> Self:
        wrong = misnamed(self.behaviour)
        if wrong is not None:
            raise ValueError(wrong)
        named = Counter(lead for one in self.behaviour for lead in one.leads)
        for name, section in self.detector.items():
            if not named[name]:
                raise ValueError(
                    f"the detector {name!r} is a lead of no behaviour: name it among the leads of one"
                )
            if section.kind == "learned" and named[name] > 1:
                raise ValueError(
                    f"the detector {name!r} learns from the labels of one behaviour, and {named[name]} name it; "
                    "declare one for each"
                )
        if self.generates and any(one.kind == "recorded" for one in self.detector.values()):
            raise ValueError("recorded leads are columns of records, and there are none")
        asked = [one.name for one in self.behaviour if not one.any_of]
        unknown = next((name for name in self.labels if name not in asked), None)
        if unknown is not None:
            raise ValueError(
                f"labels are given of {unknown!r}, and no behaviour with a question is called so; "
                f"known: {', '.join(asked) or 'none'}"
            )
        if self.labels and self.generates:
            raise ValueError("labels are columns of records, and there are none")
        return self

    @model_validator(mode="after")
    def _columns_are_read(self) -> Self:
        """A key that names a column of no file that is given would have no effect."""
        unread = {
            "response": self.base_records is None,
            "base_response": self.generates,
            "candidate_response": self.generates,
        }
        for key, nowhere in unread.items():
            if nowhere and key in self.model_fields_set:
                need = "base_records and candidate_records" if key == "response" else "recorded responses"
                raise ValueError(f"{key} names a column of {need}, and none are given")
        return self

    def response_column(self, side: Side) -> str:
        """The key that names the column of a side's responses: `response`, or that of the side."""
        own = f"{side}_response"
        return own if self.base_records is None or own in self.model_fields_set else "response"

    @property
    def has_models(self) -> bool:
        """Whether both generators can be run."""
        return self.base is not None

    @property
    def forms(self) -> tuple[str, ...]:
        """The forms in which the candidate will be served that are declared."""
        return tuple(form for form, key in FORMS.items() if getattr(self, key) is not None)

    @property
    def generates(self) -> bool:
        """Whether the responses are made here and not recorded."""
        return self.records is None and self.base_records is None

    @property
    def recorded(self) -> dict[Side, Path]:
        """The file of each side's recorded responses; empty where they are made here."""
        files = zip(
            SIDES, (self.base_records or self.records, self.candidate_records or self.records), strict=True
        )
        return {side: path for side, path in files if path is not None}


def response_settings(settings: TrackSettings) -> ResponseSettings:
    """The settings of a track that is known to be this one."""
    return cast(ResponseSettings, settings)
