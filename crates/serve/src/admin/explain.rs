//! What a question would be answered, over HTTP.

use axum::extract::{Request, State as Shared};
use http::StatusCode;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::admin::questions::Reply;
use crate::admin::reply::{Guest, pairs, response};
use crate::answers::explain::{Explained, PEP, explain};
use crate::app::{self, App};
use crate::problem::Problem;
use crate::schema::Question;

/// The route of this module.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(explained))
}

/// What a question would be answered, and every policy that was looked at. Nobody is let pass, and nothing is recorded.
#[utoipa::path(
    post,
    path = "/v1/decide/explain",
    tag = "decisions",
    security(("token" = ["read"])),
    params(("pep" = Option<String>, Query, description = "The enforcement point that is taken to ask.")),
    request_body = Question,
    responses((status = 200, description = "The answer, with all that was looked at.", body = Explained))
)]
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
