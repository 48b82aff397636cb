//! What an actor may see of reports, as conditions of a query on `intake_report r`. What is sealed
//! is absent from lists and from counts.

use std::collections::HashMap;

use record::access::Scope;
use store::{Conn, FromValue, Result, Sql, Value};

/// Adds the condition that the actor may see the report `r`.
pub(crate) fn visible(sql: Sql, scope: &Scope) -> Sql {
    let mut sql = sql.with(" and r.marking <= ?", [scope.ceiling.into()]);
    if scope.compartments.is_empty() {
        sql = sql.then(" and r.compartment is null");
    } else {
        let named = scope.compartments.iter().map(|c| c.as_str().into());
        sql = sql
            .then(" and (r.compartment is null or")
            .within(" r.compartment in", named)
            .then(")");
    }
    if let Some(unit) = &scope.unit {
        sql = sql.with(" and r.unit = ?", [unit.as_str().into()]);
    }
    sql
}

/// Whether only a seal can hide a report from the actor. Then the few sealed ones are looked at
/// instead of every report of a network or with a value.
fn only_seals_hide(scope: &Scope) -> bool {
    scope.unit.is_none() && scope.ceiling >= 1
}

/// Adds the condition that the actor may not see the report `r`.
fn hidden(mut sql: Sql, scope: &Scope) -> Sql {
    if only_seals_hide(scope) {
        sql = sql.then("r.compartment is not null");
        if !scope.compartments.is_empty() {
            let named = scope.compartments.iter().map(|c| c.as_str().into());
            sql = sql.then(" and not").within(" r.compartment in", named);
        }
        return sql;
    }
    sql = visible(sql.then("not (1 = 1"), scope);
    sql.then(")")
}

/// How many of a network's reports the actor may not see.
pub(crate) async fn hidden_of_networks<K>(
    conn: &mut Conn<'_>,
    scope: &Scope,
    networks: &[K],
) -> Result<HashMap<K, i64>>
where
    K: Copy + Eq + std::hash::Hash + FromValue,
    Value: From<K>,
{
    let sql = Sql::new("select r.network as held, count(*) as n from intake_report r where ");
    let within = if only_seals_hide(scope) {
        // Written so that the index of networks does not offer itself.
        " coalesce(r.network, r.network) in"
    } else {
        " r.network in"
    };
    let sql = hidden(sql, scope).then(" and");
    let sql = sql.within(within, networks.iter().map(|k| (*k).into()));
    counted(conn, sql.then(" group by r.network")).await
}

/// How many of the reports that show a value the actor may not see.
pub(crate) async fn hidden_of_values<K>(
    conn: &mut Conn<'_>,
    scope: &Scope,
    values: &[K],
) -> Result<HashMap<K, i64>>
where
    K: Copy + Eq + std::hash::Hash + FromValue,
    Value: From<K>,
{
    let sql = Sql::new("select s.observable as held, count(*) as n from ").then(
        // SQLite keeps the order of a cross join.
        if only_seals_hide(scope) {
            "intake_report r cross join intake_sighting s"
        } else {
            "intake_sighting s cross join intake_report r"
        },
    );
    let sql = hidden(sql.then(" where s.report = r.id and "), scope)
        .then(" and s.role = 'offender' and s.rejected = 0 and")
        .within(" s.observable in", values.iter().map(|k| (*k).into()));
    counted(conn, sql.then(" group by s.observable")).await
}

async fn counted<K: Eq + std::hash::Hash + FromValue>(
    conn: &mut Conn<'_>,
    sql: Sql,
) -> Result<HashMap<K, i64>> {
    let mut all = HashMap::new();
    for row in conn.rows(sql).await? {
        all.insert(row.get("held")?, row.get("n")?);
    }
    Ok(all)
}
