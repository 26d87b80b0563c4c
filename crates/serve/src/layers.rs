//! What surrounds every route: the echo of request ids, headers that keep browsers in check, counts, one log line.

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode};

use crate::app::{App, now};
use crate::metrics;
use crate::problem::Problem;

/// The routes with all that surrounds them.
pub(crate) fn around(routes: Router, app: App) -> Router {
    let missing = || async { Problem::new(StatusCode::NOT_FOUND, "there is nothing at this path") };
    let wrong = || async { Problem::new(StatusCode::METHOD_NOT_ALLOWED, "this path has no such method") };
    routes.fallback(missing).method_not_allowed_fallback(wrong).layer(from_fn_with_state(app, surround))
}

async fn surround(State(app): State<App>, request: Request, next: Next) -> Response {
    let started = now();
    let request_id = request.headers().get(&REQUEST_ID).cloned();
    let method = request.method().clone();
    // The pattern and not the path, which may hold what only the asker should see.
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
    let mut response = match stale(&app, &request) {
        Some(refusal) => refusal,
        None => next.run(request).await,
    };
    let status = response.status().as_u16();
    let headers = response.headers_mut();
    if let Some(id) = request_id {
        headers.insert(REQUEST_ID, id);
    }
    for (name, value) in HEADERS {
        headers.entry(name).or_insert(value);
    }
    let took_ms = (now() - started).0;
    tracing::debug!(%method, route, status, took_ms, "answered");
    app.handle.metrics.requests.get_or_create(&metrics::Request { route, status }).inc();
    response
}

/// Refuses a request that asks for an answer that has seen more than is known here. An error of AuthZEN is a string.
fn stale(app: &App, request: &Request) -> Option<Response> {
    let asked = request.headers().get(&MIN_FACT)?;
    let seen = app.handle.world.load().snapshot.fact_number;
    let asked = asked.to_str().ok().and_then(|text| text.parse::<u64>().ok());
    let (status, said) = match asked {
        Some(least) if least <= seen.0 => return None,
        Some(least) => {
            (StatusCode::SERVICE_UNAVAILABLE, format!("fact {least} is not known here yet, only {seen}"))
        }
        None => (StatusCode::BAD_REQUEST, format!("{MIN_FACT} is no number of a fact")),
    };
    let problem = Problem::new(status, said.clone());
    if !request.uri().path().starts_with("/access/") {
        return Some(problem.into_response());
    }
    let mut response = (status, axum::Json(said)).into_response();
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(http::header::RETRY_AFTER, HeaderValue::from_static("1"));
    }
    Some(response)
}

/// The last fact that an answer must have seen, at least: what a command answered as `fact`, or a decision as `seen`.
pub(crate) const MIN_FACT: HeaderName = HeaderName::from_static("doorward-min-fact");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

const HEADERS: [(HeaderName, HeaderValue); 6] = [
    (http::header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (
        http::header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"),
    ),
    (http::header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (http::header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (http::header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
];
