//! Questions about what could be done by the policies of the platforms.

use std::sync::Arc;

use axum::extract::{Request, State as Shared};
use bytes::Bytes;
use doorward_model::id::FactNumber;
use doorward_model::time::Time;
use doorward_privilege::answers::{ChokeAnswer, PathAnswer};
use doorward_privilege::derived::Derived;
use doorward_privilege::opengraph::export_atlas;
use doorward_privilege::questions::{CanAnswer, NameError, ReachAnswer};
use doorward_privilege::usage::Usage;
use http::StatusCode;
use http::request::Parts as Head;
use serde::Serialize;
use tokio::time::timeout;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::admin::questions::Reply;
use crate::admin::reply::{Guest, JSON, query, tagged, tagged_file};
use crate::answers::privilege::{self, Analysis, AskError, CAN_FIELDS, CanRow, FIELDS, Listed, WAYS_FIELDS};
use crate::answers::query::Query;
use crate::app::{self, App};
use crate::layers::MIN_FACT;
use crate::past::PastError;
use crate::problem::Problem;
use crate::uses::Uses;

/// The routes of questions about privilege. Those about one identity are told apart from it by
/// [`crate::admin::questions`]: slashes may stand in its id.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(analyze))
        .routes(routes!(list_choke_points))
        .routes(routes!(list_paths))
        .routes(routes!(draw_paths))
        .routes(routes!(write_graph))
        .routes(routes!(list_who_can))
}

/// Who administers an account, who could come to, by which steps, and where these can be cut.
#[utoipa::path(
    get,
    path = "/v1/privilege",
    tag = "privilege",
    security(("token" = ["read"])),
    responses((status = 200, description = "A page of users and roles.", body = Analysis))
)]
async fn analyze(Shared(app): Shared<App>, request: Request) -> Reply {
    let uses = app.handle.uses.clone();
    answer(&app, request, &FIELDS, move |derived, query| {
        privilege::analysis(derived, query, uses.by(query.as_of).as_deref())
    })
    .await
}

/// Where ways to what matters most can be cut, the best first.
#[utoipa::path(
    get,
    path = "/v1/privilege/choke-points",
    tag = "privilege",
    security(("token" = ["read"])),
    responses((status = 200, description = "A page.", body = Listed<ChokeAnswer>))
)]
async fn list_choke_points(Shared(app): Shared<App>, request: Request) -> Reply {
    let uses = app.handle.uses.clone();
    answer(&app, request, &[], move |derived, query| {
        privilege::choke_points(derived, query, uses.by(query.as_of).as_deref())
    })
    .await
}

/// The best ways from one identity to another, or to the administration of an account.
///
/// With `Accept: image/svg+xml` they are drawn, as at `/v1/privilege/picture`.
#[utoipa::path(
    get,
    path = "/v1/privilege/paths",
    tag = "privilege",
    security(("token" = ["read"])),
    params(
        ("from" = String, Query, description = "Who begins: an ARN, the end of one, or the name of somebody outside."),
        ("to" = Option<String>, Query, description = "Whom or what it is to reach; `admin`, which is the default, is the administration of the account of who begins, `admin:NUMBER` that of another."),
        ("avoid" = Option<String>, Query, description = "Leave out this identity, resource or method; may be given several times."),
        ("ways" = Option<u8>, Query, description = "How many ways at most, 1 to 20; 3 when nothing is said."),
        ("used_only" = Option<bool>, Query, description = "Only ways whose steps the log shows; if there is none, those with steps of which nobody can tell, which say so."),
    ),
    responses((status = 200, description = "The ways.", content(
        (Listed<PathAnswer> = "application/json"),
        (String = "image/svg+xml"),
    )))
)]
async fn list_paths(Shared(app): Shared<App>, request: Request) -> Reply {
    let accepted = app::header(request.headers(), "accept").unwrap_or_default();
    if accepted.split(',').any(|kind| kind.split(';').next().unwrap_or_default().trim() == SVG) {
        return picture(&app, request).await;
    }
    let uses = app.handle.uses.clone();
    answer(&app, request, &WAYS_FIELDS, move |derived, query| {
        privilege::ways(derived, query, used(&uses, query).as_deref())
    })
    .await
}

/// The best ways from one identity to another, drawn.
#[utoipa::path(
    get,
    path = "/v1/privilege/picture",
    tag = "privilege",
    security(("token" = ["read"])),
    params(
        ("from" = String, Query, description = "As for `/v1/privilege/paths`."),
        ("to" = Option<String>, Query, description = "As for `/v1/privilege/paths`."),
        ("avoid" = Option<String>, Query, description = "As for `/v1/privilege/paths`."),
        ("ways" = Option<u8>, Query, description = "As for `/v1/privilege/paths`."),
        ("used_only" = Option<bool>, Query, description = "As for `/v1/privilege/paths`."),
    ),
    responses((status = 200, description = "The ways.", body = String, content_type = "image/svg+xml"))
)]
async fn draw_paths(Shared(app): Shared<App>, request: Request) -> Reply {
    picture(&app, request).await
}

async fn picture(app: &App, request: Request) -> Reply {
    let (head, _) = request.into_parts();
    let (query, now) = asked(app, &head, &WAYS_FIELDS)?;
    let uses = app.handle.uses.clone();
    let drawn = ask(app, &head, (query.as_of, now), move |derived| {
        privilege::picture(derived, &query, used(&uses, &query).as_deref())
            .map(|drawn| (derived.fact, Bytes::from(drawn)))
    });
    let (fact, bytes) = drawn.await?;
    Ok(tagged_file(&head, &fact, (bytes, SVG)))
}

/// What was used, where it is asked for.
fn used(uses: &Uses, query: &Query) -> Option<Arc<Usage>> {
    query.value("used_only").and_then(|_| uses.by(query.as_of))
}

/// The graph of who could become whom, as OpenGraph JSON for BloodHound.
#[utoipa::path(
    get,
    path = "/v1/privilege/graph",
    tag = "privilege",
    security(("token" = ["read"])),
    responses((status = 200, description = "The graph.", body = serde_json::Value))
)]
async fn write_graph(Shared(app): Shared<App>, request: Request) -> Reply {
    let (head, _) = request.into_parts();
    let (query, now) = asked(&app, &head, &[])?;
    let written = ask(&app, &head, (query.as_of, now), |derived| {
        let mut bytes = Vec::new();
        Ok((derived.fact, export_atlas(&derived.atlas, &mut bytes).map(|()| Bytes::from(bytes))))
    });
    let (fact, written) = written.await?;
    let bytes = written.map_err(|error| {
        tracing::error!(%error, "the graph cannot be written");
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "the graph cannot be written")
    })?;
    Ok(tagged_file(&head, &fact, (bytes, JSON)))
}

/// Who has a permission on a resource, for sure or perhaps.
#[utoipa::path(
    get,
    path = "/v1/who-can",
    tag = "privilege",
    security(("token" = ["read"])),
    params(
        ("permission" = String, Query, description = "The permission, as AWS writes it: `s3:GetObject`."),
        ("resource" = Option<String>, Query, description = "The ARN of the resource, or a pattern of which one is enough; any, when nothing is said."),
    ),
    responses((status = 200, description = "A page of users and roles.", body = Listed<CanAnswer>))
)]
async fn list_who_can(Shared(app): Shared<App>, request: Request) -> Reply {
    let uses = app.handle.uses.clone();
    answer(&app, request, &CAN_FIELDS, move |derived, query| {
        privilege::who_can(derived, query, uses.by(query.as_of).as_deref())
    })
    .await
}

/// Whether an identity has a permission on a resource, by all policies together.
#[utoipa::path(
    get,
    path = "/v1/identities/{id}/can",
    tag = "privilege",
    security(("token" = ["read"])),
    params(
        ("id" = String, Path, description = "Its id, or the end of its ARN; slashes and colons may stand in it as they are."),
        ("permission" = String, Query, description = "The permission, as AWS writes it: `s3:GetObject`."),
        ("resource" = Option<String>, Query, description = "The ARN of the resource, or a pattern of which one is enough; any, when nothing is said."),
    ),
    responses((status = 200, description = "The answer, with the statements that decided.", body = CanRow))
)]
pub(crate) async fn can(app: &App, id: String, request: Request) -> Reply {
    let uses = app.handle.uses.clone();
    answer(app, request, &CAN_FIELDS, move |derived, query| {
        privilege::can(derived, query, (&id, uses.by(query.as_of).as_deref()))
    })
    .await
}

/// What an identity reaches by its own rights and by those that it can come to, what weighs most first.
#[utoipa::path(
    get,
    path = "/v1/identities/{id}/reach",
    tag = "privilege",
    security(("token" = ["read"])),
    params(("id" = String, Path, description = "Its id, or the end of its ARN; slashes and colons may stand in it as they are.")),
    responses((status = 200, description = "A page.", body = Listed<ReachAnswer>))
)]
pub(crate) async fn reach(app: &App, id: String, request: Request) -> Reply {
    let uses = app.handle.uses.clone();
    answer(app, request, &[], move |derived, query| {
        privilege::reach(derived, query, (&id, uses.by(query.as_of).as_deref()))
    })
    .await
}

/// A question about one identity.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum About {
    /// Whether it has a permission.
    Can,
    /// What it reaches.
    Reach,
}

/// Which question about an identity a request is, and about whom. An id may hold slashes and end like a question:
/// whoever is known by the whole of it is meant.
pub(crate) fn about(app: &App, id: &str, request: &Request) -> Option<(About, String)> {
    let asked = [(About::Can, "/can"), (About::Reach, "/reach")];
    let (about, end) = asked.into_iter().find(|(_, end)| request.uri().path().ends_with(end))?;
    let world = app.handle.world.load();
    let is_known = |derived: &Arc<Derived>| derived.atlas.estate.find(id).is_some();
    let is_whole = world.privilege.derived.as_ref().is_some_and(is_known);
    id.strip_suffix(end).filter(|of| !of.is_empty() && !is_whole).map(|of| (about, of.to_owned()))
}

/// Answers a question with JSON.
async fn answer<T: Serialize + Send + 'static>(
    app: &App,
    request: Request,
    fields: &[&str],
    question: impl FnOnce(&Derived, &Query) -> Result<T, AskError> + Send + 'static,
) -> Reply {
    let (head, _) = request.into_parts();
    let (query, now) = asked(app, &head, fields)?;
    let found = ask(app, &head, (query.as_of, now), move |derived| {
        question(derived, &query).map(|answer| (derived.fact, answer))
    });
    let (fact, answer) = found.await?;
    tagged(&head, &fact, &answer)
}

fn asked(app: &App, head: &Head, fields: &[&str]) -> Result<(Query, Time), Problem> {
    let Guest { now, .. } = Guest::reader(app, head)?;
    Ok((query(app, head, fields)?, now))
}

/// Asks a question of what was derived, now or as of an instant, on a thread that may take its time.
async fn ask<T: Send + 'static>(
    app: &App,
    head: &Head,
    (as_of, now): (Option<Time>, Time),
    question: impl FnOnce(&Derived) -> Result<T, AskError> + Send + 'static,
) -> Result<T, Problem> {
    let limits = app.settings.limits;
    let room = timeout(app.waits().queue, Arc::clone(&app.privilege).acquire_owned()).await;
    let Ok(Ok(room)) = room else {
        app.handle.metrics.limit("privilege_at_once");
        let said = "too many questions about privilege are being answered: ask again";
        return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, said));
    };
    let derived = match as_of {
        None => newest(app, head)?,
        Some(at) if at > now => return Err(PastError::Ahead(at).into()),
        Some(at) => app.handle.past.derived((at, limits.as_of_rows_max), app.waits()).await?,
    };
    if derived.is_empty() {
        return Err(unknown());
    }
    let answered = tokio::task::spawn_blocking(move || {
        let answer = question(&derived);
        drop((derived, room));
        answer
    });
    let failed = |_| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "the question could not be answered");
    Ok(answered.await.map_err(failed)??)
}

/// What was derived last, if it has seen what the request asks for.
fn newest(app: &App, head: &Head) -> Result<Arc<Derived>, Problem> {
    let privilege = app.handle.world.load().privilege.clone();
    if privilege.changed == FactNumber::default() {
        return Err(unknown());
    }
    // Facts that do not concern the inventory change nothing here: what is as of the last that does has seen them.
    let least = app::header(&head.headers, MIN_FACT.as_str()).and_then(|text| text.parse().ok());
    let least = FactNumber(least.unwrap_or_default()).min(privilege.changed);
    match privilege.derived.filter(|derived| derived.fact >= least) {
        Some(derived) => Ok(derived),
        None => Err(Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            match app.handle.metrics.deriving.error() {
                Some(error) => format!("privilege cannot be derived from the inventory: {error}"),
                None => "privilege is being derived from the inventory: ask again".to_owned(),
            },
        )),
    }
}

fn unknown() -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "no inventory is known: import an export, such as the output of get-account-authorization-details",
    )
}

impl From<AskError> for Problem {
    fn from(error: AskError) -> Self {
        let status = match &error {
            AskError::Query(_) | AskError::Permission(_) => StatusCode::BAD_REQUEST,
            AskError::Name(NameError::Unknown(_)) => StatusCode::NOT_FOUND,
            AskError::Moved | AskError::NoLog => StatusCode::CONFLICT,
            AskError::Name(NameError::Several { .. })
            | AskError::NoPrincipal(_)
            | AskError::Graph(_)
            | AskError::Draw(_) => StatusCode::UNPROCESSABLE_ENTITY,
        };
        Self::new(status, error.to_string())
    }
}

const SVG: &str = "image/svg+xml";
