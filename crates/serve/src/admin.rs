//! The admin API under `/v1/`: questions need the scope `read`, commands `admin`.

mod commands;
mod explain;
mod heads;
mod imports;
mod kills;
pub(crate) mod privilege;
mod questions;
mod reply;
mod trend;

use utoipa_axum::router::OpenApiRouter;

use crate::app::App;

/// The routes of the admin API.
pub(crate) fn routes() -> OpenApiRouter<App> {
    questions::routes()
        .merge(commands::routes())
        .merge(kills::routes())
        .merge(explain::routes())
        .merge(heads::routes())
        .merge(trend::routes())
        .merge(imports::routes())
        .merge(privilege::routes())
}
