//! What a question would be answered, and every policy that was looked at. Nobody is let pass, and nothing is recorded.

use axum::Router;
use axum::extract::{Request, State as Shared};
use axum::routing::post;
use doorward_policy::decide::{Caller, Candidate, Request as Asked};
use doorward_policy::explain;
use http::StatusCode;
use serde::Serialize;

use crate::admin::questions::Reply;
use crate::admin::reply::{Guest, json, pairs};
use crate::app::{self, App};
use crate::authzen::ask::Asking;
use crate::authzen::json::{Depth, Fault};
use crate::authzen::read::{self, Parts};
use crate::authzen::write::Answer;
use crate::problem::Problem;

/// The route of this module.
pub(crate) fn routes() -> Router<App> {
    Router::new().route("/v1/decide/explain", post(explained))
}

/// The answer, with all that was looked at.
#[derive(Serialize)]
struct Explained<'a> {
    answer: Answer<'a>,
    risk_score: u32,
    candidates: Vec<CandidateRow<'a>>,
}

#[derive(Serialize)]
struct CandidateRow<'a> {
    policy: &'a str,
    effect: &'static str,
    /// Whether its conditions hold; absent when that could not be said.
    holds: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
}

async fn explained(Shared(app): Shared<App>, request: Request) -> Reply {
    let (head, body) = request.into_parts();
    let guest = Guest::reader(&app, &head)?;
    if !app::is_json(&head.headers) {
        return Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "the content type is not application/json",
        ));
    }
    let name = match pairs(&head)?.as_slice() {
        [] => "explain".to_owned(),
        [(field, name)] if field == "pep" => name.clone(),
        _ => return Err(Problem::bad("expected ?pep=NAME or nothing")),
    };
    let body = app.body(body, app.settings.limits.body_bytes_max).await?;
    let fault = |Fault(message)| Problem::bad(message);
    let parts = read::single(&body, Depth(app.settings.limits.depth_max)).map_err(fault)?;
    let defaults = Parts::default();
    let question = parts.question(&defaults).map_err(fault)?;
    let pep = app.handle.peps.load().find(&name);
    let world = app.handle.world.load();
    let asking = Asking { world: &world, pep: &pep, now: guest.now };
    let asked = asking.request(&question).map_err(fault)?;
    let caller = Caller::Replayed { pep: &pep, subject: asked.caller.subject() };
    let explanation = explain(&world, &Asked { caller, ..asked }, guest.now);
    let risk_score = explanation.decision.risk_score;
    let answer = Ok(explanation.decision);
    let candidates = explanation.candidates.iter().map(row).collect();
    json(StatusCode::OK, &Explained { answer: Answer(&answer), risk_score, candidates })
}

fn row(candidate: &Candidate) -> CandidateRow<'_> {
    CandidateRow {
        policy: &candidate.policy,
        effect: if candidate.permits { "permit" } else { "forbid" },
        holds: candidate.holds.as_ref().ok().copied(),
        error: candidate.holds.as_ref().err().map(String::as_str),
    }
}
