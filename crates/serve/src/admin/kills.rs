//! Ending all sessions and credentials of an identity.

use axum::extract::{Request, State as Shared};
use doorward_model::command::Command;
use doorward_model::record::IdentityKilled;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::admin::commands::{Carried, command, created};
use crate::admin::questions::{Reply, list};
use crate::admin::reply::{Guest, Sent, sent};
use crate::answers::kills::{self, KillRow};
use crate::answers::query::Page;
use crate::app::App;
use crate::problem::Problem;

/// The route of this module.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_kills, kill))
}

/// Whose sessions and credentials were ended.
#[utoipa::path(
    get,
    path = "/v1/kills",
    tag = "kills",
    security(("token" = ["read"])),
    responses((status = 200, description = "A page.", body = Page<KillRow>))
)]
async fn list_kills(Shared(app): Shared<App>, request: Request) -> Reply {
    list(&app, request, &kills::FIELDS, kills::kills).await
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewKill {
    identity: String,
    reason: String,
}

/// Ends all sessions and credentials of an identity that began before now.
#[utoipa::path(
    post,
    path = "/v1/kills",
    tag = "kills",
    security(("token" = ["admin"])),
    request_body = NewKill,
    responses((status = 201, description = "They are ended.", body = KillRow))
)]
async fn kill(Shared(app): Shared<App>, request: Request) -> Reply {
    let (head, body) = request.into_parts();
    let guest = Guest::admin(&app, &head)?;
    let Sent { value: NewKill { identity, reason }, idempotency } = sent(&app, &head, body).await?;
    if identity.is_empty() || reason.trim().is_empty() {
        return Err(Problem::bad("identity and reason must not be empty"));
    }
    let killed = IdentityKilled { identity, up_to_ms: guest.now.ms(), by: guest.name(), reason };
    let done = command(&app, &guest, (Command::KillIdentity(killed), idempotency, None)).await?;
    let (identity, now) = (done.id.clone(), guest.now);
    let row = app.handle.ask(app.waits(), move |state, _| kills::kill(state, &identity, now)).await?;
    match row {
        Some(row) => created("/v1/kills", &row),
        None => created("/v1/kills", &Carried::from(done)),
    }
}
