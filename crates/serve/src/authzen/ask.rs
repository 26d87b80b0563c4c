//! One question to the policies.

use doorward_model::decision::{Decision, Reason};
use doorward_model::record::PepSet;
use doorward_model::time::Time;
use doorward_policy::Properties;
use doorward_policy::decide::{Caller, Request, decide};
use doorward_policy::evaluate::EntityRef;
use doorward_policy::world::World;

use crate::authzen::json::Fault;
use crate::authzen::known::circumstances;
use crate::authzen::read::Question;
use crate::handle::DecisionMade;

/// Whose question it is, of which world, and when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asking<'a> {
    pub(crate) world: &'a World,
    pub(crate) pep: &'a PepSet,
    pub(crate) now: Time,
}

impl Asking<'_> {
    /// The answer, or what is wrong with the question.
    pub(crate) fn ask(&self, question: &Question<'_>) -> Result<Decision, Fault> {
        Ok(self.said(decide(self.world, &self.request(question)?, self.now)))
    }

    /// The decision, which says so if the enforcement point is new.
    pub(crate) fn said(&self, mut decision: Decision) -> Decision {
        if self.pep.by.is_empty() {
            decision.reasons.push(Reason::NewPep.into());
        }
        decision
    }

    /// The question in the words of the policies.
    pub(crate) fn request<'q>(&'q self, question: &Question<'q>) -> Result<Request<'q>, Fault> {
        let told = circumstances(question.context)?;
        let subject = EntityRef { kind: question.subject.kind, id: question.subject.id };
        let resource = EntityRef { kind: question.resource.kind, id: question.resource.id };
        Ok(Request {
            context: question.context,
            properties: Properties {
                subject: question.subject.properties,
                resource: question.resource.properties,
                action: question.action_properties,
            },
            credential: told.credential,
            authentication: told.authentication,
            session: told.session,
            task: told.task,
            tool: told.tool,
            on_behalf_of: told.on_behalf_of,
            ..Request::new(Caller::Asserted { pep: &self.pep.pep, subject }, question.action, resource)
        })
    }

    /// The answer as it is to be recorded.
    pub(crate) fn made(&self, question: &Question<'_>, decision: Decision, request_id: &str) -> DecisionMade {
        let session = circumstances(question.context).ok().and_then(|told| told.session);
        DecisionMade {
            at: self.now,
            pep: self.pep.pep.name.clone(),
            subject: (question.subject.kind.to_owned(), question.subject.id.to_owned()),
            action: question.action.to_owned(),
            resource: (question.resource.kind.to_owned(), question.resource.id.to_owned()),
            session: session.unwrap_or_default().to_owned(),
            request_id: request_id.to_owned(),
            decision,
        }
    }
}
