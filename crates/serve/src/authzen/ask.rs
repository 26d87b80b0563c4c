//! One question to the policies.

use doorward_model::decision::{CallerKind, Decision, Mode, Reason};
use doorward_model::record::PepSet;
use doorward_model::time::Time;
use doorward_model::token::masked;
use doorward_policy::Properties;
use doorward_policy::decide::{Caller, Request, decide};
use doorward_policy::evaluate::EntityRef;
use doorward_policy::world::World;
use doorward_proof::{Asker, Subject};
use http::StatusCode;

use crate::authzen::json::Fault;
use crate::authzen::known::{Circumstances, circumstances};
use crate::authzen::read::{Named, Question};
use crate::handle::DecisionMade;

/// Whose question it is, of which world, and when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asking<'a> {
    pub(crate) world: &'a World,
    /// Who asks; nobody, where it is only to be seen what would be answered.
    pub(crate) asker: Option<Asker<'a>>,
    /// The enforcement point as it is known, or is taken to be.
    pub(crate) pep: &'a PepSet,
    pub(crate) now: Time,
}

/// Why a question is not answered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Unanswered {
    /// It is not well formed.
    Fault(Fault),
    /// It is not for this caller to ask.
    NotYours(&'static str),
}

impl Unanswered {
    pub(crate) const fn status(&self) -> StatusCode {
        match self {
            Self::Fault(_) => StatusCode::BAD_REQUEST,
            Self::NotYours(_) => StatusCode::FORBIDDEN,
        }
    }

    pub(crate) fn message(&self) -> &str {
        match self {
            Self::Fault(Fault(message)) => message,
            Self::NotYours(message) => message,
        }
    }
}

impl From<Fault> for Unanswered {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl Asking<'_> {
    /// The answer, or why there is none.
    pub(crate) fn ask(&self, question: &Question<'_>) -> Result<Decision, Unanswered> {
        Ok(self.said(decide(self.world, &self.request(question)?, self.now)))
    }

    /// The decision, which says so if the enforcement point is new.
    pub(crate) fn said(&self, mut decision: Decision) -> Decision {
        // A mode that is still to be recorded is set, too.
        if self.pep.by.is_empty() && decision.mode() != Mode::Enforce {
            decision.reasons.push(Reason::NewPep.into());
        }
        decision
    }

    /// The question in the words of the policies.
    pub(crate) fn request<'q>(&'q self, question: &Question<'q>) -> Result<Request<'q>, Unanswered> {
        let told = circumstances(question.context)?;
        let caller = self.caller(question, &told)?;
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
            ..Request::new(caller, question.action, resource)
        })
    }

    fn caller<'q>(
        &'q self,
        question: &Question<'q>,
        told: &Circumstances<'_>,
    ) -> Result<Caller<'q>, Unanswered> {
        let mode = self.pep.pep.mode();
        let subject = EntityRef { kind: question.subject.kind, id: question.subject.id };
        match self.asker {
            None => Ok(Caller::Replayed { pep: &self.pep.pep.name, mode, subject }),
            Some(Asker::Pep(pep)) => Ok(Caller::Asserted { pep, mode, subject }),
            Some(Asker::Subject(who)) => {
                if !self.is(who, subject) {
                    return Err(Unanswered::NotYours(
                        "subject: the token may ask about its own subject only",
                    ));
                }
                if question.subject.properties.is_some_and(|said| !said.is_empty())
                    || told.credential.is_some()
                    || told.authentication.is_some()
                {
                    return Err(Unanswered::NotYours(VOUCHING));
                }
                Ok(Caller::Verified { who, mode })
            }
        }
    }

    /// Whether a subject is the one that a question names, by this name or another one.
    fn is(&self, who: Subject<'_>, named: EntityRef<'_>) -> bool {
        let snapshot = &self.world.snapshot;
        (who.kind(), who.id()) == (named.kind, named.id)
            || snapshot
                .find(who.kind(), who.id())
                .is_some_and(|known| snapshot.find(named.kind, named.id) == Some(known))
    }

    /// The answer as it is to be recorded: without tokens of ours, wherever somebody may have put one.
    pub(crate) fn made(
        &self,
        question: &Question<'_>,
        mut decision: Decision,
        request_id: &str,
    ) -> DecisionMade {
        let told = circumstances(question.context).unwrap_or_default();
        let kept = |text: &str| masked(text).into_owned();
        let named = |party: &Named<'_>| (kept(party.kind), kept(party.id));
        for failure in &mut decision.failures {
            failure.message = kept(&failure.message);
        }
        DecisionMade {
            at: self.now,
            pep: self.pep.pep.name.clone(),
            caller: match self.asker {
                None => CallerKind::Unknown,
                Some(Asker::Pep(_)) => CallerKind::Asserted,
                Some(Asker::Subject(_)) => CallerKind::Verified,
            },
            subject: named(&question.subject),
            action: kept(question.action),
            resource: named(&question.resource),
            session: kept(told.session.unwrap_or_default()),
            task: kept(told.task.unwrap_or_default()),
            tool: kept(told.tool.unwrap_or_default()),
            request_id: kept(request_id),
            decision,
        }
    }
}

const VOUCHING: &str = "subject.properties, context.doorward.credential, context.doorward.authentication: who asks about itself cannot vouch for itself";
