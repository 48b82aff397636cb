//! The router, derived from the capabilities: each route behind its act, each error as a page or
//! as an API problem.

use askama::Template;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{MethodRouter, get};
use axum::{Json, Router};
use record::access::{Act, Resource};
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::api::Problem;
use crate::app::App;
use crate::error::Error;
use crate::identify::{self, SignedIn};
use crate::{about, assets, headers, parts, render, shortcuts, sign_in};

/// Most bytes of a request that is not an upload. Upload routes set their own.
const MOST_BYTES: usize = 4 * 1024 * 1024;

/// Everything the product serves.
pub fn router(app: &App) -> Router {
    let mut pages: Router<App> = Router::new();
    for capability in app.capabilities() {
        for route in capability.routes {
            pages = pages.route(route.path, guarded(app, (route.make)(), route.act));
        }
    }
    let own = sign_in::routes().into_iter().chain(shortcuts::routes());
    for (path, route) in own.chain(about::routes()) {
        pages = pages.route(path, route);
    }
    let (api, _) = api_router(app).split_for_parts();
    pages
        .merge(api)
        .route("/", get(home))
        .route("/api", get(api_page))
        .route("/api/openapi.json", get(api_document))
        .route("/health", get(|| async { "ok" }))
        .fallback(|| async { Error::NotFound })
        .layer(middleware::from_fn_with_state(app.clone(), explain))
        .layer(middleware::from_fn_with_state(
            app.clone(),
            identify::recognise,
        ))
        .layer(DefaultBodyLimit::max(MOST_BYTES))
        .route("/assets/{file}", get(assets::serve))
        // Pages are made anew each time: more effort costs more than it saves on a force's network.
        .layer(CompressionLayer::new().quality(CompressionLevel::Fastest))
        .layer(middleware::from_fn(headers::secure))
        .with_state(app.clone())
}

fn api_router(app: &App) -> OpenApiRouter<App> {
    let mut api = OpenApiRouter::with_openapi(openapi_head(app));
    for capability in app.capabilities() {
        for route in capability.api {
            let act = route.act;
            let guard = Guard {
                app: app.clone(),
                act,
            };
            let one = (route.make)().route_layer(middleware::from_fn_with_state(guard, permit));
            api = api.nest("/api/v1", one);
        }
    }
    api
}

/// The description of the API as assembled.
pub fn openapi(app: &App) -> OpenApi {
    let (_, mut document) = api_router(app).split_for_parts();
    for capability in app.capabilities() {
        for route in capability.api {
            let path = format!("/api/v1{}", route.path);
            if let Some(item) = document.paths.paths.get_mut(&path) {
                let operations = [
                    &mut item.get,
                    &mut item.post,
                    &mut item.put,
                    &mut item.delete,
                ];
                for operation in operations.into_iter().flatten() {
                    let act = serde_json::json!(route.act.name);
                    operation
                        .extensions
                        .get_or_insert_with(Default::default)
                        .insert("x-act".to_owned(), act);
                    operation.tags = Some(vec![capability.title.to_owned()]);
                }
            }
        }
    }
    document
}

fn openapi_head(app: &App) -> OpenApi {
    use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
    use utoipa::openapi::{ComponentsBuilder, InfoBuilder, OpenApiBuilder};
    OpenApiBuilder::new()
        .info(
            InfoBuilder::new()
                .title(format!("Fourfold at {}", app.force().name))
                .version("1")
                .description(Some(
                    "Every call needs a token limited to the acts it is for. Every call that \
                     shows or changes a record is entered in the ledger.",
                ))
                .build(),
        )
        .components(Some(
            ComponentsBuilder::new()
                .security_scheme(
                    "token",
                    SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)),
                )
                .build(),
        ))
        .security(Some([SecurityRequirement::new(
            "token",
            Vec::<String>::new(),
        )]))
        .build()
}

#[derive(Clone)]
struct Guard {
    app: App,
    act: &'static Act,
}

fn guarded(app: &App, route: MethodRouter<App>, act: &'static Act) -> MethodRouter<App> {
    route.route_layer(middleware::from_fn_with_state(
        Guard {
            app: app.clone(),
            act,
        },
        permit,
    ))
}

/// Closes a route to whoever may not do its act to anything at all.
async fn permit(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    let Some(who) = request.extensions().get::<SignedIn>() else {
        let next = request
            .uri()
            .path_and_query()
            .map(ToString::to_string)
            .unwrap_or_default();
        return Error::SignIn { next }.into_response();
    };
    let any = Resource::of("route", request.uri().path()).of_unit(who.actor.unit.clone());
    if let Err(refused) = who.actor.permit(guard.act, &any, "") {
        if let Err(error) = guard.app.store().note_refusal(refused.attempt()).await {
            return Error::from(error).into_response();
        }
        return Error::from(refused).into_response();
    }
    next.run(request).await
}

/// The first page of the menu the person may open.
async fn home(State(app): State<App>, who: SignedIn) -> Response {
    let page = who.page(&app, "", "");
    match page.nav.first() {
        Some(first) => Redirect::to(&first.href).into_response(),
        None => Error::Refused {
            what: "open any page".to_owned(),
            roles: vec![],
        }
        .into_response(),
    }
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage {
    page: parts::Page,
    lines: Vec<String>,
    href: String,
    link: String,
}

/// Turns an [`Error`] into what its reader understands: a page, a redirect to sign-in, a problem.
async fn explain(State(app): State<App>, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let who = request.extensions().get::<SignedIn>().cloned();
    let response = next.run(request).await;
    let Some(error) = response.extensions().get::<Error>().cloned() else {
        return response;
    };
    if path.starts_with("/api/") {
        return Problem::of(&error);
    }
    if let Error::SignIn { next } = &error {
        let next: String = percent(next);
        return Redirect::to(&format!("/sign-in?next={next}")).into_response();
    }
    let page = who.map_or_else(
        || identify::plain_page(&app, "There is a problem"),
        |who| who.page(&app, "There is a problem", ""),
    );
    let page = error_page(&app, page, &error);
    render::html_with(error.status(), &page).unwrap_or_else(|_| {
        (
            StatusCode::INTERNAL_SERVER_ERROR,
            "Sorry, there is a problem with the service",
        )
            .into_response()
    })
}

fn error_page(app: &App, mut page: parts::Page, error: &Error) -> ErrorPage {
    let (heading, lines): (&str, Vec<String>) = match error {
        Error::NotFound => (
            "Page not found",
            vec![
                "Check the address. The record may not exist, or may not be open to you."
                    .to_owned(),
            ],
        ),
        Error::Refused { what, roles } => {
            let mut lines = vec![format!("Your role does not let you do this: {what}.")];
            if !roles.is_empty() {
                lines.push(format!("Roles that may: {}.", roles.join(", ")));
                lines.push(
                    "Ask your supervisor if you need it. The attempt is recorded.".to_owned(),
                );
            }
            ("You cannot open this page", lines)
        }
        Error::Conflict { what, .. } => ("Somebody was first", vec![sentence(what)]),
        Error::BadRequest(message) => ("This did not work", vec![sentence(message)]),
        Error::TooLarge(message) => ("This is too large", vec![sentence(message)]),
        Error::SignIn { .. } => ("Sign in to go on", vec![]),
        Error::Internal { reference } => (
            "Sorry, there is a problem with the service",
            vec![
                "Nothing you entered before this page is lost. Try again in a moment.".to_owned(),
                format!(
                    "If it goes on, call {} and give reference {reference}.",
                    app.force().help
                ),
            ],
        ),
    };
    heading.clone_into(&mut page.title);
    let (href, link) = match error {
        Error::Conflict { href, .. } if !href.is_empty() => {
            (href.clone(), "See how it stands now".to_owned())
        }
        _ => (String::new(), String::new()),
    };
    ErrorPage {
        page,
        lines,
        href,
        link,
    }
}

/// A remedy as a sentence of a page; as a problem of the API it stays as it is.
fn sentence(text: &str) -> String {
    format!("{}.", parts::words::capital(text))
}

fn percent(text: &str) -> String {
    serde_html_form::to_string([("n", text)])
        .ok()
        .and_then(|t| t.strip_prefix("n=").map(str::to_owned))
        .unwrap_or_default()
}

async fn api_document(State(app): State<App>, _: SignedIn) -> Response {
    ([(header::CACHE_CONTROL, "no-store")], Json(openapi(&app))).into_response()
}

struct ApiParameter {
    name: String,
    place: String,
    meaning: String,
}

struct ApiCall {
    method: &'static str,
    path: String,
    summary: String,
    description: String,
    act: String,
    parameters: Vec<ApiParameter>,
    answers: Vec<(String, String)>,
}

struct ApiGroup {
    title: String,
    calls: Vec<ApiCall>,
}

#[derive(Template)]
#[template(path = "api.html")]
struct ApiPage {
    page: parts::Page,
    groups: Vec<ApiGroup>,
}

async fn api_page(State(app): State<App>, who: SignedIn) -> Result<Response, Error> {
    let document = serde_json::to_value(openapi(&app)).map_err(|e| Error::internal(&e))?;
    let mut groups: Vec<ApiGroup> = Vec::new();
    let empty = serde_json::Map::new();
    for (path, item) in document["paths"].as_object().unwrap_or(&empty) {
        for (method, key) in [
            ("GET", "get"),
            ("POST", "post"),
            ("PUT", "put"),
            ("DELETE", "delete"),
        ] {
            let Some(operation) = item.get(key) else {
                continue;
            };
            let title = operation["tags"][0].as_str().unwrap_or("Other").to_owned();
            let call = api_call(method, path, operation);
            match groups.iter_mut().find(|g| g.title == title) {
                Some(group) => group.calls.push(call),
                None => groups.push(ApiGroup {
                    title,
                    calls: vec![call],
                }),
            }
        }
    }
    render::html(&ApiPage {
        page: who.page(&app, "API", "/api"),
        groups,
    })
}

fn api_call(method: &'static str, path: &str, operation: &serde_json::Value) -> ApiCall {
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let parameters = operation["parameters"]
        .as_array()
        .map_or_else(Vec::new, |list| {
            list.iter()
                .map(|p| ApiParameter {
                    name: text(&p["name"]),
                    place: text(&p["in"]),
                    meaning: text(&p["description"]),
                })
                .collect()
        });
    let answers = operation["responses"]
        .as_object()
        .map_or_else(Vec::new, |all| {
            all.iter()
                .map(|(status, a)| (status.clone(), text(&a["description"])))
                .collect()
        });
    ApiCall {
        method,
        path: path.to_owned(),
        summary: text(&operation["summary"]),
        description: text(&operation["description"]),
        act: text(&operation["x-act"]),
        parameters,
        answers,
    }
}
