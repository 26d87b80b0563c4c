//! Questions.

use std::time::{Duration, Instant};

use axum::extract::{Path, Request, State as Shared};
use axum::response::Response;
use doorward_journal::JournalError;
use doorward_model::time::Time;
use doorward_views::state::State;
use http::StatusCode;
use http::request::Parts as Head;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::admin::privilege::{self, About};
use crate::admin::reply::{Guest, json, pairs, query, tagged};
use crate::answers::budget::{Budget, budget};
use crate::answers::events::{EventRow, Look, Place, Wanted, look};
use crate::answers::findings::FindingRow;
use crate::answers::identities::{IdentityDetail, IdentityRow};
use crate::answers::query::{Page, Query, QueryError};
use crate::answers::rejects::{RejectRow, Shown};
use crate::answers::rest::PepRow;
use crate::answers::status::{Status, status};
use crate::answers::unusual::UnusualRow;
use crate::answers::version::Version;
use crate::answers::who::{Depth, Who, who};
use crate::answers::{events, findings, identities, rejects, rest, unusual};
use crate::app::App;
use crate::deriving::DerivingRow;
use crate::handle::WorkError;
use crate::past::PastError;
use crate::problem::Problem;
use crate::upkeep::UpkeepRow;

/// A reply, or why there is none.
pub(crate) type Reply = Result<Response, Problem>;

/// The routes of questions. Those of things that can be commanded, too, stand with the commands.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_identities))
        .routes(routes!(show_identity))
        .routes(routes!(list_findings))
        .routes(routes!(show_finding))
        .routes(routes!(list_unusual))
        .routes(routes!(show_budget))
        .routes(routes!(list_events))
        .routes(routes!(whose))
        .routes(routes!(list_peps))
        .routes(routes!(show_status))
        .routes(routes!(list_rejects))
}

/// Who exists.
#[utoipa::path(
    get,
    path = "/v1/identities",
    tag = "identities",
    security(("token" = ["read"])),
    responses((status = 200, description = "A page.", body = Page<IdentityRow>))
)]
async fn list_identities(Shared(app): Shared<App>, request: Request) -> Reply {
    list(&app, request, &identities::FIELDS, identities::identities).await
}

/// All that is known of one identity.
#[utoipa::path(
    get,
    path = "/v1/identities/{*id}",
    tag = "identities",
    security(("token" = ["read"])),
    params(("id" = String, Path, description = "Its id; slashes and colons may stand in it as they are.")),
    responses((status = 200, description = "The identity.", body = IdentityDetail))
)]
async fn show_identity(Shared(app): Shared<App>, Path(id): Path<String>, request: Request) -> Reply {
    match privilege::about(&app, &id, &request) {
        Some((About::Can, of)) => privilege::can(&app, of, request).await,
        Some((About::Reach, of)) => privilege::reach(&app, of, request).await,
        None => {
            show(&app, request, (Kind { what: "identity", version: None }, id), identities::identity).await
        }
    }
}

/// What was noticed.
#[utoipa::path(
    get,
    path = "/v1/findings",
    tag = "findings",
    security(("token" = ["read"])),
    responses((status = 200, description = "A page.", body = Page<FindingRow>))
)]
async fn list_findings(Shared(app): Shared<App>, request: Request) -> Reply {
    let narrate = app.handle.narrate;
    list(&app, request, &findings::FIELDS, move |state, query, now| {
        findings::findings(state, query, (narrate, now))
    })
    .await
}

/// A finding with its evidence.
#[utoipa::path(
    get,
    path = "/v1/findings/{*id}",
    tag = "findings",
    security(("token" = ["read"])),
    params(("id" = String, Path, description = "Its id; slashes and colons may stand in it as they are.")),
    responses((status = 200, description = "The finding.", body = FindingRow))
)]
async fn show_finding(Shared(app): Shared<App>, Path(id): Path<String>, request: Request) -> Reply {
    let narrate = app.handle.narrate;
    show(&app, request, (Kind { what: "finding", version: None }, id), move |state, id, now| {
        findings::finding(state, id, (narrate, now))
    })
    .await
}

/// What is unusual and no finding: of each of the last days the identities with the most surprise, ranked.
#[utoipa::path(
    get,
    path = "/v1/unusual",
    tag = "findings",
    security(("token" = ["read"])),
    responses((status = 200, description = "A page.", body = Page<UnusualRow>))
)]
async fn list_unusual(Shared(app): Shared<App>, request: Request) -> Reply {
    let (head, _) = request.into_parts();
    let Guest { now, .. } = Guest::reader(&app, &head)?;
    let query = query(&app, &head, &unusual::FIELDS)?;
    // Before the past is folded for nothing.
    query.now_only()?;
    let narrate = app.handle.narrate;
    let page = ask(&app, (None, now), move |state, _| unusual::unusual(state, &query, narrate)).await??;
    tagged(&head, &page.seen, &page)
}

/// How many cases are wanted, which threshold follows from that, and how many findings each kind of identity has.
#[utoipa::path(
    get,
    path = "/v1/budget",
    tag = "findings",
    security(("token" = ["read"])),
    responses((status = 200, description = "The budget, and what came of it.", body = Budget))
)]
async fn show_budget(Shared(app): Shared<App>, request: Request) -> Reply {
    let (head, _) = request.into_parts();
    let Guest { now, .. } = Guest::reader(&app, &head)?;
    query(&app, &head, &[])?.now_only()?;
    let budget = ask(&app, (None, now), budget).await?;
    json(StatusCode::OK, &budget)
}

/// The enforcement points that are known.
#[utoipa::path(
    get,
    path = "/v1/peps",
    tag = "enforcement points",
    security(("token" = ["read"])),
    responses((status = 200, description = "A page.", body = Page<PepRow>))
)]
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
    let as_of = query.as_of;
    let page = ask(app, (as_of, now), move |state, at| answer(state, &query, at)).await??;
    tagged(&head, &page.seen, &page)
}

/// Answers with one thing.
pub(crate) async fn show<T: Serialize + Send + 'static>(
    app: &App,
    request: Request,
    (kind, id): (Kind, String),
    answer: impl FnOnce(&State, &str, Time) -> Option<T> + Send + 'static,
) -> Reply {
    let (head, _) = request.into_parts();
    let Guest { now, .. } = Guest::reader(app, &head)?;
    let as_of = query(app, &head, &[])?.as_of;
    let asked = id.clone();
    let found = ask(app, (as_of, now), move |state, at| {
        let version = kind.version.and_then(|version| version(state, &asked));
        (answer(state, &asked, at), version, state.control.fact_number)
    });
    let (thing, version, seen) = found.await?;
    let thing = thing.ok_or_else(|| Problem::not_found(kind.what, &id))?;
    match version {
        Some(version) => tagged(&head, &version, &thing),
        None => tagged(&head, &seen, &thing),
    }
}

/// What is asked for by id.
#[derive(Clone, Copy)]
pub(crate) struct Kind {
    /// What it is called.
    pub(crate) what: &'static str,
    /// Which version of it there is, for what can be commanded.
    pub(crate) version: Option<fn(&State, &str) -> Option<Version>>,
}

/// Asks a question of the state as it is now, or of the facts as they were.
pub(crate) async fn ask<T: Send + 'static>(
    app: &App,
    (as_of, now): (Option<Time>, Time),
    question: impl FnOnce(&State, Time) -> T + Send + 'static,
) -> Result<T, Problem> {
    match as_of {
        None => Ok(app.handle.ask(app.waits(), move |state, _| question(state, now)).await?),
        Some(at) if at > now => Err(PastError::Ahead(at).into()),
        Some(at) => {
            let limits = (at, app.settings.limits.as_of_rows_max);
            Ok(app.handle.past.ask(limits, app.waits(), move |state| question(state, at)).await?)
        }
    }
}

/// What happened, newest first.
///
/// The writer looks at a few rows at a time, so that events and commands are not kept waiting.
#[utoipa::path(
    get,
    path = "/v1/events",
    tag = "events",
    security(("token" = ["read"])),
    responses((status = 200, description = "A page.", body = Page<EventRow>))
)]
async fn list_events(Shared(app): Shared<App>, request: Request) -> Reply {
    let (head, _) = request.into_parts();
    Guest::reader(&app, &head)?;
    let query = query(&app, &head, &events::FIELDS)?;
    query.now_only()?;
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
            return tagged(&head, &page.seen, &page);
        }
    }
}

/// Which identity is meant by a text, who is behind it, and what it did around then.
#[utoipa::path(
    get,
    path = "/v1/who",
    tag = "identities",
    security(("token" = ["read"])),
    params(("q" = String, Query, description = "An ARN, a key id, a session, an e-mail address, a network address, a request id, or a name.")),
    responses((status = 200, description = "The identities, and what they did.", body = Who))
)]
async fn whose(Shared(app): Shared<App>, request: Request) -> Reply {
    let (head, _) = request.into_parts();
    let Guest { now, .. } = Guest::reader(&app, &head)?;
    let asked = asked(&head)?;
    let found =
        app.handle.ask(app.waits(), move |state, journal| who(state, journal, (&asked, Depth::Recent), now));
    json(StatusCode::OK, &found.await?.map_err(|error| failed(&error))?)
}

/// How the server itself is: how far its journal has come, and what it last heard of whom.
#[utoipa::path(
    get,
    path = "/v1/status",
    tag = "server",
    security(("token" = ["read"])),
    responses((status = 200, description = "How it is.", body = ServerStatus))
)]
async fn show_status(Shared(app): Shared<App>, request: Request) -> Reply {
    let (head, _) = request.into_parts();
    let Guest { now, .. } = Guest::reader(&app, &head)?;
    let found = app.handle.ask(app.waits(), move |state, journal| status(state, journal, now));
    let status = found.await?.map_err(|error| failed(&error))?;
    let metrics = &app.handle.metrics;
    let privilege = metrics.deriving.row(&app.handle.world.load().privilege);
    json(StatusCode::OK, &ServerStatus { status, upkeep: metrics.upkeep.row(), privilege })
}

/// How a server is: its journal, and what keeps that in shape.
#[derive(Serialize, ToSchema)]
struct ServerStatus {
    #[serde(flatten)]
    status: Status,
    upkeep: UpkeepRow,
    /// Absent while no inventory is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    privilege: Option<DerivingRow>,
}

/// What sources sent and could not be read, newest first.
#[utoipa::path(
    get,
    path = "/v1/rejects",
    tag = "events",
    security(("token" = ["read"])),
    responses((status = 200, description = "A page.", body = Page<RejectRow>))
)]
async fn list_rejects(Shared(app): Shared<App>, request: Request) -> Reply {
    let (head, _) = request.into_parts();
    let guest = Guest::reader(&app, &head)?;
    let query = query(&app, &head, &rejects::FIELDS)?;
    query.now_only()?;
    let place = |cursor: &str| rejects::Place::read(cursor).ok_or(QueryError::Cursor);
    let from = query.cursor.as_deref().map(place).transpose()?;
    let shown = if guest.verified.admin().is_ok() { Shown::Kept } else { Shown::Described };
    let seen = app.handle.world.load().snapshot.fact_number;
    let files = app.handle.rejects.clone();
    let read = tokio::task::spawn_blocking(move || {
        (files.0)().and_then(|files| rejects::rejects(&files, &query, (from, shown, seen)))
    });
    let read = read.await.map_err(std::io::Error::other).and_then(|read| read);
    let page = read.map_err(|error| {
        tracing::error!(%error, "the kept rejects cannot be read");
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "the kept rejects cannot be read")
    })?;
    tagged(&head, &page.seen, &page)
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
