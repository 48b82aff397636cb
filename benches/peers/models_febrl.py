"""Models for FEBRL, each the one that Splink's own documentation publishes for it."""

import splink.comparison_level_library as cll
import splink.comparison_library as cl
from splink import SettingsCreator, block_on

from model import Model


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
            (
                "l.given_name = r.surname and l.surname = r.given_name"
                " and l.date_of_birth = r.date_of_birth"
            ),
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
