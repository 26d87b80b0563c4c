//! Health, metrics, and the plain page at the root.

use axum::extract::{Request, State};
use axum::response::{Html, IntoResponse, Response};
use http::{StatusCode, header};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::{App, now};
use crate::door;
use crate::handle::Readiness;
use crate::openapi::{__path_described, described};
use crate::problem::Problem;

/// The routes of this module.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(root))
        .routes(routes!(alive))
        .routes(routes!(ready))
        .routes(routes!(metrics))
        .routes(routes!(described))
}

/// A page for who looks at the server with a browser.
#[utoipa::path(get, path = "/", tag = "server", responses((status = 200, description = "HTML.", body = String)))]
async fn root() -> Html<&'static str> {
    Html(ROOT)
}

/// Whether the process lives.
#[utoipa::path(
    get,
    path = "/health/livez",
    tag = "server",
    responses((status = 200, description = "It does.", body = String))
)]
async fn alive() -> &'static str {
    "alive\n"
}

/// Whether all that the journal holds is folded, and more can be recorded.
#[utoipa::path(
    get,
    path = "/health/readyz",
    tag = "server",
    responses(
        (status = 200, description = "It is.", body = String),
        (status = 503, description = "It is not.", body = String)
    )
)]
async fn ready(State(app): State<App>) -> Response {
    match &*app.handle.ready.borrow() {
        Readiness::Ready => (StatusCode::OK, "ready\n").into_response(),
        Readiness::NotReady(reason) => {
            (StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {reason}\n")).into_response()
        }
    }
}

/// Counts, in the form of OpenMetrics.
///
/// They tell who asks what and how often, so they want a token as well, except from this machine.
#[utoipa::path(
    get,
    path = "/metrics",
    tag = "server",
    security((), ("token" = ["read"])),
    responses((status = 200, description = "The counts.", body = String))
)]
async fn metrics(State(app): State<App>, request: Request) -> Result<Response, Problem> {
    let (head, _) = request.into_parts();
    if !door::is_plainly_local(&head) {
        door::caller(&app, &head.headers, now())?.reader().map_err(door::Shut::from)?;
    }
    let failed = |_| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "the counts cannot be written");
    let text = app.handle.metrics.text().map_err(failed)?;
    Ok(([(header::CONTENT_TYPE, OPEN_METRICS)], text).into_response())
}

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

const ROOT: &str = include_str!("root.html");
