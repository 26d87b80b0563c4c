//! Signed heads of the journal, to be kept elsewhere.

use axum::extract::{Request, State as Shared};
use http::StatusCode;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::admin::questions::{Reply, failed};
use crate::admin::reply::{Guest, query, tagged};
use crate::answers::heads::{self, HeadRow};
use crate::answers::query::Page;
use crate::app::App;
use crate::problem::Problem;

/// The routes of signed heads.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(show_head)).routes(routes!(list_heads))
}

/// The newest head of the journal that was signed. Kept elsewhere, it shows later whether the journal still holds what
/// it held then: `doorward verify --head`.
#[utoipa::path(
    get,
    path = "/v1/journal/head",
    tag = "journal",
    security(("token" = ["read"])),
    responses((status = 200, description = "The signed head.", body = HeadRow))
)]
async fn show_head(Shared(app): Shared<App>, request: Request) -> Reply {
    let (head, _) = request.into_parts();
    Guest::reader(&app, &head)?;
    query(&app, &head, &[])?.now_only()?;
    let found = app.handle.ask(app.waits(), |_, journal| (heads::newest(journal), heads::seen(journal)));
    let (newest, seen) = found.await?;
    let newest = newest.map_err(|error| failed(&error))?;
    let newest = newest.ok_or_else(|| Problem::new(StatusCode::NOT_FOUND, NONE_YET))?;
    tagged(&head, &seen, &newest)
}

/// The heads of the journal that were signed, the newest first.
#[utoipa::path(
    get,
    path = "/v1/journal/heads",
    tag = "journal",
    security(("token" = ["read"])),
    responses((status = 200, description = "A page.", body = Page<HeadRow>))
)]
async fn list_heads(Shared(app): Shared<App>, request: Request) -> Reply {
    let (head, _) = request.into_parts();
    Guest::reader(&app, &head)?;
    let query = query(&app, &head, &[])?;
    query.now_only()?;
    let asked = (heads::up_to(&query)?, query.limit);
    let page = app.handle.ask(app.waits(), move |_, journal| heads::heads(journal, asked)).await?;
    let page = page.map_err(|error| failed(&error))?;
    tagged(&head, &page.seen, &page)
}

const NONE_YET: &str =
    "no head of the journal is signed yet: one is at each checkpoint, and when the server stops";
