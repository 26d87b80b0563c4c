//! What a question would be answered, over HTTP.

use axum::Router;
use axum::extract::{Request, State as Shared};
use axum::routing::post;
use http::StatusCode;

use crate::admin::questions::Reply;
use crate::admin::reply::{Guest, pairs, response};
use crate::answers::explain::{PEP, explain};
use crate::app::{self, App};
use crate::problem::Problem;

/// The route of this module.
pub(crate) fn routes() -> Router<App> {
    Router::new().route("/v1/decide/explain", post(explained))
}

async fn explained(Shared(app): Shared<App>, request: Request) -> Reply {
    let (head, body) = request.into_parts();
    let guest = Guest::reader(&app, &head)?;
    if !app::is_json(&head.headers) {
        return Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "the content type is not application/json",
        ));
    }
    let name = match pairs(&head)?.as_slice() {
        [] => PEP.to_owned(),
        [(field, name)] if field == "pep" => name.clone(),
        _ => return Err(Problem::bad("expected ?pep=NAME or nothing")),
    };
    let body = app.body(body, app.settings.limits.body_bytes_max).await?;
    let pep = app.handle.peps.load().find(&name);
    let world = app.handle.world.load();
    let explained = explain((&world, &pep), &body, app.settings.limits.depth_max, guest.now);
    Ok(response(StatusCode::OK, explained.map_err(Problem::bad)?.into()))
}
