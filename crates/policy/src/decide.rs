//! The decision: kill epoch, credential, holds, policies, risk ceiling, obligations, in this order; then the mode.

use std::sync::Arc;

use doorward_model::decision::{CallerKind, Decision, Effect, Mode, Obligation, PolicyFailure, Reason};
use doorward_model::event::ActionClass;
use doorward_model::hold::Hold;
use doorward_model::time::Time;
use doorward_proof::{Pep, Subject};
use doorward_views::snapshot::attribute::Record;
use doorward_views::snapshot::entity::{Entity, EntityIx};
use doorward_views::snapshot::{Hot, KillEpoch};

use crate::actions::Action;
use crate::cedar::Holds;
use crate::context::{Context, Properties, Standing};
use crate::evaluate::{EntityRef, Outcome, Parties, Unusable, outcome};
use crate::hold::{self, Asked, Durability, Verdict, is_met};
use crate::policy_set::Row;
use crate::world::World;

/// Who asks, and for whom.
#[derive(Clone, Copy, Debug)]
pub enum Caller<'a> {
    /// Somebody verified asks about itself. It cannot vouch for itself: its credential is the token that it showed, and
    /// what the question says of its properties, credential and authentication is not read.
    Verified {
        /// Who.
        who: Subject<'a>,
        /// The mode of the enforcement point that it is for itself.
        mode: Mode,
    },
    /// A verified enforcement point says for whom it asks.
    Asserted {
        /// The enforcement point.
        pep: Pep<'a>,
        /// Its mode.
        mode: Mode,
        /// For whom.
        subject: EntityRef<'a>,
    },
    /// A question that is asked to see what would be answered, as it was or might be; the answer lets nobody pass, so
    /// nobody needs to be verified.
    Replayed {
        /// The name of the enforcement point that is taken to ask.
        pep: &'a str,
        /// Its mode.
        mode: Mode,
        /// For whom.
        subject: EntityRef<'a>,
    },
}

impl<'a> Caller<'a> {
    /// The name of the enforcement point.
    #[must_use]
    pub fn pep(&self) -> &'a str {
        match self {
            Self::Verified { who, .. } => who.pep(),
            Self::Asserted { pep, .. } => pep.name(),
            Self::Replayed { pep, .. } => pep,
        }
    }

    /// The mode of the enforcement point.
    #[must_use]
    pub const fn mode(&self) -> Mode {
        match self {
            Self::Verified { mode, .. } | Self::Asserted { mode, .. } | Self::Replayed { mode, .. } => *mode,
        }
    }

    /// For whom it asks.
    #[must_use]
    pub fn subject(&self) -> EntityRef<'a> {
        match self {
            Self::Verified { who, .. } => EntityRef { kind: who.kind(), id: who.id() },
            Self::Asserted { subject, .. } | Self::Replayed { subject, .. } => *subject,
        }
    }

    /// How far it is known who asks.
    #[must_use]
    pub const fn kind(&self) -> CallerKind {
        match self {
            Self::Verified { .. } => CallerKind::Verified,
            Self::Asserted { .. } => CallerKind::Asserted,
            Self::Replayed { .. } => CallerKind::Unknown,
        }
    }
}

/// A question.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Who asks.
    pub caller: Caller<'a>,
    /// What is asked: the id of an action of the schema.
    pub action: &'a str,
    /// Of what.
    pub resource: EntityRef<'a>,
    /// Under which circumstances.
    pub context: Option<&'a Record>,
    /// What the enforcement point says of the three.
    pub properties: Properties<'a>,
    /// The credential that was used, where one is known.
    pub credential: Option<CredentialUse<'a>>,
    /// When and how the subject last proved who it is, where that is known.
    pub authentication: Option<Authentication<'a>>,
    /// The session it happens in.
    pub session: Option<&'a str>,
    /// The task it belongs to.
    pub task: Option<&'a str>,
    /// The tool that is called.
    pub tool: Option<&'a str>,
    /// For whom the subject itself acts.
    pub on_behalf_of: Option<&'a str>,
}

impl<'a> Request<'a> {
    /// The question, as far as what it says is taken from who asks.
    fn vouched(self) -> Self {
        let Caller::Verified { who, .. } = self.caller else { return self };
        let (issued_at, expires_at) = (Some(who.issued_at()), who.expires_at());
        Self {
            credential: Some(CredentialUse { id: who.token(), issued_at, expires_at }),
            authentication: None,
            properties: Properties { subject: None, ..self.properties },
            ..self
        }
    }

    /// The bare question.
    #[must_use]
    pub const fn new(caller: Caller<'a>, action: &'a str, resource: EntityRef<'a>) -> Self {
        Self {
            caller,
            action,
            resource,
            context: None,
            properties: Properties { subject: None, resource: None, action: None },
            credential: None,
            authentication: None,
            session: None,
            task: None,
            tool: None,
            on_behalf_of: None,
        }
    }
}

/// A credential, as far as a decision cares.
#[derive(Clone, Copy, Debug)]
pub struct CredentialUse<'a> {
    /// Its id.
    pub id: &'a str,
    /// When it was issued; a kill epoch ends one that does not say.
    pub issued_at: Option<Time>,
    /// When it ends.
    pub expires_at: Option<Time>,
}

/// A proof of who asks.
#[derive(Clone, Copy, Debug)]
pub struct Authentication<'a> {
    /// The authentication context that it reached.
    pub acr: &'a str,
    /// When.
    pub at: Time,
}

/// A decision with all that bears on it, whether or not it settled it.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// The decision.
    pub decision: Decision,
    /// Each policy whose scope the request meets, in the order of the set; absent when the policies could not be
    /// asked at all.
    pub candidates: Option<Vec<Candidate>>,
    /// Each hold in force on the identity, session, credential, task or tool, by id.
    pub holds: Vec<HoldInForce>,
    /// The greatest risk at which the request would pass.
    pub risk_max: u32,
}

/// A policy whose scope the request meets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Its id.
    pub policy: String,
    /// Whether it permits; it forbids otherwise.
    pub permits: bool,
    /// Whether its conditions hold; or why that could not be said.
    pub holds: Result<bool, String>,
}

/// A hold in force.
#[derive(Clone, Debug, PartialEq)]
pub struct HoldInForce {
    /// The hold.
    pub hold: Arc<Hold>,
    /// Whether it is not durable yet.
    pub pending: bool,
}

/// Answers a question.
#[must_use]
pub fn decide(world: &World, request: &Request<'_>, now: Time) -> Decision {
    let request = request.vouched();
    answer(world, &request, settle(world, &request, now).0)
}

/// Answers a question, and tells what bears on it: policies and holds, also where something before them settled it.
#[must_use]
pub fn explain(world: &World, request: &Request<'_>, now: Time) -> Explanation {
    let request = &request.vouched();
    let (settled, mut outcome) = settle(world, request, now);
    let subject = known(world, request.caller.subject());
    let action = world.policy.actions.named(request.action);
    let candidate =
        |(row, holds): (&Row, Holds)| Candidate { policy: row.id.to_string(), permits: row.permits, holds };
    let mut holds = Vec::new();
    if let Some(subject) = &subject {
        let on = (&*subject.entity.name.id, subject.hot);
        hold::each_in_force(world, request, on, now, |hold, durability| {
            holds.push(HoldInForce { hold: Arc::clone(hold), pending: durability == Durability::Pending });
        });
        holds.sort_by(|one, other| one.hold.id.cmp(&other.hold.id));
    }
    if let (None, Some(subject), Some(action)) = (&outcome, &subject, action)
        && world.policy.types.contains(request.resource.kind)
    {
        let profiles = holds.iter().map(|held| held.hold.profile()).collect();
        let standing = Standing { risk_score: settled.risk_score, holds: &profiles };
        outcome = evaluated(world, request, action, standing, subject).ok();
    }
    Explanation {
        decision: answer(world, request, settled),
        candidates: outcome.map(|outcome| outcome.0.into_iter().map(candidate).collect()),
        holds,
        risk_max: risk_max(world, action),
    }
}

/// What was decided, before the mode.
#[derive(Debug, Default)]
struct Settled {
    effect: Option<Effect>,
    reasons: Vec<Reason>,
    policies: Vec<String>,
    holds: Vec<String>,
    failures: Vec<PolicyFailure>,
    obligations: Vec<Obligation>,
    pending: bool,
    risk_score: u32,
    identity: String,
    candidates: usize,
}

impl Settled {
    fn deny(self, reason: Reason) -> Self {
        self.with(Effect::Deny, reason)
    }

    fn with(mut self, effect: Effect, reason: Reason) -> Self {
        self.effect = Some(effect);
        self.reasons.push(reason);
        self
    }
}

fn answer(world: &World, request: &Request<'_>, settled: Settled) -> Decision {
    let (mode, stricter) = mode_in_force(world, &request.caller);
    let decided = settled.effect.unwrap_or(Effect::Deny);
    let binds = mode == Mode::Enforce || settled.reasons.iter().any(|reason| reason.binds_in_every_mode());
    let effect = if binds { decided } else { Effect::Permit };
    let mut reasons = settled.reasons;
    if effect != decided {
        reasons.push(Reason::NotEnforced);
    }
    Decision {
        effect: effect.into(),
        decided: decided.into(),
        mode: mode.into(),
        reasons: reasons.into_iter().map(Into::into).collect(),
        policies: settled.policies,
        holds: settled.holds,
        failures: settled.failures,
        // What is not enforced asks for nothing.
        obligations: if effect == decided { settled.obligations } else { Vec::new() },
        fact_number: world.snapshot.fact_number.0,
        pending: settled.pending || stricter,
        risk_score: settled.risk_score,
        identity: settled.identity,
        candidates: u32::try_from(settled.candidates).unwrap_or(u32::MAX),
    }
}

/// The weaker of the modes of policy set and enforcement point; and whether it is stricter than what is durable.
fn mode_in_force(world: &World, caller: &Caller<'_>) -> (Mode, bool) {
    let durable = world.settings.mode.weakest(caller.mode());
    if world.overlay.is_empty() {
        return (durable, false);
    }
    let (of_policy, _) = world.overlay.policy(world.settings.mode, world.settings.risk_max);
    let mode = of_policy.weakest(world.overlay.pep_mode(caller.pep(), caller.mode()));
    (mode, mode != durable)
}

/// The subject, as it is known.
struct Known<'w> {
    ix: EntityIx,
    entity: &'w Arc<Entity>,
    hot: Hot,
}

fn known<'w>(world: &'w World, subject: EntityRef<'_>) -> Option<Known<'w>> {
    let ix = world.snapshot.find(subject.kind, subject.id)?;
    let entity = world.snapshot.entity(ix)?;
    entity.identity.filter(|_| entity.known)?;
    Some(Known { ix, entity, hot: world.snapshot.hot(ix) })
}

fn settle<'w>(world: &'w World, request: &Request<'w>, now: Time) -> (Settled, Option<Outcome<'w>>) {
    let mut settled = Settled::default();
    let Some(subject) = known(world, request.caller.subject()) else {
        return (settled.deny(Reason::UnknownCaller), None);
    };
    settled.identity = subject.entity.name.id.to_string();
    settled.risk_score = subject.hot.risk.score(now);
    if let Some((reason, pending)) = ended(world, request, &subject, now) {
        settled.pending = pending;
        return (settled.deny(reason), None);
    }
    let action = world.policy.actions.named(request.action);
    let class = action.map_or(ActionClass::Unknown, |action| action.class);
    let asked = Asked { identity: &subject.entity.name.id, hot: subject.hot, class };
    let verdict = hold::verdict(world, request, &asked, now);
    if !verdict.refusals.is_empty() {
        settled.effect = Some(Effect::Deny);
        settled.reasons = verdict.refusals;
        settled.holds = verdict.holds;
        settled.pending = verdict.pending;
        return (settled, None);
    }
    let Some(action) = action else {
        return (settled.deny(Reason::UnknownAction), None);
    };
    if !world.policy.types.contains(request.resource.kind) {
        return (settled.deny(Reason::UnknownResourceType), None);
    }
    let standing = Standing { risk_score: settled.risk_score, holds: &verdict.profiles };
    match evaluated(world, request, action, standing, &subject) {
        Ok(outcome) => (conclude(world, request, settled, (&outcome, verdict, action), now), Some(outcome)),
        Err(Unusable::TooWide) => (settled.deny(Reason::TooWide), None),
        Err(Unusable::Type(_)) => (settled.deny(Reason::Malformed), None),
        Err(Unusable::Value(message)) => {
            settled.failures.push(PolicyFailure { policy: String::new(), message });
            (settled.deny(Reason::PolicyError), None)
        }
    }
}

/// Whether the session or credential has been ended, and whether that is not durable yet.
fn ended(world: &World, request: &Request<'_>, subject: &Known<'_>, now: Time) -> Option<(Reason, bool)> {
    // Whichever of the two is the older: a fresh proof does not revive an old key, nor a fresh key an old session.
    let issued_at = request.credential.and_then(|credential| credential.issued_at);
    let proven_at = request.authentication.map(|authentication| authentication.at);
    let began_at = issued_at.into_iter().chain(proven_at).min();
    let kills = [subject.hot.kill_epoch, pending_kill(world, subject)];
    if let Some(at) = kills.iter().position(|kill| kill.ends(began_at)) {
        return Some((Reason::Killed, at == 1));
    }
    if request.credential.and_then(|credential| credential.expires_at).is_some_and(|ends| ends <= now) {
        return Some((Reason::CredentialExpired, false));
    }
    let ids = [request.credential.map(|credential| credential.id), request.session];
    let revoked = |id: &&str| world.snapshot.is_revoked(id);
    let pending = |id: &&str| world.overlay.is_revoked(id);
    if ids.iter().flatten().any(revoked) {
        return Some((Reason::CredentialRevoked, false));
    }
    ids.iter().flatten().any(pending).then_some((Reason::CredentialRevoked, true))
}

fn pending_kill(world: &World, subject: &Known<'_>) -> KillEpoch {
    if world.overlay.is_empty() {
        return KillEpoch::default();
    }
    world.overlay.kill_epoch(&subject.entity.name.id)
}

fn evaluated<'w>(
    world: &'w World,
    request: &Request<'w>,
    action: &'w Action,
    standing: Standing<'_>,
    subject: &Known<'w>,
) -> Result<Outcome<'w>, Unusable> {
    let parties = Parties::of_known(world, (subject.ix, subject.entity), action, request.resource)?;
    let context = Context::with(request.context, standing, request.properties);
    outcome(world, &parties, &context)
}

/// From what the policies and the holds say to an effect.
fn conclude(
    world: &World,
    request: &Request<'_>,
    mut settled: Settled,
    (outcome, verdict, action): (&Outcome<'_>, Verdict, &Action),
    now: Time,
) -> Settled {
    settled.candidates = outcome.0.len();
    settled.failures = outcome.failures();
    if !settled.failures.is_empty() {
        // Cedar skips what errs; a forbid that errs would forbid nothing.
        return settled.deny(Reason::PolicyError);
    }
    let met =
        |row: &Row| row.step_up().map(|step_up| is_met(step_up, request.authentication, Time::MIN, now));
    let (permits, forbids): (Vec<_>, Vec<_>) = outcome.holding().partition(|row| row.permits);
    // A forbid with a step-up is lifted by it.
    let forbids: Vec<_> = forbids.into_iter().filter(|row| met(row) != Some(true)).collect();
    if permits.is_empty() || forbids.iter().any(|row| row.step_up().is_none()) {
        settled.policies = ids(&forbids);
        settled.obligations = obligations(&forbids);
        return settled.deny(if forbids.is_empty() { Reason::NoPermit } else { Reason::PolicyForbid });
    }
    if settled.risk_score > risk_max(world, Some(action)) {
        settled.policies = ids(&permits);
        settled.pending = settled.risk_score <= ceiling(action, world.settings.risk_max);
        return settled.deny(Reason::RiskCeiling);
    }
    // One permit without an open step-up is enough.
    let plain: Vec<_> = permits.iter().copied().filter(|row| met(row) != Some(false)).collect();
    let settling = match (forbids.is_empty(), plain.is_empty()) {
        (false, _) => forbids,
        (true, false) => plain,
        (true, true) => permits.into_iter().take(1).collect(),
    };
    let open: Vec<_> = settling.iter().filter(|row| met(row) == Some(false)).collect();
    settled.policies = ids(&settling);
    let by_hold = !verdict.step_ups.is_empty();
    settled.obligations = verdict.step_ups;
    settled.holds = verdict.holds;
    settled.pending = verdict.pending;
    settled.obligations.extend(open.iter().filter_map(|row| row.step_up().cloned()));
    settled.obligations.extend(obligations(&settling));
    match (by_hold, open.is_empty()) {
        (true, _) => settled.with(Effect::StepUp, Reason::HoldStepUp),
        (false, false) => settled.with(Effect::StepUp, Reason::PolicyStepUp),
        (false, true) => settled.with(Effect::Permit, Reason::PolicyPermit),
    }
}

/// The greatest risk at which an action passes.
fn risk_max(world: &World, action: Option<&Action>) -> u32 {
    let (_, risk_max) = world.overlay.policy(world.settings.mode, world.settings.risk_max);
    action.map_or(risk_max, |action| ceiling(action, risk_max))
}

fn ceiling(action: &Action, of_set: u32) -> u32 {
    action.risk_max.map_or(of_set, |risk_max| risk_max.min(of_set))
}

fn ids(rows: &[&Row]) -> Vec<String> {
    rows.iter().map(|row| row.id.to_string()).collect()
}

fn obligations(rows: &[&Row]) -> Vec<Obligation> {
    rows.iter().filter_map(|row| row.obligation().cloned()).collect()
}
