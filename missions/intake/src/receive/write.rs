//! Writes what a batch brought, and leaves its work on the queues.

use std::collections::BTreeMap;

use record::Marking;
use record::ids::{ImportId, MentionId, NetworkId, ReportId, WorkItemId};
use record::report::PartyKind;
use record::work::{NewWorkItem, Priority, Reason, Summary};
use store::{Entry, OnConflict, Result, Sql, Tx, Value, work};

use super::held::Held;
use super::link::Linked;
use super::persons::MentionLink;
use super::{Desk, Ready};
use crate::queues::{TRIAGE, VICTIM_CARE};

pub(super) struct Accepted<'b> {
    pub id: ReportId,
    pub ready: &'b Ready,
    pub linked: Linked,
    /// Whether the victim has a duty already, under the same national reference.
    pub reached: bool,
}

pub(super) async fn write(
    tx: &mut Tx<'_>,
    desk: &Desk,
    import: Option<ImportId>,
    held: &Held,
    accepted: &[Accepted<'_>],
) -> Result<()> {
    if accepted.is_empty() {
        return Ok(());
    }
    reports(tx, desk, import, held, accepted).await?;
    values(tx, held, accepted).await?;
    people(tx, held, accepted).await?;
    networks(tx, desk, held).await?;
    triage(tx, accepted).await?;
    let items = work_items(tx, desk, held, accepted);
    work::leave(tx, items).await?;
    let row = vec![vec![
        "reports".into(),
        i64::try_from(held.total).unwrap_or(i64::MAX).into(),
    ]];
    let update = "on conflict (name) do update set n = excluded.n";
    tx.insert(
        "intake_total",
        &["name", "n"],
        row,
        OnConflict::Update(update),
    )
    .await?;
    for report in accepted {
        tx.enter(Entry {
            kind: "report",
            id: report.id.to_string(),
            content: report.ready.digest.clone(),
            detail: serde_json::json!({
                "reference": report.ready.report.reference,
                "source": report.ready.report.source,
            })
            .to_string(),
        });
    }
    Ok(())
}

fn network_of(held: &Held, id: ReportId) -> Option<NetworkId> {
    held.report_networks
        .get(&id)
        .copied()
        .flatten()
        .map(|n| held.live(n))
}

const REPORT: &[&str] = &[
    "seq",
    "id",
    "source",
    "reference",
    "feed",
    "national",
    "received_at",
    "entered_at",
    "code",
    "class",
    "class_source",
    "title",
    "loss_pence",
    "district",
    "victim_kind",
    "victim_label",
    "person",
    "network",
    "vulnerability",
    "acceptance",
    "unit",
    "marking",
    "import",
    "digest",
    "content",
];

async fn reports(
    tx: &mut Tx<'_>,
    desk: &Desk,
    import: Option<ImportId>,
    held: &Held,
    accepted: &[Accepted<'_>],
) -> Result<()> {
    let now = tx.now();
    let mut rows = Vec::with_capacity(accepted.len());
    let mut words = Vec::with_capacity(accepted.len());
    for (seq, one) in (held.next_seq..).zip(accepted) {
        let (report, proposal) = (&one.ready.report, &one.linked.proposal);
        rows.push(vec![
            seq.into(),
            one.id.into(),
            report.source.as_str().into(),
            report.reference.as_str().into(),
            report.feed.name().into(),
            report.feed.is_national().into(),
            report.received_at.into(),
            now.into(),
            report.nfib_code.as_deref().unwrap_or_default().into(),
            one.linked.class.name().into(),
            proposal.class_source.as_str().into(),
            title(desk, one.ready).into(),
            report.loss_pence.into(),
            report.district.as_deref().unwrap_or_default().into(),
            report.victim.kind.name().into(),
            report.victim.display_name().into(),
            one.linked.mentions.first().map(|m| m.person).into(),
            network_of(held, one.id).into(),
            proposal.vulnerability.band.as_str().into(),
            proposal.acceptance_band.as_str().into(),
            desk.unit.as_str().into(),
            Marking::OfficialSensitive.level().into(),
            import.into(),
            one.ready.digest.as_str().into(),
            one.ready.content.as_str().into(),
        ]);
        words.push(vec![seq.into(), one.ready.words.as_str().into()]);
    }
    tx.insert("intake_report", REPORT, rows, OnConflict::Fail)
        .await?;
    tx.insert(
        "intake_report_fts",
        &["rowid", "words"],
        words,
        OnConflict::Fail,
    )
    .await?;
    Ok(())
}

/// The title given, or the crime's name.
pub(super) fn title(desk: &Desk, ready: &Ready) -> String {
    let report = &ready.report;
    report.title.clone().unwrap_or_else(|| {
        desk.codes
            .title(report.nfib_code.as_deref().unwrap_or_default())
    })
}

async fn values(tx: &mut Tx<'_>, held: &Held, accepted: &[Accepted<'_>]) -> Result<()> {
    let rows = held
        .values
        .iter()
        .filter(|(_, v)| v.changed)
        .map(|((value, kind), v)| {
            vec![
                v.id.into(),
                kind.as_str().into(),
                value.as_str().into(),
                i64::try_from(v.reports).unwrap_or(i64::MAX).into(),
                v.joins.into(),
                v.first_report.into(),
                v.first_at.into(),
                v.last_at.into(),
            ]
        })
        .collect();
    let columns = &[
        "id",
        "kind",
        "value",
        "reports",
        "joins",
        "first_report",
        "first_at",
        "last_at",
    ];
    let update = "on conflict (value, kind) do update set reports = excluded.reports, \
        joins = excluded.joins, first_report = excluded.first_report, \
        first_at = excluded.first_at, last_at = excluded.last_at";
    tx.insert(
        "intake_observable",
        columns,
        rows,
        OnConflict::Update(update),
    )
    .await?;
    let mut sightings = Vec::new();
    for one in accepted {
        for (observable, index) in &one.linked.sightings {
            let seen = index.and_then(|i| one.ready.observables.get(i));
            let place = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
            sightings.push(vec![
                one.id.into(),
                (*observable).into(),
                seen.map_or(super::ready::OFFENDER, |s| s.role).into(),
                seen.map_or("suspect", |s| s.field.as_str()).into(),
                seen.map_or("", |s| s.raw.as_str()).into(),
                seen.map_or(0, |s| place(s.start)).into(),
                seen.map_or(0, |s| place(s.end)).into(),
                false.into(),
            ]);
        }
    }
    let columns = &[
        "report",
        "observable",
        "role",
        "field",
        "raw",
        "start_at",
        "end_at",
        "rejected",
    ];
    tx.insert("intake_sighting", columns, sightings, OnConflict::Keep)
        .await?;
    Ok(())
}

async fn people(tx: &mut Tx<'_>, held: &Held, accepted: &[Accepted<'_>]) -> Result<()> {
    let persons = held
        .persons
        .iter()
        .filter(|(_, p)| p.changed)
        .map(|(id, p)| {
            vec![
                (*id).into(),
                p.kind.name().into(),
                p.label.as_str().into(),
                p.reports.into(),
                p.first_at.into(),
                p.last_at.into(),
            ]
        })
        .collect();
    let columns = &["id", "kind", "label", "reports", "first_at", "last_at"];
    let update = "on conflict (id) do update set reports = excluded.reports, \
        first_at = excluded.first_at, last_at = excluded.last_at";
    tx.insert(
        "intake_person",
        columns,
        persons,
        OnConflict::Update(update),
    )
    .await?;
    let (mut mentions, mut links) = (Vec::new(), Vec::new());
    for one in accepted {
        for (linked, ready) in one.linked.mentions.iter().zip(&one.ready.mentions) {
            mentions.push(vec![
                linked.id.into(),
                one.id.into(),
                ready.role.into(),
                ready.kind.name().into(),
                linked.person.into(),
                ready.label.as_str().into(),
                ready.stored.as_str().into(),
                held.is_sampled(linked.person, linked.id).into(),
            ]);
            links.extend(linked.links.iter().map(|link| link_row(linked.id, link)));
        }
    }
    let columns = &[
        "id", "report", "role", "kind", "person", "label", "prepared", "sampled",
    ];
    tx.insert("intake_mention", columns, mentions, OnConflict::Fail)
        .await?;
    tx.insert("intake_mention_link", LINK, links, OnConflict::Keep)
        .await?;
    for part in held.silenced.chunks(512) {
        let sql = Sql::new("update intake_mention set sampled = 0 where")
            .within(" id in", part.iter().map(|m| Value::from(*m)));
        tx.run(sql).await?;
    }
    let looked_at = held.weak.keys().flat_map(|person| held.samples.get(person));
    let looked_at: Vec<MentionId> = looked_at.flatten().chain(&held.silenced).copied().collect();
    write_weak(tx, &looked_at, held.weak.values().flatten()).await?;
    let keys = held
        .new_keys
        .iter()
        .map(|(k, m)| vec![(*k).into(), (*m).into()])
        .collect();
    tx.insert(
        "intake_mention_key",
        &["key", "mention"],
        keys,
        OnConflict::Keep,
    )
    .await?;
    let names: BTreeMap<_, _> = held.names.added.iter().collect();
    let names = names
        .into_iter()
        .map(|((name, field), n)| vec![name.as_str().into(), field.as_str().into(), (*n).into()])
        .collect();
    let update = "on conflict (name, field) do update set n = intake_name_count.n + excluded.n";
    tx.insert(
        "intake_name_count",
        &["name", "field", "n"],
        names,
        OnConflict::Update(update),
    )
    .await?;
    Ok(())
}

const LINK: &[&str] = &["low", "high", "weight", "band", "why", "parts"];

fn link_row(one: MentionId, link: &MentionLink) -> Vec<Value> {
    vec![
        one.min(link.other).into(),
        one.max(link.other).into(),
        link.weight.into(),
        link.band.into(),
        link.why.into(),
        serde_json::to_string(&link.parts)
            .unwrap_or_default()
            .into(),
    ]
}

/// Marks the links of people that somebody should look at, each given beside its lower end, and
/// takes earlier marks off those looked at now. A pair that was judged keeps what it says.
pub(crate) async fn write_weak<'l>(
    tx: &mut Tx<'_>,
    looked_at: &[MentionId],
    weak: impl Iterator<Item = &'l (MentionId, MentionLink)>,
) -> Result<()> {
    for part in looked_at.chunks(512) {
        let sql = Sql::new(
            "update intake_mention_link set band = 'link', why = '' \
             where band = 'weak' and decided is null and",
        )
        .within(" low in", part.iter().map(|m| Value::from(*m)));
        tx.run(sql).await?;
    }
    let rows = weak.map(|(low, link)| link_row(*low, link)).collect();
    let update = "on conflict (low, high) do update set band = excluded.band, why = excluded.why \
        where intake_mention_link.decided is null";
    tx.insert(
        "intake_mention_link",
        LINK,
        rows,
        OnConflict::Update(update),
    )
    .await
    .map(drop)
}

async fn networks(tx: &mut Tx<'_>, desk: &Desk, held: &Held) -> Result<()> {
    let (mut rows, mut events) = (Vec::new(), Vec::new());
    for (id, network) in held.networks.iter().filter(|(_, n)| n.changed) {
        rows.push(vec![
            (*id).into(),
            desk.network_name(*id).into(),
            network.reports.into(),
            network.first_at.into(),
            network.last_at.into(),
            network.merged_into.map(|n| held.live(n)).into(),
        ]);
        if network.new {
            events.push(crate::networks::event_row(
                tx,
                *id,
                "formed",
                None,
                network.reports,
                "",
            ));
        }
    }
    let columns = &[
        "id",
        "name",
        "reports",
        "first_at",
        "last_at",
        "merged_into",
    ];
    let update = "on conflict (id) do update set reports = excluded.reports, \
        first_at = excluded.first_at, last_at = excluded.last_at, \
        merged_into = excluded.merged_into";
    tx.insert("intake_network", columns, rows, OnConflict::Update(update))
        .await?;
    for (gone, into) in &held.merges {
        let into = held.live(*into);
        let moved = crate::networks::move_reports(tx, *gone, into).await?;
        events.push(crate::networks::event_row(
            tx,
            into,
            "merged",
            Some(*gone),
            moved,
            "",
        ));
    }
    let mut joined: BTreeMap<NetworkId, Vec<ReportId>> = BTreeMap::new();
    for (report, network) in &held.joined {
        joined.entry(held.live(*network)).or_default().push(*report);
    }
    for (network, reports) in joined {
        for part in reports.chunks(512) {
            let sql = Sql::new("update intake_report set ")
                .with("network = ? where", [network.into()])
                .within(" id in", part.iter().map(|r| Value::from(*r)));
            tx.run(sql).await?;
        }
        work::set_network(tx, &reports, Some(network)).await?;
    }
    crate::networks::write_events(tx, events).await
}

async fn triage(tx: &mut Tx<'_>, accepted: &[Accepted<'_>]) -> Result<()> {
    let now = tx.now();
    let rows = accepted
        .iter()
        .map(|one| {
            vec![
                one.id.into(),
                now.into(),
                one.linked.proposal.policy.as_str().into(),
                serde_json::to_string(&one.linked.proposal)
                    .unwrap_or_default()
                    .into(),
            ]
        })
        .collect();
    let columns = &["report", "at", "policy", "proposal"];
    tx.insert("intake_triage", columns, rows, OnConflict::Fail)
        .await?;
    Ok(())
}

/// Two items for each report: triage it, and reach its victim. A report whose victim has a duty
/// already, under the same national reference, brings no second one.
fn work_items(
    tx: &Tx<'_>,
    desk: &Desk,
    held: &Held,
    accepted: &[Accepted<'_>],
) -> Vec<NewWorkItem> {
    let mut items = Vec::with_capacity(accepted.len() * 2);
    for one in accepted {
        let triage = triage_item(tx, desk, held, one);
        let report = &one.ready.report;
        let nobody = report.victim.is_empty() && !report.feed.is_national();
        if !nobody && !one.reached {
            items.push(victim_item(tx, desk, one, &triage));
        }
        items.push(triage);
    }
    items
}

fn triage_item(tx: &Tx<'_>, desk: &Desk, held: &Held, one: &Accepted<'_>) -> NewWorkItem {
    let (report, proposal) = (&one.ready.report, &one.linked.proposal);
    let clocks = desk.clocks();
    let by_feed = clocks
        .triage
        .get(report.feed.name())
        .copied()
        .unwrap_or(clocks.triage_other);
    let mut due_at = desk.due(report.received_at, by_feed);
    if proposal.severity == Priority::High {
        due_at = due_at.min(desk.due(report.received_at, clocks.triage_high));
    }
    NewWorkItem {
        id: WorkItemId(tx.id()),
        queue: TRIAGE,
        subject: one.id,
        about: None,
        origin: None,
        priority: proposal.severity,
        band: proposal.acceptance_band.clone(),
        feed: report.feed,
        source: report.source.clone(),
        vulnerable: proposal.vulnerability.band != "standard",
        network: network_of(held, one.id),
        received_at: report.received_at,
        due_at,
        decide_by: Some(desk.due(report.received_at, clocks.allocation)),
        unit: desk.unit.clone(),
        marking: Marking::OfficialSensitive,
        compartment: None,
        summary: summary(desk, one),
    }
}

fn victim_item(tx: &Tx<'_>, desk: &Desk, one: &Accepted<'_>, triage: &NewWorkItem) -> NewWorkItem {
    let (report, proposal) = (&one.ready.report, &one.linked.proposal);
    let band = &proposal.vulnerability.band;
    let plan = &desk.triage.policy.attempt_plan;
    let days = plan
        .first_attempt_working_days
        .get(band)
        .copied()
        .unwrap_or(1);
    NewWorkItem {
        id: WorkItemId(tx.id()),
        queue: VICTIM_CARE,
        about: one.linked.mentions.first().map(|m| m.person),
        priority: Priority::parse(band).unwrap_or(Priority::High),
        band: band.clone(),
        due_at: desk.calendar.after(report.received_at, days),
        decide_by: None,
        ..triage.clone()
    }
}

fn summary(desk: &Desk, one: &Accepted<'_>) -> Summary {
    let (report, proposal) = (&one.ready.report, &one.linked.proposal);
    let day = report
        .event_from
        .unwrap_or_else(|| report.received_at.day());
    let about = match report.victim.kind {
        PartyKind::Organisation => report.victim.display_name(),
        PartyKind::Person => match report.victim.age_on(day) {
            Some(age) if age < 18 => format!("Young person, {age}"),
            Some(age) => format!("Adult, {age}"),
            None => "Adult, age not given".to_owned(),
        },
    };
    let mut tags = Vec::new();
    if proposal.vulnerability.band != "standard" {
        tags.push(format!("Vulnerable: {}", proposal.vulnerability.band));
    }
    if proposal.repeat_victim {
        tags.push("Repeat victim".to_owned());
    }
    let mut reasons: Vec<&Reason> = proposal
        .vulnerability
        .reasons
        .iter()
        .chain(proposal.acceptance.iter().flat_map(|g| &g.reasons))
        .collect();
    reasons.sort_by_key(|r| std::cmp::Reverse(r.points));
    Summary {
        reference: report.reference.clone(),
        title: title(desk, one.ready),
        about,
        loss_pence: report.loss_pence,
        district: report.district.clone(),
        crime_code: report.nfib_code.clone(),
        tags,
        reasons: reasons
            .iter()
            .take(3)
            .map(|r| format!("{}: {} ({:+})", r.factor, r.value, r.points))
            .collect(),
    }
}
