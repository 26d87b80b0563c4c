//! Inventory exports that are sent in.

use axum::extract::{Request, State as Shared};
use doorward_model::command::Command;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::admin::commands::{Carried, command};
use crate::admin::questions::Reply;
use crate::admin::reply::{Guest, json};
use crate::app::App;
use crate::handle::{Pushed, Work};
use crate::ingest::{Packing, Rejects, read, unpack};
use crate::problem::Problem;

/// The routes of this module.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(import))
}

/// What an import led to.
#[derive(Debug, Serialize, ToSchema)]
struct Imported {
    accounts: Vec<Carried>,
    #[serde(flatten)]
    rejects: Rejects,
}

/// Takes in inventory exports, each account whole or not at all.
///
/// A policy document that does not parse is kept, and shown as a reject.
#[utoipa::path(
    post,
    path = "/v1/imports",
    tag = "identities",
    security(("token" = ["admin"])),
    request_body = serde_json::Value,
    responses((status = 200, description = "The accounts are taken in.", body = Imported))
)]
async fn import(Shared(app): Shared<App>, request: Request) -> Reply {
    let (head, body) = request.into_parts();
    let guest = Guest::admin(&app, &head)?;
    let packing = Packing::of(&head.headers)?;
    let limits = app.settings.limits;
    let body = app.body(body, limits.ingest_bytes_max).await?;
    let reading = tokio::task::spawn_blocking(move || {
        unpack(&body, packing, limits.unpacked_bytes_max).map(|bytes| read(IMPORT, &bytes))
    });
    let stopped = |_| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "the export could not be read");
    let contents = reading.await.map_err(stopped)??;
    if let Some(reject) = contents.rejects.first() {
        let said = format!("nothing was taken in: {}", reject.reason);
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, said));
    }
    if contents.exports.is_empty() || !contents.events.is_empty() {
        return Err(Problem::bad(
            "expected inventory, such as the output of get-account-authorization-details, and nothing else",
        ));
    }
    let (mut accounts, mut rejects) = (Vec::new(), Vec::new());
    for export in contents.exports {
        rejects.extend(export.rejects.iter().cloned());
        let done = command(&app, &guest, (Command::Import(Box::new(export)), None, None)).await?;
        accounts.push(Carried::from(done));
    }
    let shown = Rejects::of(&rejects);
    if !rejects.is_empty() {
        let events = Pushed::of(IMPORT, Vec::new(), rejects, guest.now);
        app.handle.request(app.waits(), |reply| Work::Ingest { events, reply }).await?;
    }
    json(StatusCode::OK, &Imported { accounts, rejects: shown })
}

/// What an export is called among the sources of rejects.
const IMPORT: &str = "import";
