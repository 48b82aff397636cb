//! Latitude and longitude under two headings, compared as one position.

use super::draft::DraftColumn;
use super::kinds::{Role, Sight};
use super::name_of;
use crate::model::Kind;
use crate::position;

/// Which of the two a heading says it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Half {
    Latitude,
    Longitude,
}

/// What tells a half that a heading names, and the rest of the heading: `home` of `home_lat`.
fn half(heading: &str) -> Option<(Half, String)> {
    let of = |word: &str| match word.trim_end_matches(|c: char| c.is_ascii_digit()) {
        "lat" | "latitude" => Some(Half::Latitude),
        "lon" | "lng" | "long" | "longitude" => Some(Half::Longitude),
        _ => None,
    };
    let mut heading = heading.to_lowercase();
    for whole in ["latitude", "longitude"] {
        // Run together with other words: homelatitude.
        heading = heading.replace(whole, &format!(" {whole} "));
    }
    let words = heading
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty());
    let (halves, rest): (Vec<&str>, Vec<&str>) = words.partition(|word| of(word).is_some());
    let [only] = *halves else { return None };
    let number = only.trim_start_matches(|c: char| !c.is_ascii_digit());
    let rest: Vec<&str> = rest.into_iter().chain([number]).collect();
    Some((of(only)?, rest.join(" ").trim().to_owned()))
}

/// Puts each latitude and the longitude of the same name together, where their values are degrees.
pub(super) fn join(columns: &mut Vec<DraftColumn>, sights: &[Sight<'_>]) {
    let half_of = |column: &DraftColumn| {
        let heading = column.headings.first()?;
        let (half, rest) = half(heading).filter(|_| column.role == Role::Degrees)?;
        let sight = sights.iter().find(|sight| sight.heading == heading)?;
        let lies = |value: &str| match half {
            Half::Latitude => position::normal(&format!("{value},0")),
            Half::Longitude => position::normal(&format!("0,{value}")),
        };
        (sight.share(|value| lies(value).is_some()) >= 0.9).then_some((half, rest))
    };
    let mut at = 0;
    while at < columns.len() {
        let latitude = half_of(&columns[at]).filter(|(half, _)| *half == Half::Latitude);
        let longitude = latitude.and_then(|(_, rest)| {
            let wanted = Some((Half::Longitude, rest.clone()));
            let other = columns.iter().position(|other| half_of(other) == wanted)?;
            Some((other, rest))
        });
        if let Some((other, rest)) = longitude {
            let name = name_of(&format!("{rest} position"), columns);
            let headings = std::mem::take(&mut columns[other].headings);
            let column = &mut columns[at];
            column.headings.extend(headings);
            (column.name, column.kind, column.role) = (name, Kind::Position, Role::Plain);
            columns.remove(other);
            // One before it may have gone.
            at -= usize::from(other < at);
        }
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_told_by_their_headings() {
        use Half::{Latitude, Longitude};
        for (heading, expected) in [
            ("lat", Some((Latitude, ""))),
            ("Longitude", Some((Longitude, ""))),
            ("home_lat", Some((Latitude, "home"))),
            ("home_lng", Some((Longitude, "home"))),
            ("HomeLatitude", Some((Latitude, "home"))),
            ("lat2", Some((Latitude, "2"))),
            ("long 2", Some((Longitude, "2"))),
            ("flat", None),
            ("lat/long", None),
            ("easting", None),
        ] {
            let expected = expected.map(|(half, rest)| (half, rest.to_owned()));
            assert_eq!(half(heading), expected, "{heading}");
        }
    }
}
