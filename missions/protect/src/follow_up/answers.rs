//! What a follow-up conversation came to, as a pure function.

use super::policy::FollowUpPolicy;

/// A topic as it was given on a call: its id and the victim's response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreed {
    pub topic: String,
    pub response: String,
}

/// Topics to be confirmed at follow-up: agreed on a call, each once.
pub fn to_confirm(policy: &FollowUpPolicy, given: &[Agreed]) -> Vec<String> {
    let mut topics: Vec<String> = Vec::new();
    for one in given {
        if policy.agreed.contains(&one.response) && !topics.contains(&one.topic) {
            topics.push(one.topic.clone());
        }
    }
    topics
}

/// Whether the victim's behaviour changed: at least one protective action was done on the call, or was
/// agreed there and is confirmed now. A topic nobody agreed to changes nothing.
pub fn changed(policy: &FollowUpPolicy, given: &[Agreed], confirmed: &[String]) -> bool {
    let done = given.iter().any(|g| policy.done.contains(&g.response));
    let agreed = to_confirm(policy, given);
    done || confirmed.iter().any(|topic| agreed.contains(topic))
}

/// A scale as it is answered: whole numbers from `least` to `most`; empty is not asked.
pub fn scale(text: &str, least: i64, most: i64) -> Result<Option<i64>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    match text.parse::<i64>() {
        Ok(n) if (least..=most).contains(&n) => Ok(Some(n)),
        _ => Err(format!("Enter a whole number from {least} to {most}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy() -> FollowUpPolicy {
        FollowUpPolicy {
            digest: String::new(),
            reoffer_days: 28,
            attempts: 3,
            together_days: 7,
            longest_note: 100,
            agreed: vec!["will_do".to_owned()],
            done: vec!["did_on_call".to_owned()],
            steps: Vec::new(),
        }
    }

    fn given(pairs: &[(&str, &str)]) -> Vec<Agreed> {
        let one = |(t, r): &(&str, &str)| Agreed {
            topic: (*t).to_owned(),
            response: (*r).to_owned(),
        };
        pairs.iter().map(one).collect()
    }

    #[test]
    fn change_is_what_was_done_or_is_confirmed() {
        let policy = policy();
        let promised = given(&[
            ("updates", "will_do"),
            ("links", "already_does"),
            ("wifi", "declined"),
        ]);
        let confirmed =
            |topics: &[&str]| topics.iter().map(|t| (*t).to_owned()).collect::<Vec<_>>();
        assert!(!changed(&policy, &promised, &[]));
        assert!(changed(&policy, &promised, &confirmed(&["updates"])));
        // What they did before, or declined, is no change, whatever is confirmed.
        assert!(!changed(
            &policy,
            &promised,
            &confirmed(&["links", "wifi", "unheard"])
        ));
        let done = given(&[("updates", "did_on_call")]);
        assert!(changed(&policy, &done, &[]));
        assert_eq!(
            to_confirm(&policy, &[promised.clone(), promised].concat()),
            ["updates"]
        );
    }

    #[test]
    fn scales_have_ends() {
        assert_eq!(scale("", 0, 10), Ok(None));
        assert_eq!(scale("0", 0, 10), Ok(Some(0)));
        assert_eq!(scale("10", 0, 10), Ok(Some(10)));
        for wrong in ["11", "-1", "7.5", "many"] {
            assert!(scale(wrong, 0, 10).is_err(), "{wrong}");
        }
    }
}
