//! What a question would be answered, and every policy that was looked at. Nobody is let pass, and nothing is recorded.

use doorward_model::decision::Decision;
use doorward_model::record::PepSet;
use doorward_model::risk::RiskLevel;
use doorward_model::time::Time;
use doorward_policy::decide::{Candidate, HoldInForce};
use doorward_policy::world::World;
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

use crate::authzen::ask::{Asking, Unanswered};
use crate::authzen::json::{Depth, Fault};
use crate::authzen::read::{self, Parts};
use crate::authzen::write::Answer;
use crate::schema::{Decided, Instant};

/// The enforcement point that is taken where none is named.
pub const PEP: &str = "explain";

/// The answer, with all that bears on it.
#[derive(Serialize, ToSchema)]
pub(crate) struct Explained {
    #[serde(serialize_with = "answered")]
    #[schema(value_type = Decided)]
    answer: Result<Decision, Unanswered>,
    risk_score: u32,
    risk_level: &'static str,
    /// The greatest risk at which it would pass.
    risk_max: u32,
    /// The holds in force, whether or not they settled it.
    holds: Vec<HeldRow>,
    /// The policies whose scope it meets, whether or not they settled it; absent when they could not be asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    candidates: Option<Vec<CandidateRow>>,
}

#[derive(Serialize, ToSchema)]
struct CandidateRow {
    policy: String,
    effect: &'static str,
    /// Whether its conditions hold; absent when that could not be said.
    holds: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct HeldRow {
    id: String,
    profile: &'static str,
    scope: &'static str,
    subject: String,
    reason: String,
    /// When it ends; only a release ends it when absent.
    #[schema(value_type = Option<Instant>)]
    expires_at: Option<Time>,
    /// Whether it is not durable yet.
    pending: bool,
}

/// Answers the body of an AuthZEN evaluation, as that enforcement point would be answered, in JSON.
///
/// # Errors
/// What is wrong with the question, in a sentence.
pub fn explain(
    (world, pep): (&World, &PepSet),
    body: &[u8],
    depth_max: u32,
    now: Time,
) -> Result<Vec<u8>, String> {
    let told = |Fault(message)| message;
    let parts = read::single(body, Depth(depth_max)).map_err(told)?;
    let defaults = Parts::default();
    let question = parts.question(&defaults).map_err(told)?;
    let asking = Asking { world, asker: None, pep, now };
    let asked = asking.request(&question).map_err(|why| why.message().to_owned())?;
    let explanation = doorward_policy::explain(world, &asked, now);
    let risk_score = explanation.decision.risk_score;
    let candidates = explanation.candidates;
    let explained = Explained {
        risk_score,
        risk_level: RiskLevel::of(risk_score).word(),
        risk_max: explanation.risk_max,
        holds: explanation.holds.iter().map(hold_row).collect(),
        candidates: candidates.map(|candidates| candidates.into_iter().map(candidate_row).collect()),
        answer: Ok(asking.said(explanation.decision)),
    };
    serde_json::to_vec(&explained).map_err(|error| error.to_string())
}

fn answered<S: Serializer>(answer: &Result<Decision, Unanswered>, serializer: S) -> Result<S::Ok, S::Error> {
    Answer(answer).serialize(serializer)
}

fn candidate_row(candidate: Candidate) -> CandidateRow {
    CandidateRow {
        policy: candidate.policy,
        effect: if candidate.permits { "permit" } else { "forbid" },
        holds: candidate.holds.as_ref().ok().copied(),
        error: candidate.holds.err(),
    }
}

fn hold_row(HoldInForce { hold, pending }: &HoldInForce) -> HeldRow {
    HeldRow {
        id: hold.id.clone(),
        profile: hold.profile().word(),
        scope: hold.scope().word(),
        subject: hold.subject.clone(),
        reason: hold.reason.clone(),
        expires_at: (hold.expires_at_ms > 0).then(|| Time::from_ms(hold.expires_at_ms)),
        pending: *pending,
    }
}
