"""What a model for Splink is made of: SQL that cleans the table, settings, steps of training."""

from collections.abc import Callable
from dataclasses import dataclass, field

from splink import Linker, SettingsCreator


@dataclass
class Model:
    """Everything that a run needs to know about a table."""

    settings: SettingsCreator | dict
    # Deterministic rules and the share of matches they are thought to find.
    deterministic: list
    recall: float
    # Pairs sampled to estimate u.
    u_pairs: float
    # Blocking rules of the passes of expectation maximisation.
    passes: list
    # Query over the table `raw`; what it gives is what Splink sees.
    clean: str = "select * from raw"
    id_column: str = "id"
    # Pairs below this probability are not kept, as in the demonstrations.
    predict_at: float = 0.2
    # Threshold of clustering, as in the demonstration the model follows.
    cluster_at: float = 0.95
    # Whether EM leaves term frequencies out, as the demonstrations with them do.
    without_frequencies: bool = False
    # Column that tells two tables apart, where they are linked and not deduplicated.
    source_column: str | None = None
    em_pairs: float | None = None
    notes: list[str] = field(default_factory=list)

    def train(self, linker: Linker, stage: Callable) -> None:
        """Trains step by step; `stage` names and times each step."""
        with stage("train_prior"):
            linker.training.estimate_probability_two_random_records_match(
                self.deterministic, recall=self.recall
            )
        with stage("train_u"):
            linker.training.estimate_u_using_random_sampling(max_pairs=self.u_pairs, seed=1)
        with stage("train_m"):
            for rule in self.passes:
                linker.training.estimate_parameters_using_expectation_maximisation(
                    rule,
                    estimate_without_term_frequencies=self.without_frequencies,
                    max_pairs=self.em_pairs,
                )
