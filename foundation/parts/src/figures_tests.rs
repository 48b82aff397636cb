//! Scales of the drawings.

use super::*;

fn spark(values: &[f64]) -> Sparkline {
    Sparkline::new(values.iter().copied().map(Some))
}

#[test]
fn a_sparkline_fills_its_frame() {
    let html = spark(&[81.0, 84.0, 86.0, 85.0, 88.0, 90.0, 93.0])
        .target(Some(100.0))
        .between("May", "November")
        .unit("%")
        .to_string();
    assert!(html.contains(
        r#"points="4.0,28.0 22.7,24.2 41.3,21.7 60.0,22.9 78.7,19.2 97.3,16.6 116.0,12.8""#
    ));
    assert!(html.contains(r#"<line x1="2" x2="118" y1="4.0" y2="4.0" class="ff-spark__t"/>"#));
    assert!(html.contains(r#"<circle cx="116.0" cy="12.8" r="3.2" class="ff-spark__p"/>"#));
    assert!(html.contains(
        r#"<span class="govuk-visually-hidden">From 81% in May to 93% in November, target 100%</span>"#
    ));
}

#[test]
fn a_target_below_the_values_is_at_the_bottom() {
    let falling = spark(&[12.0, 9.0, 7.0]).target(Some(6.0));
    assert_eq!(falling.target_y().as_deref(), Some("28.0"));
    assert_eq!(falling.lines(), ["4.0,4.0 60.0,16.0 116.0,24.0"]);
}

#[test]
fn equal_values_run_through_the_middle() {
    assert_eq!(spark(&[5.0, 5.0]).lines(), ["4.0,16.0 116.0,16.0"]);
    assert_eq!(
        spark(&[5.0]).dots(),
        [("116.0".to_owned(), "16.0".to_owned())]
    );
}

#[test]
fn gaps_stay_gaps() {
    let gappy = Sparkline::new([Some(0.0), Some(1.0), None, Some(2.0), Some(f64::NAN)]);
    assert_eq!(gappy.lines(), ["4.0,28.0 32.0,16.0"]);
    // The last known value stands alone between two gaps: a dot, once.
    assert_eq!(gappy.dots(), [("88.0".to_owned(), "4.0".to_owned())]);
    assert_eq!(gappy.words(), "From 0 to no figure");
}

#[test]
fn nothing_measured_says_so_and_draws_nothing() {
    for empty in [Sparkline::new([None; 0]), Sparkline::new([None, None])] {
        let html = empty.target(Some(3.0)).to_string();
        assert!(!html.contains("<svg"));
        assert!(html.contains("No figures yet"));
    }
}

#[test]
fn huge_values_stay_inside_the_frame() {
    let scale = Scale::around([f64::MIN, f64::MAX].into_iter(), 2).unwrap();
    assert_eq!((scale.y(f64::MIN), scale.y(f64::MAX)), (28.0, 4.0));
}

#[test]
fn attainment_is_a_share_of_the_bar() {
    let bar = |share: f64| {
        let bar = AttainmentBar::new(share, Standing::AtRisk);
        (bar.width, bar.percent)
    };
    assert_eq!(bar(0.93), (112, 93));
    assert_eq!(bar(0.0), (0, 0));
    assert_eq!(bar(1.0), (120, 100));
    assert_eq!(bar(1.7), (120, 100));
    assert_eq!(bar(-0.2), (0, 0));
    assert_eq!(bar(f64::NAN), (0, 0));
    // Close is not there.
    assert_eq!(bar(0.998).1, 99);

    let html = AttainmentBar::new(0.93, Standing::AtRisk).to_string();
    assert!(html.contains("ff-attbar--risk"));
    assert!(html.contains(r#"<rect width="112" height="12" class="ff-attbar__fill"/>"#));
    assert!(html.contains(r#"<span class="ff-att__n">93%</span>"#));
}

#[test]
fn weights_lean_to_their_side_of_the_axis() {
    let bar = |weight: f64| {
        let bar = WeightBar::new(weight, 20.0);
        (bar.against, bar.x, bar.width)
    };
    assert_eq!(bar(10.0), (false, 80, 40));
    assert_eq!(bar(-5.0), (true, 60, 20));
    assert_eq!(bar(99.0), (false, 80, 80));
    assert_eq!(bar(-99.0), (true, 0, 80));
    assert_eq!(bar(0.0), (false, 80, 0));
    assert_eq!(bar(0.01), (false, 80, 1));
    assert_eq!(bar(f64::NAN).2, 0);
    assert_eq!(WeightBar::new(3.0, 0.0).width, 80);

    let html = WeightBar::new(-5.0, 20.0).to_string();
    assert!(
        html.contains(r#"<rect class="ff-weight__against" x="60" y="1" width="20" height="12"/>"#)
    );
    assert!(html.contains(r#"aria-hidden="true""#));
}

#[test]
fn progress_is_said_as_well_as_shown() {
    let html = ProgressBar::new("Rows read", 1_205, 2_120).to_string();
    assert!(html.contains(r#"max="2120" value="1205""#));
    assert!(html.contains("1,205 of 2,120"));
    let unknown = ProgressBar::new("Rows read", 7, 0).to_string();
    assert!(!unknown.contains("value="));
    // More done than foretold must not overflow the bar.
    assert!(
        ProgressBar::new("Rows", 9, 8)
            .to_string()
            .contains(r#"max="8" value="8""#)
    );
}

#[test]
fn stats_carry_their_standing() {
    let html = StatRow::new(vec![
        Stat::new("2", "Met").href("/s?met").standing(Standing::Met),
        Stat::new("1,088", "Businesses advised"),
    ])
    .to_string();
    assert!(html.contains(r#"<li class="ff-stat ff-stat--done"><a href="/s?met""#));
    assert!(html.contains(r#"<li class="ff-stat"><div><span class="ff-stat__n">1,088</span>"#));
    assert_eq!(
        Standing::OffTrack.tag().to_string(),
        r#"<strong class="govuk-tag govuk-tag--red">Off track</strong>"#
    );
}
