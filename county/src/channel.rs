//! The channels reports come by: how many, when, and how much of what is known they carry.

use crate::chance::Chance;
use crate::crime::Family;

/// A feed, how many of a hundred reports it brings, and whether it runs at weekends.
pub(crate) struct Channel {
    pub feed: &'static str,
    weight: f64,
    weekends: bool,
    /// Chance that something known stands in its own field, and that the narrative tells it.
    pub in_field: f64,
    pub in_words: f64,
}

const fn channel(
    feed: &'static str,
    weight: f64,
    weekends: bool,
    in_field: f64,
    in_words: f64,
) -> Channel {
    Channel {
        feed,
        weight,
        weekends,
        in_field,
        in_words,
    }
}

const CHANNELS: [Channel; 8] = [
    channel("victim_list", 70.0, false, 0.45, 0.6),
    channel("call_for_service", 4.0, true, 0.35, 0.75),
    channel("pursue", 6.5, false, 0.9, 0.7),
    channel("partner", 5.0, false, 0.5, 0.55),
    channel("portal", 4.0, true, 0.6, 0.65),
    channel("list", 3.0, false, 0.15, 0.6),
    channel("urgent", 1.0, true, 0.8, 0.75),
    channel("protect", 1.2, false, 0.5, 0.5),
];

/// The channel a report of a family comes by on such a day.
pub(crate) fn channel_for(family: &Family, weekend: bool, chance: &mut Chance) -> &'static Channel {
    if chance.yes(family.force) {
        return &CHANNELS[1];
    }
    // Money that can still be stopped and attacks still running are what is urgent.
    let urgency = match family.key {
        "ransomware" | "intrusion" => 8.0,
        "bank_impersonation" | "mandate" | "courier" | "tech_support" => 3.0,
        _ => 0.4,
    };
    let weight = |channel: &Channel| match channel.feed {
        _ if weekend && !channel.weekends => 0.0,
        "urgent" => channel.weight * urgency,
        _ => channel.weight,
    };
    let at = chance.weighted(CHANNELS.iter().map(weight));
    &CHANNELS[at]
}

/// Seconds after local midnight when the force receives it: national lists at half past six.
pub(crate) fn received_seconds(channel: &Channel, chance: &mut Chance) -> i64 {
    match channel.feed {
        "victim_list" | "protect" => 6 * 3_600 + 30 * 60,
        "pursue" => chance.between(8 * 3_600, 17 * 3_600),
        "partner" | "list" => 9 * 3_600 + chance.between(0, 6) * 3_600,
        _ => busy_second(chance),
    }
}

/// A moment of a day with two humps, late morning and after tea, and few at night.
pub(crate) fn busy_second(chance: &mut Chance) -> i64 {
    #[rustfmt::skip]
    const HOURS: [f64; 24] = [
        1.0, 0.6, 0.4, 0.3, 0.3, 0.5, 1.2, 2.5, 5.0, 8.0, 9.5, 9.5,
        8.5, 8.0, 7.8, 7.5, 7.0, 6.5, 6.0, 5.5, 4.5, 3.5, 2.5, 1.6,
    ];
    let hour = chance.weighted(HOURS.iter().copied()) as i64;
    hour * 3_600 + chance.between(0, 3_599)
}
