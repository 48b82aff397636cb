"""Links one table with Splink and says how well and at what cost.

    splink_link.py TABLE.csv TRUTH.csv --model NAME [--out clusters.csv]

One table, one model, one process, so that the peak of memory is that table's. What is timed is what
a user waits for: reading and cleaning, training, prediction, clustering, writing. What only judges
the result (scanning thresholds, counting candidate pairs) comes after and is left out of time and
memory. Prints JSON.
"""

import argparse
import json
import logging
import resource
import sys
import time
import warnings
from contextlib import contextmanager
from pathlib import Path

import duckdb
from splink import DuckDBAPI, Linker
from splink.blocking_analysis import count_comparisons_from_blocking_rules

from judge import LOWEST_WEIGHT, Judge, best, weight_of
from model import Model
from models import MODELS


class Stages:
    """Wall and processor seconds of each named stage, in order."""

    def __init__(self) -> None:
        self.wall: dict[str, float] = {}
        self.cpu: dict[str, float] = {}

    @contextmanager
    def __call__(self, name: str):
        wall, cpu = time.perf_counter(), time.process_time()
        yield
        self.wall[name] = round(time.perf_counter() - wall, 3)
        self.cpu[name] = round(time.process_time() - cpu, 3)


def peak_mb() -> float:
    """Peak resident memory so far. DuckDB works inside this process, so its threads count."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def read(connection: duckdb.DuckDBPyConnection, table: Path, model: Model, api: DuckDBAPI):
    """The cleaned table, or the two tables of a linkage, as Splink takes them."""
    connection.execute(
        "create table raw as select * from read_csv(?, header = true, all_varchar = true)",
        [str(table)],
    )
    connection.execute(f"create table cleaned as {model.clean}")
    connection.execute("drop table raw")
    if model.source_column is None:
        return api.register("cleaned")
    sources = connection.execute(
        f"select distinct {model.source_column} from cleaned order by 1"
    ).fetchall()
    halves = []
    for (source,) in sources:
        connection.execute(
            f"create table half_{source} as select * exclude ({model.source_column})"
            f" from cleaned where {model.source_column} = '{source}'"
        )
        halves.append(api.register(f"half_{source}"))
    return halves


def write(connection, clusters, model: Model, out: Path) -> None:
    """Clusters as `id,cluster_id`."""
    clusters.as_duckdbpyrelation().create_view("clusters_to_write")
    connection.execute(
        f"copy (select {model.id_column} as id, cluster_id from clusters_to_write)"
        f" to '{out}' (header, delimiter ',')"
    )


def candidate_pairs(model: Model, inputs, api) -> int:
    """How many pairs the blocking rules give, each counted once, exactly."""
    settings = model.settings
    counts = count_comparisons_from_blocking_rules(
        inputs,
        blocking_rules=settings.blocking_rules_to_generate_predictions,
        link_type=settings.link_type,
        unique_id_column_name=model.id_column,
        record_sample_proportion=1.0,
    )
    return int(counts[-1]["cumulative_comparison_count"])


def link(table: Path, truth: Path, name: str, out: Path | None) -> dict:
    model = MODELS[name]()
    stage = Stages()
    connection = duckdb.connect()
    api = DuckDBAPI(connection)
    with stage("read"):
        inputs = read(connection, table, model, api)
        linker = Linker(inputs, model.settings)
    model.train(linker, stage)
    with stage("predict"):
        predictions = linker.inference.predict(threshold_match_probability=model.predict_at)
    with stage("cluster"):
        clusters = linker.clustering.cluster_pairwise_predictions_at_threshold(
            predictions, threshold_match_probability=model.cluster_at
        )
    with stage("write"):
        if out:
            write(connection, clusters, model, out)
    peak = peak_mb()

    kept = predictions.as_duckdbpyrelation().count("*").fetchall()[0][0]
    predictions.drop_table_from_database_and_remove_from_cache()
    every = linker.inference.predict(threshold_match_weight=LOWEST_WEIGHT)
    every.as_duckdbpyrelation().create_view("every_pair")
    judge = Judge(
        connection,
        f"select {model.id_column}_l as id_l, {model.id_column}_r as id_r, match_weight as weight"
        " from every_pair",
        truth,
    )
    scan = judge.scan()
    return {
        "set": table.stem,
        "model": name,
        "records": len(judge.entity),
        "seconds": round(sum(stage.wall.values()), 2),
        "cpu_seconds": round(sum(stage.cpu.values()), 2),
        "stages": stage.wall,
        "stages_cpu": stage.cpu,
        "peak_mb": round(peak),
        "pairs_scored": candidate_pairs(model, inputs, api),
        "pairs_kept": kept,
        "at_default": judge.at(weight_of(model.cluster_at)),
        "at_best": best(scan),
        "scan": scan,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("table", type=Path)
    parser.add_argument("truth", type=Path)
    parser.add_argument("--model", required=True, choices=sorted(MODELS))
    parser.add_argument("--out", type=Path, help="write clusters here, id,cluster_id")
    arguments = parser.parse_args()
    logging.disable(logging.WARNING)
    warnings.simplefilter("ignore")
    json.dump(
        link(arguments.table, arguments.truth, arguments.model, arguments.out), sys.stdout, indent=1
    )
    print()


if __name__ == "__main__":
    main()
