//! What a page says about the change that led to it. The address carries a word of a fixed list,
//! never the text itself.

use axum::http::header;
use axum::response::{IntoResponse, Redirect, Response};
use web::parts::{Notice, words};

/// Goes on to a page that will say what was done, to how many.
pub fn go(to: &str, done: &str, count: u64) -> Response {
    let join = if to.contains('?') { '&' } else { '?' };
    let to = format!("{to}{join}done={done}&count={count}");
    ([(header::CACHE_CONTROL, "no-store")], Redirect::to(&to)).into_response()
}

/// The notice an address asks for.
pub fn notice(pairs: &[(String, String)]) -> Option<Notice> {
    let of = |name: &str| {
        pairs
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, v)| v.as_str())
    };
    let count: u64 = of("count").and_then(|c| c.parse().ok()).unwrap_or(0);
    let victims = words::plural(count, "victim", "victims");
    Some(match of("done")? {
        "take" if count == 1 => Notice::success("You took 1 victim. It is under Mine."),
        "take" => Notice::success(format!("You took {victims}. They are under Mine.")),
        "allocate" => Notice::success(format!("You allocated {victims}.")),
        "some" => Notice::warning(format!(
            "{victims} moved. The others were changed by somebody else first: check them below."
        )),
        "none" => Notice::warning("Select at least one victim first."),
        "taken" => Notice::success("You took this victim. Call when you are ready."),
        "released" => Notice::success("Back on the call list, for anybody to call."),
        "advised" => Notice::success("Advice recorded. The duty is done."),
        "ended" => Notice::success("Recorded. The duty has ended."),
        "recorded" => Notice::success("Contact recorded. The next step is on the call page."),
        "drafted" => Notice::success("Saved. Only you see it, and it waits here until you go on."),
        "needs" => Notice::success("Safe contact saved. Every caller sees it before dialling."),
        "assessed" => Notice::success("Assessment saved."),
        "planned" => Notice::success("Added to the plan."),
        "action_done" => Notice::success("The action is recorded as done."),
        "refused" => Notice::success("Refusal recorded. Support is offered once more later."),
        "referred" => Notice::success("Referral saved."),
        "referral_answered" => Notice::success("The answer to the referral is saved."),
        "decided" => Notice::success("The victim's decisions are saved."),
        "code" => Notice::success("Saved. The clocks are counted again."),
        "escalated" => Notice::success("A supervisor sees your question now."),
        _ => return None,
    })
}
