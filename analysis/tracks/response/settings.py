"""`[response]`: the settings of a review of a text generator."""

from __future__ import annotations

from typing import Self, cast

from pydantic import Field, model_validator

from analysis.plugin.settings import FilePath, FolderPath, Text, TrackSettings

SOURCES = "give either records, or base, candidate and prompts"


class ResponseSettings(TrackSettings):
    """Recorded pairs of responses, or two generators and the prompts for them; and what answers are held to.

    Records and both models may be given together: the records are then what is reviewed, and the models say
    why it came to them.
    """

    records: FilePath | None = None
    base: FolderPath | None = None
    candidate: FolderPath | None = None
    prompts: FilePath | None = None
    catalogue: FilePath | None = None
    policy: FilePath | None = None
    preferences: FilePath | None = None
    human_judges: list[Text] = Field(default_factory=list)
    deployed: FolderPath | None = None
    deployed_records: FilePath | None = None

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.base is None) != (self.candidate is None):
            given, missing = ("candidate", "base") if self.base is None else ("base", "candidate")
            raise ValueError(f"{given} is given and {missing} is not; {SOURCES}")
        if self.records is not None and self.prompts is not None:
            raise ValueError(f"records hold their own prompts, and prompts is given too; {SOURCES}")
        if self.records is None and (self.base is None or self.prompts is None):
            wanted = (("base with candidate", self.base), ("prompts", self.prompts))
            missing = " and ".join(name for name, value in wanted if value is None)
            raise ValueError(f"there is nothing to review without {missing}; {SOURCES}")
        return self

    @model_validator(mode="after")
    def _what_goes_with_it(self) -> Self:
        for key in ("deployed", "deployed_records"):
            if getattr(self, key) is not None and self.base is None:
                raise ValueError(
                    f"{key} is what the candidate becomes, and is compared with the candidate's model: "
                    "give base and candidate"
                )
        if self.human_judges and self.preferences is None:
            raise ValueError("human_judges are judges of preferences, and none are given")
        return self

    @property
    def has_models(self) -> bool:
        """Whether both generators can be run."""
        return self.base is not None

    @property
    def deploys(self) -> bool:
        """Whether a form in which the candidate will be served is given."""
        return self.deployed is not None or self.deployed_records is not None

    @property
    def generates(self) -> bool:
        """Whether the responses are made here and not recorded."""
        return self.records is None


def response_settings(settings: TrackSettings) -> ResponseSettings:
    """The settings of a track that is known to be this one."""
    return cast(ResponseSettings, settings)
