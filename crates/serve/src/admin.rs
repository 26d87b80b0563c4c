//! The admin API under `/v1/`: questions need the scope `read`, commands `admin`.

mod commands;
mod explain;
mod kills;
mod openapi;
mod questions;
mod reply;

use axum::Router;

use crate::app::App;

/// The routes of the admin API.
pub(crate) fn routes() -> Router<App> {
    questions::routes()
        .merge(commands::routes())
        .merge(kills::routes())
        .merge(explain::routes())
        .merge(openapi::routes())
}
