use proptest::prelude::*;

use super::*;
use crate::policy::Files;

const FIVE: &str = "version = \"1\"\ntitle = \"Five\"\n[[question]]\nid = \"b\"\ntheme = \"Data\"\n\
    text = \"Copy?\"\nadvice = \"Copy it\"\n";

fn files(csv: &str, own: &[(&str, &str)]) -> Files {
    let head = "id,scheme_version,control,theme,question,auto_fail_if,amber_if,advice\n";
    let mut files = Files::default();
    let csv = format!("{head}{csv}");
    files
        .0
        .insert("protect/cyber-essentials.csv".to_owned(), csv);
    files
        .0
        .insert("protect/five-minute-check.toml".to_owned(), FIVE.to_owned());
    for (name, text) in own {
        let name = format!("protect/assessments/{name}");
        files.0.insert(name, (*text).to_owned());
    }
    files
}

fn sets() -> Sets {
    let csv = "A,3.2,old,old,Old?,,,x\n\
        F,3.3,firewalls,x,Can it be reached?,,yes,Close it\n\
        U,3.3,update_management,x,In 14 days?,no,unknown,Turn it on\n\
        D,3.3,firewalls,x,Changed?,,unknown,Change it\n";
    Sets::load(&files(csv, &[])).unwrap()
}

fn judged(answers: [&str; 3]) -> Outcome {
    let sets = sets();
    let of = |id: &str| {
        ["F", "U", "D"]
            .iter()
            .position(|i| *i == id)
            .map(|i| answers[i].to_owned())
    };
    sets.newest(READINESS).unwrap().judge(of).unwrap()
}

#[test]
fn the_newest_questions_are_asked_and_the_old_ones_found() {
    let sets = sets();
    let newest = sets.newest(READINESS).unwrap();
    assert_eq!(newest.version, "3.3");
    assert_eq!(newest.questions.len(), 3);
    assert_eq!(newest.questions[1].theme, "Update management");
    assert_eq!(sets.find(READINESS, "3.2").unwrap().questions[0].id, "A");
    assert_eq!(sets.named(&newest.name()), Some(newest));
    assert_eq!(sets.asked().count(), 2, "one version of each set");
}

#[test]
fn versions_are_numbers_and_not_text() {
    let csv = "A,3.9,x,x,Q?,,,x\nB,3.10,x,x,Q?,,,x\n";
    let sets = Sets::load(&files(csv, &[])).unwrap();
    assert_eq!(sets.newest(READINESS).unwrap().version, "3.10");
}

#[test]
fn colours_follow_the_table() {
    let good = judged(["no", "yes", "yes"]);
    assert_eq!((good.worst(), good.fails()), (Colour::Green, false));
    assert_eq!(good.verdict(), Verdict::WellPrepared);
    assert!(good.to_do().is_empty());
    let amber = judged(["yes", "unknown", "unknown"]);
    assert_eq!((amber.worst(), amber.fails()), (Colour::Amber, false));
    let red = judged(["no", "yes", "no"]);
    assert_eq!((red.worst(), red.fails()), (Colour::Red, false));
    assert_eq!(red.verdict(), Verdict::ToPutRight);
    let failed = judged(["unknown", "no", "no"]);
    assert_eq!(failed.verdict(), Verdict::NotReady);
    assert_eq!(failed.to_do()[0].question.id, "U");
    assert_eq!(failed.themes()[0], ("Firewalls".to_owned(), Colour::Red));
    assert_eq!(failed.line(), "F=unknown U=no D=no");
}

#[test]
fn a_line_is_judged_again_and_what_is_strange_is_unknown() {
    let sets = sets();
    let set = sets.newest(READINESS).unwrap();
    let first = judged(["no", "no", "yes"]);
    assert_eq!(set.judge_line(&first.line()), first);
    let odd = set.judge_line("F=<script> U=yes X=no F");
    assert_eq!(odd.line(), "F=unknown U=yes D=unknown");
}

#[test]
fn what_is_not_answered_is_named() {
    let sets = sets();
    let set = sets.newest(READINESS).unwrap();
    let missing = set
        .judge(|id| (id == "U").then(|| "perhaps".to_owned()))
        .unwrap_err();
    assert_eq!(missing, ["F", "U", "D"]);
}

#[test]
fn what_is_kept_is_read_again_without_its_set() {
    let outcome = judged(["no", "no", "unknown"]);
    let text = serde_json::to_string(&outcome).unwrap();
    assert_eq!(serde_json::from_str::<Outcome>(&text).unwrap(), outcome);
}

#[test]
fn a_set_that_cannot_be_trusted_is_refused() {
    let question = |more: &str| {
        format!(
            "id = \"own\"\nversion = \"1\"\ntitle = \"Own\"\n[[question]]\nid = \"q\"\n\
             theme = \"T\"\ntext = \"?\"\nadvice = \"!\"\n{more}\n"
        )
    };
    let said = |text: &str| {
        let files = files("A,3.3,x,x,Q?,,,x\n", &[("own.toml", text)]);
        Sets::load(&files).map(drop).map_err(|e| e.to_string())
    };
    assert_eq!(said(&question("")), Ok(()));
    for (wrong, told) in [
        ("fails_if = \"no\"\namber_if = \"yes\"", "no answer is good"),
        ("amber_if = \"perhaps\"", "not yes, no or unknown"),
        ("kinds = [\"ghost\"]", "no kind \"ghost\""),
        ("colour = \"red\"", "unknown field"),
    ] {
        let problem = said(&question(wrong)).unwrap_err();
        assert!(problem.contains(told), "{problem}");
    }
    let twice = files(
        "A,3.3,x,x,Q?,,,x\n",
        &[("a.toml", &question("")), ("b.toml", &question(""))],
    );
    assert!(
        Sets::load(&twice)
            .unwrap_err()
            .to_string()
            .contains("twice")
    );
}

/// Questions of any shape the check lets through.
fn any_set() -> impl Strategy<Value = QuestionSet> {
    let question = (0..4u8, 0..4u8, 0..3u8, 0..3u8).prop_filter_map(
        "no answer is good",
        |(fails, amber, theme, kind)| {
            let answer = |n: u8| ["", "yes", "no", "unknown"][usize::from(n)].to_owned();
            let question = Question {
                id: String::new(),
                theme: format!("theme {theme}"),
                text: "?".to_owned(),
                advice: "!".to_owned(),
                kinds: vec![format!("kind {kind}")],
                fails: answer(fails),
                amber: answer(amber),
            };
            let good = question.good();
            (question.fails != good && question.amber != good).then_some(question)
        },
    );
    prop::collection::vec(question, 1..12).prop_map(|mut questions| {
        for (n, question) in questions.iter_mut().enumerate() {
            question.id = format!("q{n}");
        }
        QuestionSet {
            id: "any".to_owned(),
            title: "Any".to_owned(),
            version: "1".to_owned(),
            kinds: Vec::new(),
            questions,
        }
    })
}

fn answered(set: &QuestionSet, answers: &[u8]) -> Outcome {
    let place = |id: &str| set.questions.iter().position(|q| q.id == id).unwrap();
    set.judge(|id| Some(ANSWERS[usize::from(answers[place(id)] % 3)].0.to_owned()))
        .unwrap()
}

proptest! {
    /// A worse answer never makes a theme, a kind or the whole look better.
    #[test]
    fn a_worse_answer_never_improves_anything(
        set in any_set(),
        answers in prop::collection::vec(0..3u8, 12),
        which in 0..12usize,
        other in 0..3u8,
    ) {
        let before = answered(&set, &answers);
        let which = which % set.questions.len();
        let mut changed = answers.clone();
        changed[which] = other;
        let after = answered(&set, &changed);
        let (a, b) = (&before.answers[which], &after.answers[which]);
        // Worse: a worse colour, or one that fails the scheme where the other did not.
        prop_assume!((b.colour, b.fails) >= (a.colour, a.fails));
        for (was, is) in [(before.themes(), after.themes()), (before.kinds(), after.kinds())] {
            for ((name, was), (same, is)) in was.iter().zip(&is) {
                prop_assert_eq!(name, same);
                prop_assert!(is >= was, "{} went from {:?} to {:?}", name, was, is);
            }
        }
        prop_assert!(after.verdict() >= before.verdict());
        prop_assert!(after.to_do().len() >= before.to_do().len());
    }

    /// Not to know is never green, for the answer, its theme, its kinds and the whole.
    #[test]
    fn unknown_is_never_green(
        set in any_set(),
        answers in prop::collection::vec(0..3u8, 12),
        which in 0..12usize,
    ) {
        let which = which % set.questions.len();
        let mut answers = answers;
        answers[which] = 2;
        let outcome = answered(&set, &answers);
        let judged = &outcome.answers[which];
        prop_assert!(judged.colour > Colour::Green);
        let theme = outcome.themes().into_iter().find(|(t, _)| *t == judged.question.theme);
        prop_assert!(theme.unwrap().1 > Colour::Green);
        prop_assert!(outcome.kinds().iter().any(|(k, c)| *k == judged.question.kinds[0] && *c > Colour::Green));
        prop_assert!(outcome.verdict() > Verdict::WellPrepared);
    }

    /// Every question has an answer that is green and one that is not.
    #[test]
    fn every_question_can_be_passed_and_missed(set in any_set()) {
        for question in &set.questions {
            let colours = ANSWERS.map(|(answer, _)| question.judge(answer.to_owned()).colour);
            prop_assert!(colours.contains(&Colour::Green));
            prop_assert!(colours.iter().any(|c| *c > Colour::Green));
        }
    }

    /// An automatic fail makes the whole not ready, whatever else was said.
    #[test]
    fn an_automatic_fail_is_not_ready(set in any_set(), answers in prop::collection::vec(0..3u8, 12)) {
        let outcome = answered(&set, &answers);
        let failed = outcome.answers.iter().any(|a| a.fails);
        prop_assert_eq!(failed, outcome.verdict() == Verdict::NotReady);
        for judged in outcome.answers.iter().filter(|a| a.fails) {
            prop_assert_eq!(judged.colour, Colour::Red);
        }
    }
}
