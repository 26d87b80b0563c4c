//! A decision of our own, in the form of an audit record.

use doorward_model::decision::{Effect, Reason};
use doorward_model::event::{Actor, Client, Event, Outcome, Target};
use doorward_model::record::{DecisionRecord, Observation, Trust};
use doorward_model::time::Time;
use doorward_serve::handle::DecisionMade;

/// The record of a decision, which gets its id with its place in the log.
pub(crate) fn observation(made: DecisionMade, recorded_at: Time) -> Observation {
    let decision = &made.decision;
    let (subject_type, subject) = made.subject;
    let (resource_type, resource) = made.resource;
    let permitted = decision.effect() == Effect::Permit;
    let reason = decision.reasons.first().and_then(|reason| Reason::try_from(*reason).ok());
    let identity = match decision.identity.as_str() {
        "" => format!("unknown:{subject_type}/{subject}"),
        known => known.to_owned(),
    };
    let event = Event {
        source: SOURCE.to_owned(),
        happened_at_ms: made.at.ms(),
        actor: Actor { arn: subject.clone(), user_name: subject, ..Actor::default() },
        service: SOURCE.to_owned(),
        action: made.action,
        target: Some(Target { kind: resource_type.clone(), id: resource }),
        outcome: if permitted { Outcome::Success } else { Outcome::Denied }.into(),
        error_code: if permitted { "" } else { reason.unwrap_or(Reason::Unknown).code() }.to_owned(),
        client: Client { address: made.pep.clone(), ..Client::default() },
        request_id: made.request_id,
        ..Event::default()
    };
    Observation {
        partition: 0,
        n: 0,
        recorded_at_ms: recorded_at.ms(),
        identity,
        told_session: made.session,
        chain: Vec::new(),
        late: false,
        conflict: false,
        trust: Trust::Verified.into(),
        by_platform: false,
        event: Box::new(event),
        decision: Some(Box::new(DecisionRecord {
            pep: made.pep,
            resource_type,
            decision: made.decision,
            task: made.task,
            tool: made.tool,
            caller: made.caller.into(),
        })),
    }
}

/// The source family of our own decisions.
const SOURCE: &str = "doorward";
