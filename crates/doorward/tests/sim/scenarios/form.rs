//! How a scenario is written. Unknown keys are refused.

use std::collections::BTreeMap;

use doorward_views::snapshot::attribute::Record;
use serde::Deserialize;
use serde_json::Value;

/// One story: who is known, what happens, what is asked, and what must be answered.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Scenario {
    pub(crate) name: String,
    /// In a sentence, what goes wrong if this fails.
    pub(crate) why: String,
    pub(crate) policies: Option<Policies>,
    /// Enforcement points with their modes; others are new when they ask.
    #[serde(default)]
    pub(crate) peps: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) response: Response,
    /// On how many first days nothing is judged, and all is learned.
    #[serde(default)]
    pub(crate) learn_days: i64,
    /// What has gone on for days before.
    #[serde(default)]
    pub(crate) history: Vec<History>,
    pub(crate) steps: Vec<Step>,
}

/// A policy set: a folder of the repository, or texts.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Policies {
    pub(crate) mode: String,
    #[serde(default = "highest")]
    pub(crate) risk_max: u32,
    pub(crate) folder: Option<String>,
    pub(crate) cedar: Option<String>,
    pub(crate) schema: Option<String>,
    pub(crate) entities: Option<String>,
}

const fn highest() -> u32 {
    100
}

/// What follows from findings; what is left out is as by default.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Response {
    pub(crate) mode: Option<String>,
    #[serde(default)]
    pub(crate) rungs: Vec<Rung>,
    #[serde(default)]
    pub(crate) exempt: Vec<String>,
    pub(crate) holds_per_hour_max: Option<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rung {
    pub(crate) severity: String,
    /// In per cent.
    pub(crate) confidence: u32,
    pub(crate) profile: String,
    pub(crate) hours: i64,
}

/// The same calls at the same times of several days.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct History {
    /// `{n}` in it counts the copies.
    pub(crate) who: String,
    #[serde(default = "one")]
    pub(crate) copies: u32,
    /// How many days, from the first on.
    pub(crate) days: i64,
    /// Times of the day.
    pub(crate) at: Vec<String>,
    pub(crate) actions: Vec<String>,
    #[serde(default)]
    pub(crate) call: Call,
}

const fn one() -> u32 {
    1
}

/// What a call has beside who and what.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Call {
    pub(crate) from: Option<String>,
    pub(crate) vpce: Option<String>,
    pub(crate) agent: Option<String>,
    pub(crate) key: Option<String>,
    pub(crate) error: Option<String>,
    pub(crate) id: Option<String>,
    pub(crate) request: Option<Value>,
    pub(crate) response: Option<Value>,
}

impl Call {
    /// The same, as the one of several that comes after so many.
    pub(crate) fn after(&self, before: u32) -> Self {
        let count = |request: &Value| request.to_string().replace("{n}", &before.to_string());
        let request = self.request.as_ref().map(|request| count(request).parse().unwrap());
        Self { request, ..self.clone() }
    }
}

/// One step: exactly one of what it may be.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Step {
    /// When, such as `10d 09:30`; a second after the step before when left out.
    pub(crate) at: Option<String>,
    pub(crate) event: Option<Happening>,
    pub(crate) bytes: Option<String>,
    pub(crate) request: Option<Question>,
    pub(crate) expect_findings: Option<Vec<String>>,
    pub(crate) expect_holds: Option<Vec<String>>,
    pub(crate) expect_recommended: Option<Vec<String>>,
    pub(crate) expect_counts: Option<Counts>,
    pub(crate) hold: Option<NewHold>,
    /// Ends all sessions of an identity.
    pub(crate) kill: Option<String>,
    /// Takes that back.
    pub(crate) revive: Option<String>,
    /// Ends a credential, which is issued before.
    pub(crate) revoke: Option<String>,
    /// Releases the holds on an identity.
    pub(crate) release: Option<String>,
    pub(crate) policies: Option<Policies>,
    pub(crate) pep: Option<BTreeMap<String, String>>,
    /// An earlier process had recorded that two names are the same.
    pub(crate) same_as: Option<SameAs>,
    pub(crate) tick: Option<Nothing>,
    pub(crate) restart: Option<Nothing>,
}

/// Two names of perhaps one person or program.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SameAs {
    pub(crate) from: String,
    pub(crate) to: String,
    /// In per cent.
    pub(crate) confidence: u32,
}

/// `{}`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Nothing {}

/// A record of an audit log.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Happening {
    pub(crate) who: String,
    pub(crate) action: String,
    /// When it happened, if that is not when it arrives.
    pub(crate) happened: Option<String>,
    /// The process ends in the append, `lost` before or `durable` after the records are in the log.
    pub(crate) crash: Option<String>,
    /// How often it comes; `{n}` in the request of the call counts.
    #[serde(default = "one")]
    pub(crate) times: u32,
    #[serde(default)]
    pub(crate) call: Call,
    /// Whether it comes from a source that is only taken at its word.
    #[serde(default)]
    pub(crate) asserted: bool,
}

/// How many records were taken so far, by what became of them; since the last restart.
#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Counts {
    pub(crate) accepted: u64,
    pub(crate) duplicate: u64,
    pub(crate) conflict: u64,
    pub(crate) rejected: u64,
    #[serde(default)]
    pub(crate) late: u64,
}

/// A hold that a person places.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewHold {
    pub(crate) subject: String,
    pub(crate) scope: Option<String>,
    pub(crate) profile: String,
    pub(crate) until: Option<String>,
    #[serde(default)]
    pub(crate) acr_values: Vec<String>,
    #[serde(default)]
    pub(crate) max_age_s: u32,
}

/// A question and what must be answered.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Question {
    /// `type::"id"`.
    pub(crate) subject: String,
    pub(crate) action: String,
    /// `type::"id"`.
    pub(crate) resource: String,
    pub(crate) pep: Option<String>,
    pub(crate) context: Option<Record>,
    pub(crate) properties: Option<Record>,
    pub(crate) session: Option<String>,
    pub(crate) task: Option<String>,
    pub(crate) tool: Option<String>,
    pub(crate) on_behalf_of: Option<String>,
    pub(crate) authenticated: Option<Authenticated>,
    pub(crate) credential: Option<Credential>,
    pub(crate) expect: Answer,
}

/// That the subject has proven who it is.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Authenticated {
    pub(crate) acr: String,
    pub(crate) at: String,
}

/// The credential that the subject used.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Credential {
    pub(crate) id: String,
    pub(crate) issued: String,
    pub(crate) expires: Option<String>,
}

/// A decision, in words. What is left out must be empty, but for the policies and the risk, which then may be any.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Answer {
    pub(crate) effect: String,
    pub(crate) reasons: Vec<String>,
    #[serde(default)]
    pub(crate) obligations: Vec<String>,
    /// The holds that settled it: `PROFILE on SUBJECT: REASON`.
    #[serde(default)]
    pub(crate) because: Vec<String>,
    pub(crate) policies: Option<Vec<String>>,
    pub(crate) risk: Option<String>,
}
