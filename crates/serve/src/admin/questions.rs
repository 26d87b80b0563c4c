//! Questions.

use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{Path, Request, State as Shared};
use axum::response::Response;
use axum::routing::get;
use doorward_journal::JournalError;
use doorward_model::time::Time;
use doorward_views::state::State;
use http::StatusCode;
use http::request::Parts as Head;
use serde::Serialize;

use crate::admin::reply::{Guest, json, pairs, query, tagged};
use crate::answers::events::{Look, Place, Wanted, look};
use crate::answers::query::{Page, Query, QueryError};
use crate::answers::status::{Status, status};
use crate::answers::who::{Depth, who};
use crate::answers::{events, findings, identities, rest};
use crate::app::App;
use crate::handle::WorkError;
use crate::problem::Problem;
use crate::upkeep::UpkeepRow;

/// A reply, or why there is none.
pub(crate) type Reply = Result<Response, Problem>;

/// The routes of questions. Those of things that can be commanded, too, stand with the commands.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/v1/identities", get(list_identities))
        .route("/v1/identities/{*id}", get(show_identity))
        .route("/v1/findings", get(list_findings))
        .route("/v1/findings/{*id}", get(show_finding))
        .route("/v1/events", get(list_events))
        .route("/v1/who", get(whose))
        .route("/v1/peps", get(list_peps))
        .route("/v1/status", get(show_status))
}

async fn list_identities(Shared(app): Shared<App>, request: Request) -> Reply {
    list(&app, request, &identities::FIELDS, identities::identities).await
}

async fn show_identity(Shared(app): Shared<App>, Path(id): Path<String>, request: Request) -> Reply {
    show(&app, request, ("identity", id), identities::identity).await
}

async fn list_findings(Shared(app): Shared<App>, request: Request) -> Reply {
    let narrate = app.handle.narrate;
    list(&app, request, &findings::FIELDS, move |state, query, _| findings::findings(state, query, narrate))
        .await
}

async fn show_finding(Shared(app): Shared<App>, Path(id): Path<String>, request: Request) -> Reply {
    let narrate = app.handle.narrate;
    show(&app, request, ("finding", id), move |state, id, _| findings::finding(state, id, narrate)).await
}

async fn list_peps(Shared(app): Shared<App>, request: Request) -> Reply {
    list(&app, request, &rest::PEP_FIELDS, |state, query, _| rest::peps(state, query)).await
}

/// Answers with a page.
pub(crate) async fn list<T: Serialize + Send + 'static>(
    app: &App,
    request: Request,
    fields: &[&str],
    answer: impl FnOnce(&State, &Query, Time) -> Result<Page<T>, QueryError> + Send + 'static,
) -> Reply {
    let (head, _) = request.into_parts();
    let Guest { now, .. } = Guest::reader(app, &head)?;
    let query = query(app, &head, fields)?;
    let page = app.handle.ask(app.waits(), move |state, _| answer(state, &query, now)).await??;
    json(StatusCode::OK, &page)
}

/// Answers with one thing.
pub(crate) async fn show<T: Serialize + Send + 'static>(
    app: &App,
    request: Request,
    (what, id): (&'static str, String),
    answer: impl FnOnce(&State, &str, Time) -> Option<T> + Send + 'static,
) -> Reply {
    let (head, _) = request.into_parts();
    let Guest { now, .. } = Guest::reader(app, &head)?;
    let asked = id.clone();
    let thing = app.handle.ask(app.waits(), move |state, _| answer(state, &asked, now)).await?;
    tagged(&head, &thing.ok_or_else(|| Problem::not_found(what, &id))?)
}

/// The writer looks at a few rows at a time, so that events and commands are not kept waiting.
async fn list_events(Shared(app): Shared<App>, request: Request) -> Reply {
    let (head, _) = request.into_parts();
    Guest::reader(&app, &head)?;
    let query = query(&app, &head, &events::FIELDS)?;
    let wanted = Wanted::read(&query)?;
    let mut next = query.cursor.as_deref().map(Place::read).transpose()?;
    let began = Instant::now();
    let mut items = Vec::new();
    loop {
        let (wanted, limit) = (wanted.clone(), query.limit - items.len());
        let found = app.handle.ask(app.waits(), move |_, journal| {
            let from = next.unwrap_or_else(|| Place::end(journal));
            look(journal, &wanted, from, limit).map(|look| (look, journal.head().fact))
        });
        let (Look { items: more, next: rest }, seen) = found.await?.map_err(|error| failed(&error))?;
        items.extend(more);
        next = rest;
        if next.is_none() || items.len() >= query.limit || began.elapsed() > LOOKING_MAX {
            let page = Page { items, next_cursor: next.map(Place::cursor), seen };
            return json(StatusCode::OK, &page);
        }
    }
}

async fn whose(Shared(app): Shared<App>, request: Request) -> Reply {
    let (head, _) = request.into_parts();
    let Guest { now, .. } = Guest::reader(&app, &head)?;
    let asked = asked(&head)?;
    let found =
        app.handle.ask(app.waits(), move |state, journal| who(state, journal, (&asked, Depth::Recent), now));
    json(StatusCode::OK, &found.await?.map_err(|error| failed(&error))?)
}

async fn show_status(Shared(app): Shared<App>, request: Request) -> Reply {
    let (head, _) = request.into_parts();
    let Guest { now, .. } = Guest::reader(&app, &head)?;
    let found = app.handle.ask(app.waits(), move |state, journal| status(state, journal, now));
    let status = found.await?.map_err(|error| failed(&error))?;
    json(StatusCode::OK, &ServerStatus { status, upkeep: app.handle.metrics.upkeep.row() })
}

/// How a server is: its journal, and what keeps that in shape.
#[derive(Serialize)]
struct ServerStatus {
    #[serde(flatten)]
    status: Status,
    upkeep: UpkeepRow,
}

fn asked(head: &Head) -> Result<String, Problem> {
    let mut values = pairs(head)?.into_iter();
    match (values.next(), values.next()) {
        (Some((name, value)), None) if name == "q" && !value.trim().is_empty() => Ok(value),
        _ => Err(Problem::bad(
            "expected ?q=ANYTHING: an ARN, a key id, a session, an e-mail, an address, a request id",
        )),
    }
}

/// A journal that cannot be read is told to the log; the caller learns that it is so.
pub(crate) fn failed(error: &JournalError) -> Problem {
    WorkError::Journal(error.to_string()).into()
}

/// How long one request may have the journal looked at.
const LOOKING_MAX: Duration = Duration::from_secs(2);
