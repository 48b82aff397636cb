//! The stream of reports: one day at a time, in order of receipt.

use std::collections::VecDeque;

use crate::calendar::is_weekend;
use crate::campaign::Running;
use crate::case::{Case, Circumstances, known};
use crate::chance::{Chance, Stream};
use crate::channel::{channel_for, received_seconds};
use crate::crime::season;
use crate::families::FAMILIES;
use crate::report::Sheet;
use crate::victims::Victims;
use crate::{County, Generated, Identity, Planted, Truth, dirt};

/// Iterator over the reports of a [`County`].
pub struct Reports<'a> {
    county: &'a County,
    running: Running,
    victims: Victims,
    day: usize,
    index: u64,
    waiting: VecDeque<Generated>,
}

impl<'a> Reports<'a> {
    pub(crate) fn new(county: &'a County) -> Self {
        Reports {
            county,
            running: Running::new(),
            victims: Victims::new(county.population, county.settings.reports),
            day: 0,
            index: 0,
            waiting: VecDeque::new(),
        }
    }

    fn fill(&mut self) {
        let county = self.county;
        let calendar = &county.calendar;
        let day = self.day;
        self.day += 1;
        let (from, to) = (calendar.before(day), calendar.before(day + 1));
        let mut offences: Vec<Option<(usize, u32)>> = self
            .running
            .strikes(&county.plan, from, to)
            .into_iter()
            .map(Some)
            .collect();
        offences.extend((0..county.background_on(day)).map(|_| None));
        let mut chance = Chance::new(county.settings.seed, Stream::Day, day as u64);
        for at in (1..offences.len()).rev() {
            offences.swap(at, chance.index(at + 1));
        }
        let weights = self.weights(day);
        let mut written: Vec<(String, Generated)> = Vec::with_capacity(offences.len());
        for offence in offences {
            written.push(self.report(day, offence, &weights));
        }
        written.sort_by(|a, b| a.0.cmp(&b.0));
        self.waiting
            .extend(written.into_iter().map(|(_, report)| report));
    }

    /// Weights of the families among offences outside campaigns on a day.
    fn weights(&self, day: usize) -> Vec<f64> {
        let month = self.county.calendar.day(day).month();
        let half = self.county.calendar.days() as f64 / 2.0;
        let years = (day as f64 - half) / 365.0;
        FAMILIES
            .iter()
            .zip(&self.county.plan.background_weights)
            .map(|(f, weight)| weight * season(f.key, month) * (1.0 + f.trend * years).max(0.1))
            .collect()
    }

    /// One report with the moment it was received.
    fn report(
        &mut self,
        day: usize,
        offence: Option<(usize, u32)>,
        weights: &[f64],
    ) -> (String, Generated) {
        let county = self.county;
        let index = self.index;
        self.index += 1;
        let mut chance = Chance::new(county.settings.seed, Stream::Report, index);
        let campaign = offence.map(|(at, nth)| (&county.plan.campaigns[at], nth));
        let family = campaign.map_or_else(
            || chance.weighted(weights.iter().copied()),
            |(c, _)| c.family,
        );
        let received = county.calendar.day(day);
        let channel = channel_for(&FAMILIES[family], is_weekend(received), &mut chance);
        let seconds = received_seconds(channel, &mut chance);
        let victim = self
            .victims
            .choose(&FAMILIES[family], received, &mut chance);
        let keen = matches!(channel.feed, "pursue" | "urgent");
        let knows = known(&FAMILIES[family], keen, &mut chance);
        let (plan, population) = (&county.plan, &county.population);
        let kit = match campaign {
            Some((campaign, nth)) => plan.kit(campaign, nth, knows, population, &mut chance),
            None => plan.lone_kit(family, index, knows, population, &mut chance),
        };
        let circumstances = Circumstances {
            received,
            fresh: channel.feed == "urgent"
                || (channel.feed == "call_for_service" && chance.yes(0.5)),
            keen,
            knows,
        };
        let case = Case::new(&FAMILIES[family], victim, kit, circumstances, &mut chance);
        let sheet = Sheet::write(
            &case,
            channel,
            index,
            seconds,
            &county.calendar,
            &mut chance,
        );
        let suspect = sheet.named_suspect();
        let received_at = county.calendar.instant(received, seconds);
        let (fields, observables) = (sheet.fields, sheet.planted);
        let names = campaign.map(|(c, _)| (c.group, c.id));
        let truth = truth(&fields, case, suspect, names, observables);
        let mut report = Generated {
            fields,
            feed: channel.feed,
            truth,
        };
        if chance.yes(county.settings.dirt) {
            dirt::soil(&mut report, &mut chance);
        }
        (received_at, report)
    }
}

/// What is truly so of a case, beside the fields it was written in.
fn truth(
    fields: &[(&'static str, String)],
    case: Case,
    suspect: Option<Identity>,
    group_and_campaign: Option<(u32, u32)>,
    observables: Vec<Planted>,
) -> Truth {
    Truth {
        reference: fields
            .first()
            .map(|(_, text)| text.clone())
            .unwrap_or_default(),
        victim: case.victim.identity(),
        suspect,
        offender_group: group_and_campaign.map(|(group, _)| group),
        campaign: group_and_campaign.map(|(_, campaign)| campaign),
        family: case.family.key,
        observables,
        vulnerability: case.truth,
        broken: None,
    }
}

impl Iterator for Reports<'_> {
    type Item = Generated;

    fn next(&mut self) -> Option<Generated> {
        while self.waiting.is_empty() {
            if self.day >= self.county.calendar.days() {
                return None;
            }
            self.fill();
        }
        self.waiting.pop_front()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.county.settings.reports - self.index;
        let left = left as usize + self.waiting.len();
        (left, Some(left))
    }
}
