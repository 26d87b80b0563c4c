//! How much the inventory made possible, day by day.

use axum::extract::{Request, State as Shared};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::admin::questions::{Reply, ask};
use crate::admin::reply::{Guest, query, tagged};
use crate::answers::query::Page;
use crate::answers::trend::{self, TrendRow};
use crate::app::App;

/// The route of the trend.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_trend))
}

/// How much the inventory made possible, the newest point first: one a day, and one after each import.
#[utoipa::path(
    get,
    path = "/v1/privilege/trend",
    tag = "privilege",
    security(("token" = ["read"])),
    responses((status = 200, description = "A page.", body = Page<TrendRow>))
)]
async fn list_trend(Shared(app): Shared<App>, request: Request) -> Reply {
    let (head, _) = request.into_parts();
    let Guest { now, .. } = Guest::reader(&app, &head)?;
    let query = query(&app, &head, &[])?;
    let page = ask(&app, (query.as_of, now), move |state, _| trend::trend(state, &query)).await??;
    tagged(&head, &page.seen, &page)
}
