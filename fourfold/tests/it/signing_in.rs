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
