//! The forms of what is read or written by hand, for the description of the API. Everything else is described by the
//! very types that are read and written.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

/// An instant as RFC 3339 has it, such as `2026-11-23T09:30:00.000Z`.
#[derive(ToSchema)]
#[schema(value_type = String, format = DateTime)]
#[expect(dead_code, reason = "describes how model::time::Time is written")]
pub(crate) struct Instant(String);

/// One question, as AuthZEN has it. What else stands in it is ignored.
#[derive(Serialize, ToSchema)]
pub(crate) struct Question {
    subject: Party,
    action: Action,
    resource: Party,
    /// Of it, `doorward` tells of the circumstances: session, task, tool, credential, authentication.
    #[schema(required = false)]
    context: BTreeMap<String, serde_json::Value>,
}

/// Several questions, as AuthZEN has them. What stands beside `evaluations` is the default of each.
#[derive(Serialize, ToSchema)]
pub(crate) struct Questions {
    subject: Option<Party>,
    action: Option<Action>,
    resource: Option<Party>,
    context: Option<BTreeMap<String, serde_json::Value>>,
    evaluations: Option<Vec<Questioned>>,
    options: Option<Options>,
}

/// One question of several; what it leaves out is taken from the defaults.
#[derive(Serialize, ToSchema)]
pub(crate) struct Questioned {
    subject: Option<Party>,
    action: Option<Action>,
    resource: Option<Party>,
    context: Option<BTreeMap<String, serde_json::Value>>,
}

/// Who asks, or what it asks for.
#[derive(Serialize, ToSchema)]
pub(crate) struct Party {
    r#type: String,
    id: String,
    properties: Option<BTreeMap<String, serde_json::Value>>,
}

/// What is asked.
#[derive(Serialize, ToSchema)]
pub(crate) struct Action {
    name: String,
    properties: Option<BTreeMap<String, serde_json::Value>>,
}

/// How several questions are answered.
#[derive(Serialize, ToSchema)]
pub(crate) struct Options {
    /// `execute_all`, `deny_on_first_deny` or `permit_on_first_permit`.
    evaluations_semantic: Option<String>,
}

/// The answer to one question.
#[derive(Serialize, ToSchema)]
pub(crate) struct Decided {
    decision: bool,
    context: Explanation,
}

/// Why, or what is wrong with the question.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "describes what authzen::write writes by hand")]
pub(crate) enum Explanation {
    Decision(Box<Reasoning>),
    Fault(Faulty),
}

/// Why a question was answered as it was.
#[derive(Serialize, ToSchema)]
pub(crate) struct Reasoning {
    /// `permit`, `deny` or `step-up`.
    effect: String,
    /// The reason codes, the deciding one first.
    reasons: Vec<String>,
    /// For who runs the enforcement point: a sentence by reason code.
    reason_admin: BTreeMap<String, String>,
    /// For the person at the other end.
    reason_user: Option<BTreeMap<String, String>>,
    /// The policies that settled it.
    policies: Option<Vec<String>>,
    /// The holds that took part.
    holds: Option<Vec<String>>,
    obligations: Option<Vec<ObligationRow>>,
    /// The identity that the subject was taken for.
    identity: Option<String>,
    /// The mode in force: `enforce`, `shadow` or `learn`.
    mode: String,
    /// What `enforce` would have answered, where it is something else.
    would_be: Option<String>,
    /// The last fact that the answer saw.
    seen: u64,
    /// Whether a denial took part that is not recorded yet.
    pending: Option<bool>,
}

/// A question of several that could not be read.
#[derive(Serialize, ToSchema)]
pub(crate) struct Faulty {
    error: Fault,
}

/// What is wrong with it.
#[derive(Serialize, ToSchema)]
pub(crate) struct Fault {
    status: u16,
    message: String,
}

/// The answers to several questions, or to the one that stands where there are none.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "describes what authzen::write writes by hand")]
pub(crate) enum Answered {
    Several(Decisions),
    One(Box<Decided>),
}

/// The answers to several questions, in their order.
#[derive(Serialize, ToSchema)]
pub(crate) struct Decisions {
    evaluations: Vec<Decided>,
}

/// What an enforcement point must do beside.
#[derive(Serialize, ToSchema)]
pub(crate) struct ObligationRow {
    id: String,
    r#type: String,
    /// Of a step-up `acr_values` and `max_age`, in the words of RFC 9470.
    properties: BTreeMap<String, serde_json::Value>,
}
