//! What a question would be answered, and every policy that was looked at. Nobody is let pass, and nothing is recorded.

use doorward_model::record::PepSet;
use doorward_model::risk::RiskLevel;
use doorward_model::time::Time;
use doorward_policy::decide::{Caller, Candidate, HoldInForce, Request};
use doorward_policy::world::World;
use serde::Serialize;

use crate::authzen::ask::Asking;
use crate::authzen::json::{Depth, Fault};
use crate::authzen::read::{self, Parts};
use crate::authzen::write::Answer;

/// The enforcement point that is taken where none is named.
pub const PEP: &str = "explain";

/// The answer, with all that bears on it.
#[derive(Serialize)]
struct Explained<'a> {
    answer: Answer<'a>,
    risk_score: u32,
    risk_level: &'static str,
    /// The greatest risk at which it would pass.
    risk_max: u32,
    /// The holds in force, whether or not they settled it.
    holds: Vec<HoldRow<'a>>,
    /// The policies whose scope it meets, whether or not they settled it; absent when they could not be asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    candidates: Option<Vec<CandidateRow<'a>>>,
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

#[derive(Serialize)]
struct HoldRow<'a> {
    id: &'a str,
    profile: &'static str,
    scope: &'static str,
    subject: &'a str,
    reason: &'a str,
    /// When it ends; only a release ends it when absent.
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
    let asking = Asking { world, pep, now };
    let asked = asking.request(&question).map_err(told)?;
    let caller = Caller::Replayed { pep: &pep.pep, subject: asked.caller.subject() };
    let explanation = doorward_policy::explain(world, &Request { caller, ..asked }, now);
    let risk_score = explanation.decision.risk_score;
    let candidates = explanation.candidates.as_ref();
    let explained = Explained {
        risk_score,
        risk_level: RiskLevel::of(risk_score).word(),
        risk_max: explanation.risk_max,
        holds: explanation.holds.iter().map(hold_row).collect(),
        candidates: candidates.map(|candidates| candidates.iter().map(candidate_row).collect()),
        answer: Answer(&Ok(asking.said(explanation.decision))),
    };
    serde_json::to_vec(&explained).map_err(|error| error.to_string())
}

fn candidate_row(candidate: &Candidate) -> CandidateRow<'_> {
    CandidateRow {
        policy: &candidate.policy,
        effect: if candidate.permits { "permit" } else { "forbid" },
        holds: candidate.holds.as_ref().ok().copied(),
        error: candidate.holds.as_ref().err().map(String::as_str),
    }
}

fn hold_row(HoldInForce { hold, pending }: &HoldInForce) -> HoldRow<'_> {
    HoldRow {
        id: &hold.id,
        profile: hold.profile().word(),
        scope: hold.scope().word(),
        subject: &hold.subject,
        reason: &hold.reason,
        expires_at: (hold.expires_at_ms > 0).then(|| Time::from_ms(hold.expires_at_ms)),
        pending: *pending,
    }
}
