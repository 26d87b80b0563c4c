//! The description of the API. It needs no token: it stands in the source code as well.

use axum::Router;
use axum::routing::get;
use http::header;

use crate::app::App;

/// The route of this module.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/openapi.json", get(|| async { ([(header::CONTENT_TYPE, "application/json")], OPENAPI) }))
}

/// Held against the routes by a test.
const OPENAPI: &str = include_str!("openapi.json");
