"""The linkage models the peer is run with, one function for each kind of table.

Each follows what Splink's own documentation does with such a table; README.md says which page each
setting comes from. A model is a `Model`: SQL that cleans the table, Splink settings, and the steps of
training.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import splink.comparison_level_library as cll
import splink.comparison_library as cl
from splink import Linker, SettingsCreator, block_on


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


def febrl_dedupe() -> Model:
    """Splink's demonstration "Deduplicating the febrl3 dataset", for FEBRL 1, 2 and 3."""
    return Model(
        settings=SettingsCreator(
            unique_id_column_name="rec_id",
            link_type="dedupe_only",
            blocking_rules_to_generate_predictions=[
                block_on("soc_sec_id"),
                block_on("given_name"),
                block_on("surname"),
                block_on("date_of_birth"),
                block_on("postcode"),
            ],
            comparisons=[
                cl.NameComparison("given_name"),
                cl.NameComparison("surname"),
                cl.DateOfBirthComparison(
                    "date_of_birth", input_is_string=True, datetime_format="%Y%m%d"
                ),
                cl.DamerauLevenshteinAtThresholds("soc_sec_id", [2]),
                cl.ExactMatch("street_number").configure(term_frequency_adjustments=True),
                cl.ExactMatch("postcode").configure(term_frequency_adjustments=True),
            ],
        ),
        id_column="rec_id",
        deterministic=[
            block_on("soc_sec_id"),
            block_on("given_name", "surname", "date_of_birth"),
            "l.given_name = r.surname and l.surname = r.given_name"
            " and l.date_of_birth = r.date_of_birth",
        ],
        recall=0.9,
        u_pairs=1e7,
        passes=[block_on("date_of_birth"), block_on("postcode")],
    )


FEBRL4_RULES = [
    block_on("given_name", "surname"),
    "l.given_name = r.surname and l.surname = r.given_name",
    block_on("date_of_birth"),
    block_on("soc_sec_id"),
    block_on("state", "address_1"),
    block_on("street_number", "address_1"),
    block_on("postcode"),
]


def febrl_link(detailed: bool) -> Model:
    """Splink's demonstration "Linking the febrl4 datasets": its detailed model, or the extended one
    that it ends with."""
    born = cl.DateOfBirthComparison(
        "date_of_birth",
        input_is_string=True,
        datetime_format="%Y%m%d",
        invalid_dates_as_null=True,
    )
    if detailed:
        comparisons = [
            cl.NameComparison("given_name").configure(term_frequency_adjustments=True),
            cl.NameComparison("surname").configure(term_frequency_adjustments=True),
            born,
            cl.DamerauLevenshteinAtThresholds("soc_sec_id", [1, 2]),
            cl.ExactMatch("street_number").configure(term_frequency_adjustments=True),
            cl.DamerauLevenshteinAtThresholds("postcode", [1, 2]).configure(
                term_frequency_adjustments=True
            ),
        ]
    else:
        comparisons = [
            _full_name(),
            born,
            _near("soc_sec_id", [1, 2]),
            _near("street_number", [1]),
            _near("postcode", [1, 2]),
        ]
    return Model(
        settings=SettingsCreator(
            unique_id_column_name="rec_id",
            link_type="link_only",
            blocking_rules_to_generate_predictions=FEBRL4_RULES,
            comparisons=comparisons,
        ),
        clean="select *, given_name || '_' || surname as full_name from raw",
        id_column="rec_id",
        source_column="source",
        deterministic=[
            block_on("soc_sec_id"),
            block_on("given_name", "surname", "date_of_birth"),
        ],
        recall=0.8,
        u_pairs=1e7,
        passes=[block_on("date_of_birth"), block_on("postcode")],
        without_frequencies=True,
        cluster_at=0.99,
    )


def _near(column: str, distances: list[int]) -> cl.CustomComparison:
    """Exact with term frequencies, then by Damerau-Levenshtein distance."""
    return cl.CustomComparison(
        output_column_name=column,
        comparison_levels=[
            cll.NullLevel(column),
            cll.ExactMatchLevel(column, term_frequency_adjustments=True),
            *(cll.DamerauLevenshteinLevel(column, distance) for distance in distances),
            cll.ElseLevel(),
        ],
    )


def _full_name() -> cl.CustomComparison:
    """Both names in one comparison, as the extended FEBRL 4 model has them."""

    def crossed(total: float) -> cll.CustomLevel:
        return cll.CustomLevel(
            "jaro_winkler_similarity(given_name_l, surname_r)"
            f" + jaro_winkler_similarity(surname_l, given_name_r) >= {total}",
            f"crossed, similarity {total} in all",
        )

    return cl.CustomComparison(
        output_column_name="full_name",
        comparison_levels=[
            cll.CustomLevel(
                "(given_name_l is null or given_name_r is null)"
                " and (surname_l is null or surname_r is null)"
            ).configure(is_null_level=True),
            cll.ExactMatchLevel("full_name", term_frequency_adjustments=True),
            cll.JaroWinklerLevel("full_name", 0.9),
            cll.JaroWinklerLevel("full_name", 0.7),
            cll.ColumnsReversedLevel("given_name", "surname"),
            crossed(1.8),
            crossed(1.4),
            cll.ExactMatchLevel("given_name", term_frequency_adjustments=True),
            cll.ExactMatchLevel("surname", term_frequency_adjustments=True),
            cll.CustomLevel(
                "given_name_l = surname_r or surname_l = given_name_r", "one name crossed"
            ),
            cll.JaroWinklerLevel("given_name", 0.9),
            cll.JaroWinklerLevel("surname", 0.9),
            cll.ElseLevel(),
        ],
    )


# What an analyst does to a table of people before linking it: one case, no accents, no double
# spaces; telephones and postcodes in one form; values that stand for "not known" made null. Each
# shows at the top of Splink's own column profile of the table.
CLEAN_PEOPLE = r"""
with tidy as (
    select id,
        nullif(trim(regexp_replace(lower(strip_accents(forename)), '[^a-z ]', '', 'g')), '') as forename,
        nullif(trim(regexp_replace(lower(strip_accents(surname)), '[^a-z]+', ' ', 'g')), '') as surname,
        nullif(date_of_birth, '') as dob,
        nullif(trim(regexp_replace(lower(address), '[^a-z0-9]+', ' ', 'g')), '') as address,
        regexp_replace(upper(postcode), '[^A-Z0-9]', '', 'g') as code,
        regexp_replace(regexp_replace(phone, '[^0-9]', '', 'g'), '^(0044|44)?0?', '0') as phone,
        nullif(lower(trim(email)), '') as email
    from raw
)
select id,
    nullif(nullif(forename, 'unknown'), 'not known') as forename,
    surname,
    nullif(dob, '1900-01-01') as dob,
    case when address in ('no fixed abode', 'nfa', 'not known') then null else address end as address,
    case when length(code) >= 5 then left(code, length(code) - 3) || ' ' || right(code, 3) end as postcode,
    case when length(phone) >= 10 and phone not in ('00000000000', '0000000000', '07000000000', '01234567890') then phone end as phone,
    case when email = 'none@none.example' then null else email end as email,
    forename || ' ' || surname as full_name
from tidy
"""


def people(wide: bool, u_pairs: float = 1e7) -> Model:
    """A table of a force's nominal records, with a comparison for each column.

    `tight` blocking is what a user with millions of rows starts from, many strict rules; `wide` adds
    looser ones until another brings no more matches for its pairs.
    """
    tight = [
        block_on("email"),
        block_on("phone"),
        block_on("surname", "dob"),
        block_on("forename", "dob"),
        block_on("postcode", "dob"),
        block_on("forename", "surname", "postcode"),
    ]
    wider = [
        block_on("postcode", "forename"),
        block_on("postcode", "surname"),
        block_on("forename", "surname"),
        block_on("dob"),
        block_on("substr(forename, 1, 2)", "substr(surname, 1, 3)", "substr(dob, 1, 4)"),
    ]
    return Model(
        settings=SettingsCreator(
            unique_id_column_name="id",
            link_type="dedupe_only",
            blocking_rules_to_generate_predictions=tight + (wider if wide else []),
            comparisons=[
                _name("forename"),
                _name("surname"),
                cl.DateOfBirthComparison("dob", input_is_string=True),
                _place(),
                cl.ExactMatch("phone").configure(term_frequency_adjustments=True),
                cl.JaroWinklerAtThresholds("email", [0.95]).configure(
                    term_frequency_adjustments=True
                ),
            ],
        ),
        clean=CLEAN_PEOPLE,
        deterministic=[
            block_on("forename", "surname", "dob"),
            block_on("email", "forename"),
            block_on("phone", "forename"),
            block_on("forename", "surname", "postcode"),
        ],
        recall=0.8,
        u_pairs=u_pairs,
        passes=[block_on("forename", "surname"), block_on("dob")],
        without_frequencies=True,
    )


def _name(column: str) -> cl.CustomComparison:
    """`NameComparison` with a level for names given in the wrong order and, for forenames, one for
    an initial. Forename and surname are compared apart: together, as `ForenameSurnameComparison`
    has them, a wife's record lends her husband's the whole weight of the surname, and families fall
    into one cluster (F1 at the best threshold is 0.09 lower)."""
    initial = cll.CustomLevel(
        f"(length({column}_l) = 1 or length({column}_r) = 1)"
        f" and left({column}_l, 1) = left({column}_r, 1)",
        "initial",
    )
    return cl.CustomComparison(
        output_column_name=column,
        comparison_levels=[
            cll.NullLevel(column),
            cll.ExactMatchLevel(column, term_frequency_adjustments=True),
            cll.ColumnsReversedLevel("forename", "surname", symmetrical=True),
            cll.JaroWinklerLevel(column, 0.92),
            cll.JaroWinklerLevel(column, 0.85),
            *([initial] if column == "forename" else []),
            cll.ElseLevel(),
        ],
    )


def _place() -> cl.CustomComparison:
    """Address and postcode in one comparison, since each all but determines the other."""
    return cl.CustomComparison(
        output_column_name="place",
        comparison_levels=[
            cll.And(cll.NullLevel("postcode"), cll.NullLevel("address")),
            cll.And(cll.ExactMatchLevel("postcode"), cll.JaroWinklerLevel("address", 0.95)),
            cll.JaroWinklerLevel("address", 0.95),
            cll.ExactMatchLevel("postcode", term_frequency_adjustments=True),
            cll.JaroWinklerLevel("address", 0.88),
            cll.CustomLevel(
                "split_part(postcode_l, ' ', 1) = split_part(postcode_r, ' ', 1)", "district"
            ),
            cll.ElseLevel(),
        ],
    )


MODELS: dict[str, Callable[[], Model]] = {
    "febrl_dedupe": febrl_dedupe,
    "febrl_link_detailed": lambda: febrl_link(detailed=True),
    "febrl_link_extended": lambda: febrl_link(detailed=False),
    "people_tight": lambda: people(wide=False),
    "people_wide": lambda: people(wide=True),
}
