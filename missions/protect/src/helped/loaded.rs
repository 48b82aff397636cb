//! A network opened for its page or for a program: its victims with where each stands, in the order they are listed.

use std::collections::BTreeSet;

use record::access::Actor;
use record::ids::{NetworkId, ReportId};
use record::time::Timestamp;
use store::Shown;
use web::parts::words::{count_in_words, plural};
use web::{App, Error};

use super::decisions::{self, Known};
use super::read::{self, Network};
use super::standing::{Standing, Victim, Way, Why, standing};
use super::{VIEW, resource, told};
use crate::messages::MessagePolicy;
use crate::victim_care::permit;

/// Victims on one page.
pub const PAGE: usize = 100;

/// Everything the pages show.
pub struct Loaded<'p> {
    pub network: Network,
    pub known: Vec<Known>,
    /// Of the network's victims, in their order.
    pub stands: Vec<Standing<'p>>,
    /// Places of victims: those who can be told first.
    order: Vec<usize>,
    /// From nought.
    pub page: usize,
    /// What the choice of whoever sees this rests on; empty as long as nobody has said what happened.
    pub seen: String,
}

/// Opens a network: a consultation of the victims on the page asked for.
///
/// # Errors
/// Not found when there is no such network, or none open to the actor.
pub async fn load<'p>(
    app: &App,
    actor: &Actor,
    policy: &'p MessagePolicy,
    (id, happened, page): (NetworkId, Option<&str>, usize),
) -> Result<Loaded<'p>, Error> {
    let grant = permit(app, actor, &VIEW, &resource(actor, id), "").await?;
    let mut reader = app.store().read_to_show(&grant).await?;
    let mut conn = reader.conn();
    let network = read::network(&mut conn, &actor.scope(), policy, id).await?;
    let known = decisions::of_network(&mut conn, &actor.scope(), id).await?;
    let count = told::decisions(&mut conn, id).await?;
    let now: Timestamp = app.now();
    let stands: Vec<Standing<'p>> = network
        .victims
        .iter()
        .map(|v| standing(policy, v, id, happened, now))
        .collect();
    let mut order: Vec<usize> = (0..stands.len()).collect();
    order.sort_by_key(|n| !stands.get(*n).is_some_and(Standing::can));
    let last = order.len().saturating_sub(1) / PAGE;
    let loaded = Loaded {
        seen: happened.map_or_else(String::new, |what| {
            told::seen(policy, &network, what, count, now)
        }),
        network,
        known,
        stands,
        order,
        page: page.min(last),
    };
    let shown = Shown {
        kind: "report",
        query: format!("victims of network {id} who can be told that they helped"),
        ids: loaded.on_page().map(|(v, _)| v.key.to_string()).collect(),
    };
    reader.shown(shown).await?;
    Ok(loaded)
}

impl<'p> Loaded<'p> {
    /// All victims in the order of the list.
    pub fn all(&self) -> impl Iterator<Item = (&Victim, &Standing<'p>)> {
        let at = move |n: &usize| Some((self.network.victims.get(*n)?, self.stands.get(*n)?));
        self.order.iter().filter_map(at)
    }

    pub fn on_page(&self) -> impl Iterator<Item = (&Victim, &Standing<'p>)> {
        self.all().skip(self.page * PAGE).take(PAGE)
    }

    pub fn has_next(&self) -> bool {
        (self.page + 1) * PAGE < self.order.len()
    }

    /// Victims who can be told this way, without those left out.
    pub fn by(&self, way: Way, left_out: &BTreeSet<ReportId>) -> usize {
        let is = |(victim, stands): &(&Victim, &Standing<'_>)| {
            matches!(stands, Standing::Can { way: by, .. } if *by == way)
                && !left_out.contains(&victim.key)
        };
        self.all().filter(is).count()
    }

    /// Keys of everybody who can be told.
    pub fn can(&self) -> BTreeSet<ReportId> {
        let can = self.all().filter(|(_, s)| s.can());
        can.map(|(v, _)| v.key).collect()
    }

    /// Why victims cannot be told, with how many of each; those there are none of left out.
    pub fn cannot(&self) -> Vec<(Why, usize)> {
        let of = |why: Why| {
            let is = |s: &&Standing<'_>| **s == Standing::Cannot(why);
            (why, self.stands.iter().filter(is).count())
        };
        let all = Why::ALL.into_iter().map(of);
        all.filter(|(_, n)| *n > 0).collect()
    }

    /// "12 victims in 14 reports: 9 can be told by email, 1 by letter, 2 cannot."
    pub fn in_words(&self) -> String {
        let none = BTreeSet::new();
        let (email, letter) = (self.by(Way::Email, &none), self.by(Way::Letter, &none));
        let all = self.stands.len();
        format!(
            "{} in {}: {} can be told by email, {} by letter, {} cannot.",
            plural(all as u64, "victim", "victims"),
            plural(self.network.reports as u64, "report", "reports"),
            count_in_words(email as u64),
            count_in_words(letter as u64),
            count_in_words((all - email - letter) as u64)
        )
    }
}
