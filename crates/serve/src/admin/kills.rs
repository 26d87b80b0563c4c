//! Ending all sessions and credentials of an identity, and taking that back.

use axum::extract::{Path, Request, State as Shared};
use doorward_model::command::Command;
use doorward_model::record::{IdentityKilled, IdentityRevived};
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::admin::commands::{Because, Carried, command, created, versioned};
use crate::admin::questions::{Kind, Reply, list, show};
use crate::admin::reply::{Guest, Sent, condition, json, sent};
use crate::answers::kills::{self, KillRow};
use crate::answers::query::Page;
use crate::answers::version;
use crate::app::App;
use crate::problem::Problem;

/// The routes of this module.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_kills, kill)).routes(routes!(show_kill)).routes(routes!(revive))
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

/// That the sessions and credentials of an identity were ended, and where that bites.
#[utoipa::path(
    get,
    path = "/v1/kills/{identity}",
    tag = "kills",
    security(("token" = ["read"])),
    params(("identity" = String, Path, description = ENCODED)),
    responses((status = 200, description = "The kill.", body = KillRow))
)]
async fn show_kill(Shared(app): Shared<App>, Path(identity): Path<String>, request: Request) -> Reply {
    show(&app, request, (KILL, identity), kills::kill).await
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewKill {
    identity: String,
    reason: String,
}

/// Ends all sessions and credentials of an identity that began before now, until that is taken back.
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

/// Lifts the kill of an identity: what it ended, and has not ended otherwise, may pass again.
#[utoipa::path(
    post,
    path = "/v1/kills/{identity}/revive",
    tag = "kills",
    security(("token" = ["admin"])),
    params(("identity" = String, Path, description = ENCODED)),
    request_body = Because,
    responses((status = 200, description = "The kill is lifted.", body = Carried))
)]
async fn revive(Shared(app): Shared<App>, Path(identity): Path<String>, request: Request) -> Reply {
    let (head, body) = request.into_parts();
    let guest = Guest::admin(&app, &head)?;
    let Sent { value: Because { reason }, idempotency } = sent(&app, &head, body).await?;
    if reason.trim().is_empty() {
        return Err(Problem::bad("reason must not be empty"));
    }
    let condition = condition(&head, versioned(KILL, &identity))?;
    let revived = IdentityRevived { identity, by: guest.name(), reason };
    let done = command(&app, &guest, (Command::ReviveIdentity(revived), idempotency, condition)).await?;
    json(StatusCode::OK, &Carried::from(done))
}

const KILL: Kind = Kind { what: "kill", version: Some(version::kill) };
const ENCODED: &str = "The id of the identity, percent-encoded where it holds slashes.";
