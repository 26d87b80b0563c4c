//! Health, metrics, and the plain page at the root.

use axum::Router;
use axum::extract::{Request, State};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use http::{StatusCode, header};

use crate::app::{App, now};
use crate::door;
use crate::problem::Problem;

/// The routes of this module.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/", get(|| async { Html(ROOT) }))
        .route("/health/livez", get(|| async { "alive\n" }))
        .route("/health/readyz", get(ready))
        .route("/metrics", get(metrics))
}

async fn ready(State(app): State<App>) -> Response {
    if *app.handle.ready.borrow() {
        (StatusCode::OK, "ready\n").into_response()
    } else {
        (
            StatusCode::SERVICE_UNAVAILABLE,
            "not ready: the journal is still being read, or cannot be written\n",
        )
            .into_response()
    }
}

/// Counts tell who asks what and how often, so they want a token as well, except from this machine.
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
