use super::harness::{PASSWORD, on_both};

#[test]
fn nobody_sees_anything_without_signing_in() {
    on_both(|site| async move {
        let page = site.get("/").await;
        page.is(303);
        assert!(
            page.location
                .as_deref()
                .unwrap()
                .starts_with("/sign-in?next=")
        );
        site.get("/sign-in").await.is(200).has("Password");
        site.get("/api/openapi.json")
            .await
            .is(401)
            .has("Authorization: Bearer");
        site.get("/health").await.is(200);
    });
}

#[test]
fn a_wrong_password_locks_for_a_time_that_doubles() {
    on_both(|site| async move {
        let purpose = "Victim care";
        let wrong = [
            ("user", "victim_care"),
            ("password", "wrong"),
            ("purpose", purpose),
        ];
        for _ in 0..5 {
            site.post("/sign-in", &wrong)
                .await
                .is(422)
                .has("username and password again");
        }
        let right = [
            ("user", "victim_care"),
            ("password", PASSWORD),
            ("purpose", purpose),
        ];
        site.post("/sign-in", &right)
            .await
            .is(422)
            .has("locked for a while");
        site.clock.set(site.app.now().plus_minutes(2));
        site.post("/sign-in", &right).await.is(303);
        let unknown = [
            ("user", "nobody"),
            ("password", "wrong"),
            ("purpose", purpose),
        ];
        site.post("/sign-in", &unknown)
            .await
            .is(422)
            .has("username and password again");
    });
}

#[test]
fn sessions_end_when_idle_when_old_and_when_signed_out() {
    on_both(|site| async move {
        let visitor = site.sign_in("auditor").await;
        visitor.get("/api").await.is(200);
        site.clock.set(site.app.now().plus_minutes(31));
        visitor.get("/api").await.is(303);
        let visitor = site.sign_in("auditor").await;
        visitor
            .post_bare("/sign-out", &[])
            .await
            .is(400)
            .has("earlier session");
        visitor.get("/api").await.is(200);
        visitor.post("/sign-out", &[]).await.is(303);
        visitor.get("/api").await.is(303);
    });
}

#[test]
fn tokens_do_only_what_they_are_for() {
    on_both(|site| async move {
        let token = site.token("auditor", &["person.list"]).await;
        site.call("GET", "/api/openapi.json", &token, None)
            .await
            .is(200)
            .has("openapi");
        site.call("GET", "/api/openapi.json", "wrong", None)
            .await
            .is(401);
    });
}

#[test]
fn single_key_shortcuts_are_turned_off_and_on_again() {
    on_both(|site| async move {
        let officer = site.sign_in("triage_officer").await;
        let other = site.sign_in("detective_inspector").await;
        let off = "data-shortcuts=\"off\"";
        let page = officer.get("/inbox?sort=newest").await;
        page.lacks(off).has("Turn single-key shortcuts off");
        let back = page.field("back");
        let choose = async |keys: &str| {
            officer
                .post("/shortcuts", &[("keys", keys), ("back", &back)])
                .await
        };
        let done = choose("off").await;
        done.is(303);
        assert_eq!(done.location.as_deref(), Some("/inbox?sort=newest"));
        // Kept with the person: every page, and the next session too.
        officer
            .get("/victim-care")
            .await
            .has(off)
            .has("Turn single-key shortcuts on");
        site.sign_in("triage_officer")
            .await
            .get("/inbox")
            .await
            .has(off);
        other.get("/inbox").await.lacks(off);
        choose("on").await.is(303);
        officer.get("/inbox").await.lacks(off);

        choose("maybe").await.is(400).has("Choose on or off.");
        let away = [("keys", "on"), ("back", "https://elsewhere.example")];
        let done = officer.post("/shortcuts", &away).await;
        assert_eq!(done.location.as_deref(), Some("/"));
        officer
            .post_bare("/shortcuts", &[("keys", "off")])
            .await
            .is(400)
            .has("earlier session");
        site.post("/shortcuts", &[("keys", "off")]).await.is(303);
        officer.get("/inbox").await.lacks(off);
    });
}

#[test]
fn what_is_wrong_is_said_at_its_field() {
    on_both(|site| async move {
        let nobody = [("user", ""), ("password", ""), ("purpose", "Victim care")];
        site.post("/sign-in", &nobody)
            .await
            .is(422)
            .has("<a href=\"#user\">Enter your username and password</a>")
            .has("aria-describedby=\"user-error\"")
            .lacks("purpose-error");
        let aimless = [("user", "auditor"), ("password", PASSWORD)];
        site.post("/sign-in", &aimless)
            .await
            .is(422)
            .has("<a href=\"#purpose\">Choose what you are signing in for</a>")
            .has("aria-describedby=\"purpose-hint purpose-error\"")
            .lacks("user-error");
    });
}

#[test]
fn a_page_offers_only_what_the_person_may_do() {
    on_both(|site| async move {
        let (search, record) = ("action=\"/search\"", "href=\"/reports/new\"");
        let officer = site.sign_in("triage_officer").await;
        officer.get("/inbox").await.has(search).has(record);
        let analyst = site.sign_in("analyst").await;
        analyst.get("/inbox").await.has(search).lacks(record);
        let caller = site.sign_in("victim_care").await;
        let page = caller.get("/victim-care").await;
        page.has(search)
            .has(record)
            .has("/strategy/PROTECT-06/names");
        let partner = site.sign_in("partner_caller").await;
        let page = partner.get("/victim-care").await;
        page.lacks(search)
            .lacks(record)
            .lacks("/strategy/PROTECT-06/names");
    });
}
