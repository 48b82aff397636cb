"""The linkage models the peer is run with, by name. README.md says where each comes from."""

from collections.abc import Callable

from model import Model
from models_febrl import febrl_dedupe, febrl_link
from models_other import one_line, rldata, simulated_town
from models_people import people

MODELS: dict[str, Callable[[], Model]] = {
    "febrl_dedupe": febrl_dedupe,
    "febrl_link_detailed": lambda: febrl_link(detailed=True),
    "febrl_link_extended": lambda: febrl_link(detailed=False),
    "people_tight": lambda: people(wide=False),
    "people_wide": lambda: people(wide=True),
    "rldata": rldata,
    "simulated_town": simulated_town,
    "one_line": one_line,
}

# Which models are run on a table, by the beginning of its name; the first that fits.
FOR_TABLE = [
    ("febrl4", ["febrl_link_detailed", "febrl_link_extended"]),
    ("febrl", ["febrl_dedupe"]),
    ("people_one_line", ["one_line"]),
    ("people", ["people_tight", "people_wide"]),
    ("rldata", ["rldata"]),
    ("pseudopeople", ["simulated_town"]),
]


def for_table(name: str) -> list[str]:
    """Names of the models for a table; none when no beginning fits."""
    return next((models for beginning, models in FOR_TABLE if name.startswith(beginning)), [])
