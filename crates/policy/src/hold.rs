//! What the holds in force on a request take away.

use std::collections::BTreeSet;
use std::sync::Arc;

use doorward_model::decision::{Obligation, ObligationType, Reason};
use doorward_model::event::ActionClass;
use doorward_model::hold::{Hold, HoldProfile, HoldScope};
use doorward_model::time::Time;
use doorward_views::snapshot::Hot;

use crate::decide::{Authentication, Request};
use crate::world::World;

/// What all holds together say.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    /// Why nothing passes; the strictest first.
    pub(crate) refusals: Vec<Reason>,
    /// What must be done first.
    pub(crate) step_ups: Vec<Obligation>,
    /// The holds that refuse or ask for a step-up.
    pub(crate) holds: Vec<String>,
    /// The profiles of all that are in force, also of those that take nothing from this request.
    pub(crate) profiles: BTreeSet<HoldProfile>,
    /// Whether one of them is not durable yet.
    pub(crate) pending: bool,
}

/// What is asked, as far as holds care.
pub(crate) struct Asked<'a> {
    pub(crate) identity: &'a str,
    pub(crate) hot: Hot,
    pub(crate) class: ActionClass,
}

/// Weighs every hold in force on a request.
pub(crate) fn verdict(world: &World, request: &Request<'_>, asked: &Asked<'_>, now: Time) -> Verdict {
    let mut verdict = Verdict::default();
    let weighing = Weighing { request, class: asked.class, now };
    each_in_force(world, request, (asked.identity, asked.hot), now, |hold, durability| {
        verdict.add(hold, weighing.taken(hold), durability);
    });
    // In which order they were placed, or loaded, is no part of the answer.
    verdict.holds.sort_unstable();
    verdict.step_ups.sort_unstable_by(|one, other| one.id.cmp(&other.id));
    // A hold that has just become durable may still be in the overlay.
    verdict.holds.dedup();
    verdict.step_ups.dedup();
    verdict.refusals.sort_unstable();
    verdict.refusals.dedup();
    verdict
}

/// Every hold in force on the identity, session, credential, task and tool of a request.
pub(crate) fn each_in_force<'w>(
    world: &'w World,
    request: &Request<'_>,
    (identity, hot): (&str, Hot),
    now: Time,
    mut take: impl FnMut(&'w Arc<Hold>, Durability),
) {
    let others = [
        (HoldScope::Session, request.session),
        (HoldScope::Credential, request.credential.map(|credential| credential.id)),
        (HoldScope::Task, request.task),
        (HoldScope::Tool, request.tool),
    ];
    let others = others.into_iter().filter_map(|(scope, subject)| Some((scope, subject?)));
    let identity = (HoldScope::Identity, identity);
    let durable = (hot.holds > 0).then_some(identity).into_iter().chain(others.clone());
    for (scope, subject) in durable {
        let holds = world.snapshot.holds(scope, subject).filter(|hold| hold.in_force(now));
        holds.for_each(|hold| take(hold, Durability::Durable));
    }
    if world.overlay.is_empty() {
        return;
    }
    for (scope, subject) in std::iter::once(identity).chain(others) {
        let holds = world.overlay.holds(scope, subject).filter(|hold| hold.in_force(now));
        holds.for_each(|hold| take(hold, Durability::Pending));
    }
}

/// Whether a hold is in the snapshot already.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Durability {
    Durable,
    Pending,
}

impl Verdict {
    fn add(&mut self, hold: &Hold, taken: Taken, durability: Durability) {
        self.profiles.insert(hold.profile());
        match taken {
            Taken::Nothing => return,
            Taken::All(reason) => self.refusals.push(reason),
            Taken::UntilStepUp(obligation) => self.step_ups.push(obligation),
        }
        self.holds.push(hold.id.clone());
        self.pending |= durability == Durability::Pending;
    }
}

/// What a hold takes from a request.
enum Taken {
    Nothing,
    All(Reason),
    UntilStepUp(Obligation),
}

/// The request, as far as each hold looks at it.
struct Weighing<'a> {
    request: &'a Request<'a>,
    class: ActionClass,
    now: Time,
}

impl Weighing<'_> {
    fn taken(&self, hold: &Hold) -> Taken {
        match hold.profile() {
            HoldProfile::Deny => Taken::All(Reason::HoldDeny),
            HoldProfile::ReadOnly if matches!(self.class, ActionClass::Read | ActionClass::List) => {
                Taken::Nothing
            }
            HoldProfile::ReadOnly => Taken::All(Reason::HoldReadOnly),
            HoldProfile::BaselineOnly if hold.habits.is_empty() => self.step_up(hold),
            HoldProfile::BaselineOnly if self.is_habit(hold) => Taken::Nothing,
            HoldProfile::BaselineOnly => Taken::All(Reason::HoldBaselineOnly),
            HoldProfile::StepUp => self.step_up(hold),
            HoldProfile::NoDelegation if self.delegates() => Taken::All(Reason::HoldNoDelegation),
            HoldProfile::NoDelegation => Taken::Nothing,
        }
    }

    fn is_habit(&self, hold: &Hold) -> bool {
        hold.habits.iter().any(|habit| {
            habit.action == self.request.action
                && habit.resource_type == self.request.resource.kind
                && habit.pep == self.request.caller.pep()
        })
    }

    fn delegates(&self) -> bool {
        self.request.on_behalf_of.is_some() || self.class == ActionClass::Credential
    }

    fn step_up(&self, hold: &Hold) -> Taken {
        let obligation = Obligation {
            id: hold.id.clone(),
            kind: ObligationType::StepUp.into(),
            acr_values: hold.acr_values.clone(),
            max_age_s: hold.max_age_s,
            properties: std::collections::BTreeMap::new(),
        };
        if is_met(&obligation, self.request.authentication, Time::from_ms(hold.placed_at_ms), self.now) {
            return Taken::Nothing;
        }
        Taken::UntilStepUp(obligation)
    }
}

/// Whether a step-up has been done: one of the contexts asked for, not before an instant, and not too long ago.
pub(crate) fn is_met(
    step_up: &Obligation,
    done: Option<Authentication<'_>>,
    not_before: Time,
    now: Time,
) -> bool {
    done.is_some_and(|done| {
        let context = step_up.acr_values.is_empty() || step_up.acr_values.iter().any(|acr| acr == done.acr);
        let age_ms = (now - done.at).0;
        let fresh = step_up.max_age_s == 0 || age_ms <= i64::from(step_up.max_age_s) * 1_000;
        context && fresh && age_ms >= 0 && done.at >= not_before
    })
}
