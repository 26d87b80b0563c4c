//! The routes of AuthZEN.

use axum::extract::{Path, Request, State};
use axum::response::Response;
use bytes::Bytes;
use doorward_model::decision::Decision;
use doorward_model::record::PepSet;
use doorward_model::time::Time;
use doorward_model::token::masked;
use doorward_policy::world::World;
use doorward_proof::Asker;
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::{self, App, BodyFault};
use crate::authzen::ask::{Asking, Unanswered};
use crate::authzen::discovery::{self, CONFIGURATION, Discovery, EVALUATION, EVALUATIONS};
use crate::authzen::json::{Depth, Fault};
use crate::authzen::read::{self, Parts};
use crate::authzen::write::{Answer, Answers, is_yes};
use crate::door::{self, Shut};
use crate::handle::Recorded;
use crate::metrics;
use crate::schema::{Answered, Decided, Question, Questions};
use crate::settings::{DecisionLog, Overflow};

/// The routes of AuthZEN.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(evaluation))
        .routes(routes!(evaluations))
        .routes(routes!(configuration))
        .routes(routes!(configuration_under))
}

/// May this subject do this.
#[utoipa::path(
    post,
    path = EVALUATION,
    tag = "decisions",
    security(("token" = ["decide"])),
    params(("X-Request-ID" = Option<String>, Header, description = "Echoed.")),
    request_body = Question,
    responses((status = 200, description = "The answer; a no is a 200.", body = Decided))
)]
async fn evaluation(State(app): State<App>, request: Request) -> Response {
    answer(&app, request, single).await
}

/// Several questions at once.
#[utoipa::path(
    post,
    path = EVALUATIONS,
    tag = "decisions",
    security(("token" = ["decide"])),
    params(("X-Request-ID" = Option<String>, Header, description = "Echoed.")),
    request_body = Questions,
    responses((status = 200, description = "The answers, in order.", body = Answered))
)]
async fn evaluations(State(app): State<App>, request: Request) -> Response {
    answer(&app, request, batch).await
}

/// What this decision point is and can do. It needs no token: it says nothing that the caller does not know by asking.
#[utoipa::path(
    get,
    path = CONFIGURATION,
    tag = "decisions",
    responses((status = 200, description = "The document of discovery.", body = Discovery), (status = 404, description = "public_url is not configured.", body = String, content_type = "application/json"))
)]
async fn configuration(State(app): State<App>, request: Request) -> Response {
    let (head, _) = request.into_parts();
    match &app.settings.public_url {
        Some(url) => json(StatusCode::OK, &Discovery::public(url)),
        None => match door::authority(&head).filter(|_| door::is_plainly_local(&head)) {
            Some(authority) => json(StatusCode::OK, &Discovery::loopback(authority)),
            None => error(StatusCode::NOT_FOUND, "public_url is not configured"),
        },
    }
}

/// The same, where `public_url` has a path: it stands at the end then.
#[utoipa::path(
    get,
    path = "/.well-known/authzen-configuration/{*path}",
    tag = "decisions",
    params(("path" = String, Path, description = "The path of public_url; slashes stand in it as they are.")),
    responses((status = 200, description = "The document of discovery.", body = Discovery), (status = 404, description = "That is not the path of public_url.", body = String, content_type = "application/json"))
)]
async fn configuration_under(State(app): State<App>, Path(path): Path<String>) -> Response {
    match app
        .settings
        .public_url
        .as_deref()
        .filter(|url| discovery::path_of(url) == path.trim_end_matches('/'))
    {
        Some(url) => json(StatusCode::OK, &Discovery::public(url)),
        None => error(StatusCode::NOT_FOUND, "this decision point is not known by that path: see public_url"),
    }
}

/// All that one request needs once its body is there.
struct Asked<'a> {
    app: &'a App,
    asker: Asker<'a>,
    pep: PepSet,
    request_id: &'a str,
    now: Time,
}

/// Lets the caller in, gets the body, and has it answered.
async fn answer(app: &App, request: Request, how: fn(&Asked<'_>, &[u8]) -> Response) -> Response {
    let (head, body) = request.into_parts();
    let now = app::now();
    let verified = door::asker(app, &head, now);
    let asker = match verified.as_ref().map_err(Shut::clone).and_then(|who| Ok(who.asker()?)) {
        Ok(asker) => asker,
        Err(shut) => return refusal(&shut),
    };
    if !app::is_json(&head.headers) {
        return error(StatusCode::BAD_REQUEST, "the content type is not application/json");
    }
    let body = match app.body(body, app.settings.limits.body_bytes_max).await {
        Ok(body) => body,
        Err(fault) => return error(status(fault), &fault.to_string()),
    };
    let request_id = app::header(&head.headers, "x-request-id").unwrap_or_default();
    let pep = app.handle.peps.load().find(asker.pep());
    let response = how(&Asked { app, asker, pep, request_id, now }, &body);
    match app.settings.decision_log {
        DecisionLog::Buffered => response,
        DecisionLog::Strict => recorded(app, response).await,
    }
}

/// The answer, once its record is durable.
async fn recorded(app: &App, response: Response) -> Response {
    if response.status() != StatusCode::OK {
        return response;
    }
    match app.handle.recorded(app.waits()).await {
        Ok(()) => response,
        Err(error) => {
            tracing::warn!(%error, "a decision is not given: it could not be recorded");
            app.handle.metrics.decisions_refused.inc();
            no_room()
        }
    }
}

const fn status(fault: BodyFault) -> StatusCode {
    match fault {
        BodyFault::Large(_) => StatusCode::PAYLOAD_TOO_LARGE,
        BodyFault::Slow => StatusCode::REQUEST_TIMEOUT,
        BodyFault::Broken => StatusCode::BAD_REQUEST,
    }
}

fn single(asked: &Asked<'_>, body: &[u8]) -> Response {
    match read::single(body, asked.depth()) {
        Ok(parts) => asked.one(&parts),
        Err(Fault(message)) => error(StatusCode::BAD_REQUEST, &message),
    }
}

fn batch(asked: &Asked<'_>, body: &[u8]) -> Response {
    let batch = match read::batch(body, asked.depth(), asked.app.settings.limits.batch_max) {
        Ok(batch) if batch.items.is_empty() => return asked.one(&batch.defaults),
        Ok(batch) => batch,
        Err(Fault(message)) => return error(StatusCode::BAD_REQUEST, &message),
    };
    let world = asked.app.handle.world.load();
    let asking = asked.of(&world);
    let mut answers = Vec::with_capacity(batch.items.len());
    for item in &batch.items {
        let question = item.as_ref().map_err(Fault::clone).and_then(|item| item.question(&batch.defaults));
        let answer = question.map_err(Unanswered::from).and_then(|question| asking.ask(&question));
        let ends = batch.semantic.ends_at(is_yes(&answer));
        answers.push(answer);
        if ends {
            break;
        }
    }
    let response = json(StatusCode::OK, &Answers { evaluations: answers.iter().map(Answer).collect() });
    let items = batch.items.iter().zip(answers);
    for (item, answer) in items {
        let question = item.as_ref().ok().and_then(|item| item.question(&batch.defaults).ok());
        if let (Some(question), Ok(decision)) = (question, answer)
            && asked.record(&asking, &question, decision) == Recorded::NoRoom
        {
            return no_room();
        }
    }
    response
}

impl Asked<'_> {
    fn depth(&self) -> Depth {
        Depth(self.app.settings.limits.depth_max)
    }

    fn of<'w>(&'w self, world: &'w World) -> Asking<'w> {
        Asking { world, asker: Some(self.asker), pep: &self.pep, now: self.now }
    }

    fn one(&self, parts: &Parts<'_>) -> Response {
        let defaults = Parts::default();
        let question = match parts.question(&defaults) {
            Ok(question) => question,
            Err(Fault(message)) => return error(StatusCode::BAD_REQUEST, &message),
        };
        let world = self.app.handle.world.load();
        let asking = self.of(&world);
        let answer = asking.ask(&question);
        if let Err(why) = &answer {
            return error(why.status(), why.message());
        }
        let response = json(StatusCode::OK, &Answer(&answer));
        match answer.map(|decision| self.record(&asking, &question, decision)) {
            Ok(Recorded::NoRoom) => no_room(),
            Ok(Recorded::Yes) | Err(_) => response,
        }
    }

    /// Sends the record of an answer on its way. What is shed is counted as if it had found room.
    fn record(&self, asking: &Asking<'_>, question: &read::Question<'_>, decision: Decision) -> Recorded {
        let metrics = &self.app.handle.metrics;
        let label = metrics::Answer { effect: decision.effect().word(), mode: decision.mode().word() };
        let made = asking.made(question, decision, self.request_id);
        match (self.app.handle.record(made), self.app.settings.overflow) {
            (Recorded::Yes, _) => {}
            (Recorded::NoRoom, Overflow::Shed) => {
                metrics.decisions_shed.inc();
            }
            (Recorded::NoRoom, Overflow::Refuse) => {
                metrics.decisions_refused.inc();
                return Recorded::NoRoom;
            }
        }
        metrics.decisions.get_or_create(&label).inc();
        Recorded::Yes
    }
}

fn refusal(shut: &Shut) -> Response {
    let mut response = error(shut.status(), &shut.message());
    response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(shut.challenge()));
    response
}

fn no_room() -> Response {
    let mut response = error(
        StatusCode::SERVICE_UNAVAILABLE,
        "as many records of decisions wait for the journal as may, so this one was not given: ask again",
    );
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    response
}

/// An error is a string, as AuthZEN has it.
fn error(status: StatusCode, message: &str) -> Response {
    json(status, &masked(message))
}

fn json<T: Serialize>(status: StatusCode, value: &T) -> Response {
    let mut bytes = Vec::with_capacity(512);
    let status = match serde_json::to_writer(&mut bytes, value) {
        Ok(()) => status,
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR,
    };
    let mut response = Response::new(Bytes::from(bytes).into());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
