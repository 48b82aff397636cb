//! Positions on the earth: read, held in one number, measured, and laid in a grid.
//!
//! A position is latitude and longitude in degrees of WGS 84, kept to the millionth of a degree:
//! 11 cm at most. Eastings and northings of a national grid are not read.
//!
//! Sines come from `libm` and not from the platform, so that keys are the same everywhere.

use std::borrow::Cow;
use std::f64::consts::TAU;

use crate::packed::{NONE, Packed};

/// Mean radius of the earth in kilometres: (2a + b) / 3 of the reference ellipsoid (Moritz, "Geodetic
/// Reference System 1980", Journal of Geodesy 74, 2000).
const RADIUS: f64 = 6_371.008_8;
/// A quarter and a half of the way round, in millionths of a degree.
const QUARTER: i32 = 90_000_000;
const HALF: i32 = 180_000_000;
/// Radians in a millionth of a degree.
const RADIANS: f64 = TAU / 360e6;
/// Marks a packed position.
const POSITION: u64 = 1 << 61;
/// Bits of a packed longitude.
const LONGITUDE: u32 = 29;
/// The longest distance that records may be blocked by, in metres.
pub(crate) const FARTHEST: u32 = 1_000_000;

/// Millionths of a degree north and east. Each position has one such form: the date line is 180°
/// east, and the poles lie on the meridian of Greenwich.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Position {
    north: i32,
    east: i32,
}

/// A position as `LATITUDE,LONGITUDE`. Reads two numbers of degrees parted by a comma, a semicolon
/// or a space, in brackets or not, with or without the sign for degrees. `None` for anything else
/// and for what lies outside ±90 and ±180 degrees.
pub(crate) fn normal(text: &str) -> Option<String> {
    let Position { north, east } = Position::read(text)?;
    // Shortest form of the nearest number: at most six decimals.
    let degrees = |millionths: i32| f64::from(millionths) / 1e6;
    Some(format!("{},{}", degrees(north), degrees(east)))
}

/// Packs a normal form.
pub(crate) fn pack(text: &str) -> Packed {
    Position::read(text).map_or(NONE, Position::packed)
}

/// Latitudes and longitudes put together: what stands under the one heading and under the other.
/// Nothing where either is missing, or where there are more of one and it is not known which belong
/// together.
pub(crate) fn pairs<'t>(mut fields: impl Iterator<Item = Vec<&'t str>>) -> Vec<Cow<'t, str>> {
    match (fields.next(), fields.next(), fields.next()) {
        (Some(north), Some(east), None) if north.len() == east.len() => {
            let pairs = north.iter().zip(&east);
            let pairs = pairs.map(|(north, east)| Cow::Owned(format!("{north},{east}")));
            pairs.collect()
        }
        _ => Vec::new(),
    }
}

/// Whether two packed positions lie within so many kilometres of each other.
pub(crate) fn within(a: Packed, b: Packed, km: f64) -> bool {
    let (Some(a), Some(b)) = (Position::of(a), Position::of(b)) else {
        return false;
    };
    // They are at least as far apart as their parallels, which costs nothing to tell.
    let parallels = f64::from(a.north.abs_diff(b.north)) * RADIANS * RADIUS;
    parallels <= km + 1e-6 && a.kilometres(b) <= km
}

impl Position {
    fn read(text: &str) -> Option<Self> {
        let bare = text
            .trim()
            .trim_start_matches(['(', '['])
            .trim_end_matches([')', ']']);
        let mut numbers = bare
            .split(|c: char| matches!(c, ',' | ';') || c.is_whitespace())
            .filter(|part| !part.is_empty());
        let (north, east) = (numbers.next()?, numbers.next()?);
        let (north, mut east) = (millionths(north, QUARTER)?, millionths(east, HALF)?);
        if numbers.next().is_some() {
            return None;
        }
        if north.abs() == QUARTER {
            east = 0;
        } else if east == -HALF {
            east = HALF;
        }
        Some(Self { north, east })
    }

    fn packed(self) -> Packed {
        let north = u64::from(self.north.abs_diff(-QUARTER));
        let east = u64::from(self.east.abs_diff(-HALF));
        Packed(POSITION | north << LONGITUDE | east)
    }

    fn of(packed: Packed) -> Option<Self> {
        let number = |bits: u64| bits as u32 as i32;
        (packed.0 & POSITION != 0).then(|| Self {
            north: number(packed.0 >> LONGITUDE & ((1 << 28) - 1)) - QUARTER,
            east: number(packed.0 & ((1 << LONGITUDE) - 1)) - HALF,
        })
    }

    /// Kilometres along the great circle: the haversine formula (Sinnott, "Virtues of the
    /// Haversine", Sky and Telescope 68, 1984), which stays exact for places near each other. The
    /// earth being flattened, it is off by 0.6 % at most.
    fn kilometres(self, other: Self) -> f64 {
        let radians = |millionths: i32| f64::from(millionths) * RADIANS;
        let north = libm::sin(radians(self.north - other.north) / 2.0);
        let east = libm::sin(radians(self.east - other.east) / 2.0);
        let parallels = libm::cos(radians(self.north)) * libm::cos(radians(other.north));
        let haversine = north * north + parallels * (east * east);
        2.0 * RADIUS * libm::asin(haversine.sqrt().min(1.0))
    }
}

/// Degrees as millionths; `None` for what is no number or exceeds `most`.
fn millionths(text: &str, most: i32) -> Option<i32> {
    let text = text.strip_suffix('°').unwrap_or(text);
    let plain = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'+');
    let degrees: f64 = text.bytes().all(plain).then(|| text.parse().ok())??;
    let millionths = (degrees * 1e6).round();
    (millionths.abs() <= f64::from(most)).then_some(millionths as i32)
}

/// Calls `with` for one to four cells of a grid, by row and column. Two positions within so many
/// metres of each other always have a cell in common; those that have one lie, save near the poles,
/// within some four times as far.
///
/// The cells of a position are those that a box around it touches which reaches half the distance
/// to each side: boxes of positions within the distance overlap, and the cell where they do belongs
/// to both. Rows are twice the distance high. How wide the cells of a row are depends on that row
/// alone, so that both agree on it.
pub(crate) fn cells(packed: Packed, metres: u32, mut with: impl FnMut(u64, u64)) {
    let Some(position) = Position::of(packed) else {
        return;
    };
    let angle = f64::from(metres) / 1e3 / RADIUS;
    // One millionth more than needed, against rounding.
    let up = angle / 2.0 / RADIANS + 1.0;
    let height = 4.0 * up;
    let north = f64::from(position.north) + f64::from(QUARTER);
    let row = |north: f64| (north.clamp(0.0, f64::from(HALF)) / height) as u64;
    for row in row(north - up)..=row(north + up) {
        let (below, above) = (row as f64 * height, (row + 1) as f64 * height);
        let farthest = (above - f64::from(QUARTER)).max(f64::from(QUARTER) - below) + up;
        across(angle, farthest, f64::from(position.east), |column| {
            with(row, column);
        });
    }
}

/// The columns of a row: `farthest` is how far from the equator a position may be whose box touches
/// it, in millionths of a degree.
fn across(angle: f64, farthest: f64, east: f64, mut with: impl FnMut(u64)) {
    let round = 2.0 * f64::from(HALF);
    // Two positions this far from the equator and the angle apart differ most in longitude.
    let circle = libm::cos(farthest.min(f64::from(QUARTER)) * RADIANS);
    let half = libm::sin(angle / 2.0);
    let sideways = if half < circle {
        libm::asin(half / circle) / RADIANS + 1.0
    } else {
        round
    };
    let columns = (round / (4.0 * sideways)).floor();
    if columns < 2.0 {
        return with(0);
    }
    let width = round / columns;
    // Counted from half a turn before the date line, since the box may reach over it.
    let column = |east: f64| ((east + round) / width) as u64;
    for column in column(east - sideways)..=column(east + sideways) {
        with(column % columns as u64);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn kilometres(a: &str, b: &str) -> f64 {
        Position::read(a)
            .unwrap()
            .kilometres(Position::read(b).unwrap())
    }

    fn cells_of(position: Position, metres: u32) -> Vec<(u64, u64)> {
        let mut found = Vec::new();
        cells(position.packed(), metres, |row, column| {
            found.push((row, column))
        });
        found
    }

    #[test]
    fn positions_are_read_in_several_ways_and_only_on_this_earth() {
        for (text, expected) in [
            ("51.75,-0.34", Some("51.75,-0.34")),
            (" (51.750000 ; -0.340000) ", Some("51.75,-0.34")),
            ("[51.75° -0.34°]", Some("51.75,-0.34")),
            ("+51.12345678,-.5", Some("51.123457,-0.5")),
            ("0,0", Some("0,0")),
            ("-0.0,-0", Some("0,0")),
            ("10,-180", Some("10,180")),
            ("90,45", Some("90,0")),
            ("90.1,0", None),
            ("51.75,180.1", None),
            ("51.75", None),
            ("51.75,", None),
            ("51,75,-0,34", None),
            ("51.75,NaN", None),
            ("inf,0", None),
            ("1e1,0", None),
            ("51.75N,0.34W", None),
            ("", None),
            ("somewhere", None),
        ] {
            assert_eq!(normal(text).as_deref(), expected, "{text}");
        }
    }

    /// Great-circle distances on the same sphere: a quarter and a half of its circumference, one
    /// degree, and London to Paris.
    #[test]
    fn known_distances() {
        for (a, b, expected) in [
            ("0,0", "90,0", 10_007.557),
            ("0,0", "0,180", 20_015.115),
            ("0,179.5", "0,-179.5", 111.195),
            ("60,0", "60,1", 55.597),
            ("51.5074,-0.1278", "48.8566,2.3522", 343.556),
            ("51.75,-0.34", "51.75,-0.34", 0.0),
        ] {
            let found = kilometres(a, b);
            assert!((found - expected).abs() < 0.001, "{a} {b}: {found}");
        }
    }

    #[test]
    fn latitudes_and_longitudes_are_put_together_or_left() {
        let pairs =
            |fields: &[&[&'static str]]| pairs(fields.iter().map(|field| field.to_vec())).join(" ");
        assert_eq!(pairs(&[&["51.7"], &["-0.3"]]), "51.7,-0.3");
        assert_eq!(pairs(&[&["51.7", "52"], &["-0.3", "1"]]), "51.7,-0.3 52,1");
        assert_eq!(pairs(&[&["51.7", "52"], &["-0.3"]]), "");
        assert_eq!(pairs(&[&["51,7"]]), "");
    }

    fn position() -> impl Strategy<Value = Position> {
        let edge = prop::sample::select(vec![-QUARTER, -1, 0, 1, 89_999_999, QUARTER]);
        let north = prop_oneof![4 => -QUARTER..=QUARTER, 1 => edge];
        let edge = prop::sample::select(vec![1 - HALF, -1, 0, 1, HALF]);
        let east = prop_oneof![4 => 1 - HALF..=HALF, 1 => edge];
        let once = |(north, east): (i32, i32)| Position {
            north,
            east: if north.abs() == QUARTER { 0 } else { east },
        };
        (north, east).prop_map(once)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]

        #[test]
        fn a_position_is_its_own_normal_form_and_survives_packing(
            at in position(),
            text in "[-+0-9.,; ()°]{0,24}|\\PC{0,16}",
        ) {
            prop_assert_eq!(Position::of(at.packed()), Some(at));
            let written = format!("{},{}", f64::from(at.north) / 1e6, f64::from(at.east) / 1e6);
            prop_assert_eq!(normal(&written), Some(written.clone()));
            prop_assert_eq!(pack(&written), at.packed());
            if let Some(once) = normal(&text) {
                prop_assert_eq!(normal(&once), Some(once.clone()));
            }
        }

        #[test]
        fn distance_is_symmetric_and_parallels_never_hide_who_is_near(
            a in position(), b in position(), aside in -9_000_i32..9_000, km in 0.0..2_000.0,
        ) {
            let c = Position { east: (a.east + aside).clamp(1 - HALF, HALF), ..a };
            for (a, b) in [(a, b), (a, c)] {
                prop_assert_eq!(a.kilometres(b), b.kilometres(a));
                prop_assert!(a.kilometres(b) <= 20_015.12);
                prop_assert_eq!(within(a.packed(), b.packed(), km), a.kilometres(b) <= km);
                prop_assert!(within(a.packed(), b.packed(), a.kilometres(b)));
            }
        }

        #[test]
        fn who_is_near_has_a_cell_in_common(
            a in position(),
            metres in prop_oneof![1..200_u32, 200..60_000_u32, 60_000..=FARTHEST],
            north in -1.0..1.0_f64,
            east in -1.0..1.0_f64,
        ) {
            let reach = f64::from(metres) / 1e3 / RADIUS / RADIANS;
            let circle = libm::cos(f64::from(a.north) * RADIANS).max(1e-6);
            let north = (f64::from(a.north) + north * reach) as i32;
            let east = (f64::from(a.east) + (east * reach / circle).clamp(-180e6, 180e6)) as i32;
            let turn = |east: i32| match east {
                east if east > HALF => east - 2 * HALF,
                east if east <= -HALF => east + 2 * HALF,
                east => east,
            };
            let b = Position { north: north.clamp(-QUARTER, QUARTER), east: turn(east) };
            let (of_a, of_b) = (cells_of(a, metres), cells_of(b, metres));
            prop_assert!((1..=4).contains(&of_a.len()), "{:?}", of_a);
            let apart = a.kilometres(b) * 1e3;
            let meet = of_a.iter().any(|cell| of_b.contains(cell));
            prop_assert!(meet || apart > f64::from(metres), "{:?} {:?} {}", a, b, apart);
        }

        #[test]
        fn who_has_a_cell_in_common_is_near(
            a in position(), metres in 100..20_000_u32, north in -1.0..1.0_f64, east in -1.0..1.0_f64,
        ) {
            // Away from the poles, where one cell goes far round, and from the date line.
            let a = Position { north: a.north / 10 * 7, east: a.east / 10 * 9 };
            let reach = 20.0 * f64::from(metres) / 1e3 / RADIUS / RADIANS;
            let b = Position {
                north: a.north + (north * reach) as i32,
                east: (a.east + (east * reach) as i32).clamp(1 - HALF, HALF),
            };
            let meet = cells_of(a, metres).iter().any(|cell| cells_of(b, metres).contains(cell));
            let apart = a.kilometres(b) * 1e3;
            prop_assert!(!meet || apart < 4.5 * f64::from(metres) + 2.0, "{:?} {:?} {}", a, b, apart);
        }
    }
}
