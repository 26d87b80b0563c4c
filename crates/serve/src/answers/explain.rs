//! What a question would be answered, and every policy that was looked at. Nobody is let pass, and nothing is recorded.

use doorward_model::record::PepSet;
use doorward_model::time::Time;
use doorward_policy::decide::{Caller, Candidate, Request};
use doorward_policy::world::World;
use serde::Serialize;

use crate::authzen::ask::Asking;
use crate::authzen::json::{Depth, Fault};
use crate::authzen::read::{self, Parts};
use crate::authzen::write::Answer;

/// The enforcement point that is taken where none is named.
pub const PEP: &str = "explain";

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
    let answer = Ok(asking.said(explanation.decision));
    let candidates = explanation.candidates.iter().map(row).collect();
    serde_json::to_vec(&Explained { answer: Answer(&answer), risk_score, candidates })
        .map_err(|error| error.to_string())
}

fn row(candidate: &Candidate) -> CandidateRow<'_> {
    CandidateRow {
        policy: &candidate.policy,
        effect: if candidate.permits { "permit" } else { "forbid" },
        holds: candidate.holds.as_ref().ok().copied(),
        error: candidate.holds.as_ref().err().map(String::as_str),
    }
}
