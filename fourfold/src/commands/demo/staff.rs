//! The demonstration's staff: they do what people would, through the same functions as the pages.
//!
//! Chance is seeded, so the same county is worked the same way. The last days stay untouched: there
//! is work in the inbox when somebody signs in.

use std::collections::HashMap;
use std::sync::Arc;

use anyhow::Result;
use futures_util::future::join_all;
use intake::deciding;
use intake::receive::Desk;
use intake::triage::Proposal;
use protect::care_record::{RecordPolicy, assess};
use protect::victim_care::contact::Caller;
use protect::victim_care::duty::Channel;
use protect::victim_care::{Care, Direction, Given, NewContact, RECORD, record_contacts};
use pursue::allocation::{AllocationDecision as Allocated, Verdict, allocate_many};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use record::access::Actor;
use record::ids::{ReportId, WorkItemId};
use record::report::CrimeClass;
use record::time::{Date, Timestamp};
use record::work::{Priority, WorkItem, WorkState};
use store::Tx;
use store::work::{self, Filter, Order};
use web::App;

/// Work one group does in a day at the most.
const A_DAYS_WORK: usize = 400;
/// Writes under way at once: they share transactions.
const AT_ONCE: usize = 48;

pub struct Staff {
    chance: ChaCha8Rng,
    care: Arc<Care>,
    records: Arc<RecordPolicy>,
    /// Contacts made so far on a duty.
    tried: HashMap<WorkItemId, u32>,
}

impl Staff {
    pub fn new(app: &App, seed: u64) -> Result<Staff> {
        Ok(Staff {
            chance: ChaCha8Rng::seed_from_u64(seed),
            care: app.policy::<Care>()?,
            records: app.policy::<RecordPolicy>()?,
            tried: HashMap::new(),
        })
    }

    /// One day's work, done at this time.
    pub async fn work(&mut self, app: &App, day: Date, now: Timestamp) -> Result<()> {
        let who = app.system();
        self.triage(app, &who, day).await?;
        self.allocate(app, &who).await?;
        self.call_victims(app, &who, day, now).await
    }

    /// Reports due by tomorrow are decided: mostly as proposed, now and then otherwise.
    async fn triage(&mut self, app: &App, who: &Actor, day: Date) -> Result<()> {
        let filter = Filter {
            states: vec![WorkState::Open],
            due_before: Some(Timestamp::start_of(day).plus_days(2)),
            ..Filter::default()
        };
        let items = self.open(app, who, intake::queues::TRIAGE, filter).await?;
        let desk = app.policy::<Desk>()?;
        for part in items.chunks(100) {
            let items = part.to_vec();
            let rolls: Vec<f64> = items.iter().map(|_| self.chance.random()).collect();
            let desk = Arc::clone(&desk);
            let resource = record::Resource::of("queue", "triage");
            let grant = who.permit(&intake::inbox::DECIDE, &resource, "demonstration")?;
            app.store()
                .write(&grant, move |tx| {
                    Box::pin(async move {
                        let reports: Vec<ReportId> = items.iter().map(|i| i.subject).collect();
                        let proposals = deciding::proposals(tx, &reports).await?;
                        let decided: Vec<(WorkItem, deciding::Decision)> = items
                            .into_iter()
                            .zip(rolls)
                            .filter_map(|(item, roll)| {
                                let proposal = proposals.get(&item.subject)?;
                                Some((item, decision(proposal, roll)))
                            })
                            .collect();
                        deciding::decide_many(tx, &desk, &decided).await
                    })
                })
                .await?;
        }
        Ok(())
    }

    /// The detective inspector decides on what reached the unit's queue.
    async fn allocate(&mut self, app: &App, who: &Actor) -> Result<()> {
        let filter = Filter {
            states: vec![WorkState::Open],
            ..Filter::default()
        };
        let items = self
            .open(app, who, intake::queues::ALLOCATION, filter)
            .await?;
        let mut decided = Vec::new();
        for item in items {
            let roll: f64 = self.chance.random();
            // A few wait for another day.
            if roll < 0.1 {
                continue;
            }
            let taken = item.band == "A" && roll < 0.97 || roll < 0.6;
            let (verdict, reason) = if taken {
                (Verdict::Accept, String::new())
            } else {
                (
                    Verdict::Advise,
                    "The local unit can take it on with advice".to_owned(),
                )
            };
            decided.push((
                item,
                Allocated {
                    verdict,
                    unit: String::new(),
                    reason,
                },
            ));
        }
        let resource = record::Resource::of("queue", "allocation");
        let grant = who.permit(&pursue::allocation::DECIDE, &resource, "demonstration")?;
        app.store()
            .write(&grant, move |tx| {
                Box::pin(async move { allocate_many(tx, &decided).await })
            })
            .await?;
        Ok(())
    }

    async fn open(
        &self,
        app: &App,
        who: &Actor,
        queue: &str,
        filter: Filter,
    ) -> Result<Vec<WorkItem>> {
        let nothing = record::Resource::of("page", "demonstration");
        let grant = who.permit(&web::identify::IDENTIFY, &nothing, "")?;
        let mut db = app.store().read(&grant).await?;
        let scope = who.scope();
        let mut conn = db.conn();
        let page = work::list(
            &mut conn,
            queue,
            &scope,
            &filter,
            Order::Due,
            None,
            A_DAYS_WORK,
        );
        Ok(page.await?.items)
    }

    async fn call_victims(
        &mut self,
        app: &App,
        who: &Actor,
        day: Date,
        now: Timestamp,
    ) -> Result<()> {
        let filter = Filter {
            states: vec![WorkState::Open],
            due_before: Some(Timestamp::start_of(day).plus_days(2)),
            ..Filter::default()
        };
        let due = self
            .open(app, who, protect::victim_care::QUEUE, filter)
            .await?;
        let contacts: Vec<(NewContact, Spoken)> = due
            .iter()
            .filter_map(|item| Some((self.contact(item, now)?, Spoken::of(item))))
            .collect();
        for part in contacts.chunks(AT_ONCE) {
            let writes = part.iter().cloned().map(|(contact, victim)| {
                let (care, records) = (Arc::clone(&self.care), Arc::clone(&self.records));
                let resource = record::Resource::of("work_item", contact.item.to_string());
                let grant = who.permit(&RECORD, &resource, "demonstration");
                async move {
                    let grant = grant?;
                    app.store()
                        .write(&grant, move |tx| {
                            Box::pin(async move {
                                let reached = contact.outcome == "advice_delivered";
                                record_contacts(tx, &care, &[contact]).await?;
                                if reached {
                                    victim.assess(tx, &records, &care).await?;
                                }
                                Ok(())
                            })
                        })
                        .await
                }
            });
            for written in join_all(writes).await {
                match written {
                    // A step the plan does not allow yet is tried another day, as in life.
                    Ok(()) | Err(store::Error::Invalid(_) | store::Error::Conflict) => {}
                    Err(error) => return Err(error.into()),
                }
            }
        }
        Ok(())
    }

    /// What comes of trying one victim today; nothing when nobody gets round to it.
    fn contact(&mut self, item: &WorkItem, now: Timestamp) -> Option<NewContact> {
        let slow = if item.priority == Priority::High {
            0.05
        } else {
            0.15
        };
        if self.chance.random_bool(slow) {
            return None;
        }
        let tried = self.tried.entry(item.id).or_default();
        *tried += 1;
        let n = *tried;
        let roll: f64 = self.chance.random();
        let (outcome, channel, note) = match n {
            1..=3 => match roll {
                r if r < 0.66 => ("advice_delivered", Channel::Phone, ""),
                r if r < 0.86 => ("no_answer", Channel::Phone, ""),
                r if r < 0.95 => ("voicemail_left", Channel::Phone, ""),
                r if r < 0.985 => ("declined", Channel::Phone, "Did not want to talk about it"),
                _ => ("language_barrier_rebook", Channel::Phone, ""),
            },
            4 => ("message_sent", Channel::Letter, ""),
            5 => ("message_sent", Channel::Text, ""),
            6 if roll < 0.4 => ("advice_delivered", Channel::InPerson, ""),
            6 => ("no_answer", Channel::InPerson, ""),
            _ => (
                "not_reached",
                Channel::Decision,
                "Every step of the plan was taken",
            ),
        };
        // One attempt in a plan must be out of office hours.
        let at = if n == 3 {
            now.plus_minutes(60)
        } else {
            now.plus_minutes(-90)
        };
        let advised = outcome == "advice_delivered";
        Some(NewContact {
            item: item.id,
            seen: None,
            reports: Vec::new(),
            at: at.min(now),
            by: Caller {
                id: record::ids::ActorId(uuid::Uuid::nil()),
                name: "Marek Nowak".to_owned(),
                unit: item.unit.clone(),
            },
            direction: Direction::Out,
            channel,
            outcome: outcome.to_owned(),
            minutes: advised.then(|| self.chance.random_range(6..35)),
            next_at: None,
            topics: if advised {
                self.topics(item)
            } else {
                Vec::new()
            },
            support: if advised && item.vulnerable {
                self.support()
            } else {
                Vec::new()
            },
            note: note.to_owned(),
        })
    }

    fn topics(&mut self, item: &WorkItem) -> Vec<Given> {
        let code = item.summary.crime_code.clone().unwrap_or_default();
        let care = Arc::clone(&self.care);
        let crime = care.guides.for_code(&code).map_or_else(Vec::new, |guide| {
            guide.topics().take(3).map(|t| t.id.clone()).collect()
        });
        let prevention = care.prevention.iter().map(|p| p.id.clone());
        crime
            .into_iter()
            .chain(prevention)
            .map(|id| {
                let responses = [
                    "already_does",
                    "will_do",
                    "will_do",
                    "did_on_call",
                    "declined",
                ];
                let response = responses[self.chance.random_range(0..responses.len())].to_owned();
                Given { id, response }
            })
            .collect()
    }

    fn support(&mut self) -> Vec<Given> {
        let offers = ["beacon_case_manager", "victim_support", "target_hardening"];
        let answers = ["plan_made", "plan_made", "refused", "accepted"];
        vec![Given {
            id: offers[self.chance.random_range(0..offers.len())].to_owned(),
            response: answers[self.chance.random_range(0..answers.len())].to_owned(),
        }]
    }
}

/// A victim who was spoken to, as far as an assessment needs it.
#[derive(Clone, Copy)]
struct Spoken {
    report: ReportId,
    vulnerable: bool,
}

impl Spoken {
    fn of(item: &WorkItem) -> Spoken {
        Spoken {
            report: item.subject,
            vulnerable: item.vulnerable,
        }
    }

    /// The caller asks whether the victim lives alone, and notes the answer.
    async fn assess(
        self,
        tx: &mut Tx<'_>,
        records: &RecordPolicy,
        care: &Care,
    ) -> store::Result<()> {
        let alone = if self.vulnerable { "yes" } else { "no" };
        let answers = [("lives_alone".to_owned(), alone.to_owned())].into();
        let of = (self.report, self.vulnerable);
        let said = (answers, "As told on the call");
        assess(tx, (records, care), of, ("Marek Nowak", "sfcu"), said).await
    }
}

/// As proposed; an open class is chosen, and one decision in thirty puts the route aside.
fn decision(proposal: &Proposal, roll: f64) -> deciding::Decision {
    let mut decision = deciding::Decision::as_proposed(proposal);
    if !decision.class.is_decided() {
        decision.class = if roll < 0.7 {
            CrimeClass::CyberEnabled
        } else {
            CrimeClass::NotCyber
        };
        "Chosen from how contact was made".clone_into(&mut decision.reason);
    }
    if roll > 0.97 && decision.route == "record_and_file" {
        "protect_only".clone_into(&mut decision.route);
        "The victim asked for advice on the phone".clone_into(&mut decision.reason);
    }
    decision
}
