//! One CloudTrail record to one event.
//!
//! A record is read in one pass over its fields. A field of the wrong type reads as if it were not there, because
//! logs that went through other hands are common; only what an event cannot do without is asked for.

mod actor;
mod issued;
mod names;
mod outcome;
mod target;

use std::borrow::Cow;

use doorward_model::event::{ActionClass, Event};
use doorward_model::hash::{Fingerprint, Hash16};
use doorward_model::reject::RejectReason;
use doorward_model::time::Time;

use crate::json::lexer::Member;
use crate::json::value::Value;
use crate::remembered::Remembered;
use crate::user_agent::Shown;
use crate::{agent, client};
pub(crate) use issued::spoken_time;
pub(crate) use names::Permission;

/// The fields of a record that are read, still in their text.
#[derive(Default)]
pub(crate) struct Fields<'a> {
    version: Option<Value<'a>>,
    identity: Option<Value<'a>>,
    time: Option<Value<'a>>,
    source: Option<Value<'a>>,
    name: Option<Value<'a>>,
    region: Option<Value<'a>>,
    address: Option<Value<'a>>,
    user_agent: Option<Value<'a>>,
    error_code: Option<Value<'a>>,
    error_message: Option<Value<'a>>,
    request: Option<Value<'a>>,
    response: Option<Value<'a>>,
    additional: Option<Value<'a>>,
    request_id: Option<Value<'a>>,
    id: Option<Value<'a>>,
    read_only: Option<Value<'a>>,
    resources: Option<Value<'a>>,
    kind: Option<Value<'a>>,
    account: Option<Value<'a>>,
    vpc_endpoint: Option<Value<'a>>,
    insight: Option<Value<'a>>,
}

/// An id is kept up to this length, a name or code likewise.
const NAME_BYTES_MAX: usize = 256;

/// ARNs and the like are kept up to this length.
const ARN_BYTES_MAX: usize = 2048;

impl<'a> Fields<'a> {
    /// Collects the fields of an object; of another value there are none.
    pub(crate) fn of(value: Value<'a>) -> Self {
        Self::collect(value.fields())
    }

    /// The same for an object whose members may be known already.
    pub(crate) fn outlined(value: Value<'a>, outline: &[Member]) -> Self {
        if outline.is_empty() { Self::of(value) } else { Self::collect(value.members(outline)) }
    }

    fn collect(members: impl Iterator<Item = (Cow<'a, str>, Value<'a>)>) -> Self {
        let mut fields = Self::default();
        for (key, value) in members {
            if let Some(slot) = fields.slot(&key) {
                *slot = Some(value);
            }
        }
        fields
    }

    fn slot(&mut self, key: &str) -> Option<&mut Option<Value<'a>>> {
        Some(match key {
            "eventVersion" => &mut self.version,
            "userIdentity" => &mut self.identity,
            "eventTime" => &mut self.time,
            "eventSource" => &mut self.source,
            "eventName" => &mut self.name,
            "awsRegion" => &mut self.region,
            "sourceIPAddress" => &mut self.address,
            "userAgent" => &mut self.user_agent,
            "errorCode" => &mut self.error_code,
            "errorMessage" => &mut self.error_message,
            "requestParameters" => &mut self.request,
            "responseElements" => &mut self.response,
            "additionalEventData" => &mut self.additional,
            "requestID" => &mut self.request_id,
            "eventID" => &mut self.id,
            "readOnly" => &mut self.read_only,
            "resources" => &mut self.resources,
            "eventType" => &mut self.kind,
            "recipientAccountId" => &mut self.account,
            "vpcEndpointId" => &mut self.vpc_endpoint,
            "insightDetails" => &mut self.insight,
            _ => return None,
        })
    }

    /// Whether this is a CloudTrail record.
    pub(crate) fn is_shaped(&self) -> bool {
        let named = self.source.is_some_and(is_service) && self.name.is_some();
        self.time.is_some() && (named || self.insight.is_some())
    }

    /// Whether this is a CloudTrail record that lacks something it needs.
    pub(crate) fn is_nearly_shaped(&self) -> bool {
        let named = self.name.is_some() && self.source.is_none_or(is_service);
        let signs = [self.version, self.identity, self.time, self.source, self.kind, self.account];
        named && signs.iter().flatten().count() >= 2
    }
}

/// Notifications of S3 have the same three fields, with a source such as `aws:s3`.
fn is_service(source: Value<'_>) -> bool {
    !source.raw().starts_with("\"aws:")
}

/// The scalar of a field that may be missing.
fn scalar(value: Option<Value<'_>>) -> Cow<'_, str> {
    value.map(Value::scalar).unwrap_or_default()
}

/// A text that is kept, not longer than anything sensible.
fn kept(text: &str, bytes_max: usize) -> String {
    client::cut(text, bytes_max).to_owned()
}

/// Makes an event of a record, of which `value` is the whole.
pub(crate) fn event(
    fields: &Fields<'_>,
    value: Value<'_>,
    remembered: &mut Remembered,
) -> Result<Box<Event>, RejectReason> {
    let happened_at = time(fields)?;
    let Remembered { user_agents, permissions, room } = remembered;
    let Permission { service, action, class } = names::permission(fields, permissions, room)?;
    let actor = actor::actor(fields)?;
    let outcome = outcome::outcome(fields, (service, action));
    let user_agent = user_agents.of(&scalar(fields.user_agent), Shown::by);
    let raw = value.raw().as_bytes();
    let by_read_only = fields.read_only.and_then(truth).map(class_by_read_only);
    Ok(Box::new(Event {
        claimed_at_ms: 0,
        source: "cloudtrail".to_owned(),
        id: id(fields, raw),
        content: Some(Fingerprint::of(raw)),
        happened_at_ms: happened_at.ms(),
        account: account(fields, &actor.account),
        region: kept(&scalar(fields.region), NAME_BYTES_MAX),
        class: class.or(by_read_only).unwrap_or_default() as i32,
        target: target::target(fields),
        outcome: outcome as i32,
        error_code: kept(&scalar(fields.error_code), NAME_BYTES_MAX),
        agent: agent::mark(&agent::Signs {
            service,
            claimed: user_agent.claimed.as_ref(),
            additional: fields.additional,
            request: fields.request,
        }),
        issued: issued::issued(fields, (service, action), &actor, outcome),
        request_id: kept(&scalar(fields.request_id), NAME_BYTES_MAX),
        raw: raw.to_vec(),
        client: client::client(&scalar(fields.address), user_agent, &scalar(fields.vpc_endpoint)),
        actor,
        service: service.clone(),
        action: action.clone(),
    }))
}

fn time(fields: &Fields<'_>) -> Result<Time, RejectReason> {
    let text = scalar(fields.time);
    if text.is_empty() {
        return Err(RejectReason::Field("eventTime is missing".to_owned()));
    }
    Time::parse(&text).map_err(|error| RejectReason::Field(format!("eventTime: {error}")))
}

/// The record's own id; of a record without one, its content is the id.
fn id(fields: &Fields<'_>, raw: &[u8]) -> String {
    match scalar(fields.id) {
        id if id.is_empty() => Hash16::of(raw).to_string(),
        id => kept(&id, NAME_BYTES_MAX),
    }
}

fn account(fields: &Fields<'_>, of_actor: &str) -> String {
    match scalar(fields.account) {
        account if account.is_empty() => of_actor.to_owned(),
        account => kept(&account, NAME_BYTES_MAX),
    }
}

/// What a record says itself of an action that is not known.
const fn class_by_read_only(read_only: bool) -> ActionClass {
    if read_only { ActionClass::Read } else { ActionClass::Write }
}

fn truth(value: Value<'_>) -> Option<bool> {
    match value.raw() {
        "true" | "\"true\"" => Some(true),
        "false" | "\"false\"" => Some(false),
        _ => None,
    }
}
