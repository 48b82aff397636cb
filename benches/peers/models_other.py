"""Models for the tables of other shapes that other.py writes."""

import splink.comparison_library as cl
from splink import SettingsCreator, block_on

from model import Model
from models_people import people


def rldata() -> Model:
    """Names and a birthday in three parts, nothing else. Put together to one date and compared with
    `DateOfBirthComparison`, the best F1 of the larger set is 0.04 lower."""
    return Model(
        settings=SettingsCreator(
            unique_id_column_name="ref",
            link_type="dedupe_only",
            blocking_rules_to_generate_predictions=[
                block_on("fname_c1", "lname_c1"),
                block_on("fname_c1", "by"),
                block_on("lname_c1", "by"),
                block_on("by", "bm", "bd"),
                block_on("lname_c1", "bm", "bd"),
                block_on("fname_c1", "bm", "bd"),
            ],
            comparisons=[
                cl.NameComparison("fname_c1"),
                cl.NameComparison("lname_c1"),
                cl.ExactMatch("by"),
                cl.ExactMatch("bm"),
                cl.ExactMatch("bd"),
            ],
        ),
        id_column="ref",
        deterministic=[
            block_on("fname_c1", "lname_c1", "by", "bm"),
            block_on("fname_c1", "by", "bm", "bd"),
            block_on("lname_c1", "by", "bm", "bd"),
        ],
        recall=0.9,
        u_pairs=1e7,
        passes=[block_on("fname_c1", "lname_c1"), block_on("by", "bm", "bd")],
        without_frequencies=True,
    )


def simulated_town() -> Model:
    """Splink's demonstration "Linking the pseudopeople Census and ACS datasets", made to
    deduplicate: its comparisons, and its blocking rules without those on columns left out here."""
    return Model(
        settings=SettingsCreator(
            unique_id_column_name="ref",
            link_type="dedupe_only",
            blocking_rules_to_generate_predictions=[
                block_on("first_name"),
                block_on("last_name"),
                block_on("dob"),
                block_on("street_name"),
                block_on("street_number"),
            ],
            comparisons=[
                cl.NameComparison("first_name", jaro_winkler_thresholds=[0.9]).configure(
                    term_frequency_adjustments=True
                ),
                cl.ExactMatch("middle_initial").configure(term_frequency_adjustments=True),
                cl.NameComparison("last_name", jaro_winkler_thresholds=[0.9]).configure(
                    term_frequency_adjustments=True
                ),
                cl.DamerauLevenshteinAtThresholds("dob", [1]),
                cl.DamerauLevenshteinAtThresholds("address").configure(
                    term_frequency_adjustments=True
                ),
                cl.ExactMatch("sex"),
            ],
        ),
        clean="""
            select ref, sex, street_name, street_number,
                lower(first_name) as first_name, lower(middle_initial) as middle_initial,
                lower(last_name) as last_name,
                regexp_replace(date_of_birth, '[^0-9]', '', 'g') as dob,
                street_number || ' ' || street_name || ' ' || coalesce(unit_number, '') as address
            from raw
        """,
        id_column="ref",
        deterministic=[
            block_on("first_name", "last_name", "dob"),
            block_on("first_name", "last_name", "middle_initial", "address"),
        ],
        recall=0.8,
        u_pairs=1e7,
        passes=[block_on("dob"), block_on("first_name", "last_name")],
        without_frequencies=True,
    )


# Takes the spreadsheet's columns apart again before the cleaning of any table of people.
PARTED = r"""
with raw as (
    select ref as id,
        case when contains("Name", ',') then trim(split_part("Name", ',', 2))
             else regexp_replace("Name", '\s+\S+$', '') end as forename,
        case when contains("Name", ',') then trim(split_part("Name", ',', 1))
             else regexp_extract("Name", '(\S+)$', 1) end as surname,
        strftime(try_strptime("D.O.B.", '%d/%m/%Y'), '%Y-%m-%d') as date_of_birth,
        regexp_replace("Address", ',?\s*[A-Za-z]{1,2}[0-9][A-Za-z0-9]?\s*[0-9][A-Za-z]{2}$', '') as address,
        regexp_extract("Address", '([A-Za-z]{1,2}[0-9][A-Za-z0-9]?\s*[0-9][A-Za-z]{2})$', 1) as postcode,
        regexp_extract("Contact", '([+0-9][0-9 ]{8,})', 1) as phone,
        regexp_extract("Contact", '([^;]*@[^;]*)', 1) as email
    from main.raw
),
"""


def one_line() -> Model:
    """The model for people, wide, after taking the columns apart."""
    model = people(wide=True)
    model.clean = PARTED + model.clean.lstrip().removeprefix("with ")
    return model
