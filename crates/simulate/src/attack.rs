//! Attacks hidden among the benign records, each with a label that says what it is.

mod steps;
mod victim;

use doorward_model::id::IdentityId;
use doorward_model::time::{Millis, Time};

use crate::attack::steps::Step;
use crate::attack::victim::target_place;
use crate::day::{Log, Outcome, Pen};
use crate::organisation::Organisation;
use crate::plan::AttackPlan;
use crate::random::nth;
use crate::record::{Detail, EventId, SimEvent};

/// What an attack does.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum Technique {
    /// The credential of an instance role is used from outside.
    #[default]
    InstanceCredentialTheft,
    /// A long-lived key leaks; the thief looks around and makes a key and rights for another user.
    LeakedKey,
    /// A password is given to a user who has none.
    LoginProfileBackdoor,
    /// The trail is stopped and deleted.
    LoggingStopped,
    /// Many secrets are read at once.
    SecretsHarvest,
    /// A role is opened to an account outside.
    RoleTrustBackdoor,
    /// Machines are started in a region that nobody uses.
    NewRegionCompute,
    /// Models are used at the organisation's expense.
    ModelHijack,
    /// A snapshot is shared with an account outside.
    SnapshotShared,
    /// A command is sent to many instances.
    CommandFanOut,
    /// An agent under a person's session leaves its task.
    AgentDrift,
    /// One odd call a day.
    SlowDiscovery,
}

/// What is known of a technique.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Known {
    /// Which it is.
    pub technique: Technique,
    /// Its name in labels.
    pub name: &'static str,
    /// Its ATT&CK id, in the numbering before the split of defence evasion.
    pub attack_id: &'static str,
    /// The variants that make sense for it: network, user agent.
    pub variants: &'static [(Side, Side)],
    /// What a detector should say.
    pub expect: &'static str,
}

/// Whether the attacker shows the victim's own network or user agent, or another.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum Side {
    /// The victim's own.
    #[default]
    Same,
    /// One that the victim has never had.
    New,
}

impl Side {
    /// `same` or `new`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::New => "new",
        }
    }
}

/// What an injected attack is, and which records are its.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Label {
    /// Its id within the run.
    pub id: String,
    /// What it does.
    pub technique: Technique,
    /// The name of the technique.
    pub name: &'static str,
    /// Its ATT&CK id.
    pub attack_id: &'static str,
    /// The victim's network or another.
    pub network: Side,
    /// The victim's user agent or another.
    pub agent: Side,
    /// The identity that acts, by its canonical id.
    pub identity: IdentityId,
    /// The ids of its records, in the order of time.
    pub events: Vec<EventId>,
    /// When the first of them happened.
    pub from: Time,
    /// When the last of them happened.
    pub to: Time,
    /// What a detector should say.
    pub expect: &'static str,
}

/// An attack with its records, and with the benign ones that lead to it.
#[derive(Clone, Debug)]
pub(crate) struct Attack {
    pub(crate) label: Label,
    pub(crate) events: Vec<SimEvent>,
}

const ALL: &[(Side, Side)] =
    &[(Side::New, Side::New), (Side::Same, Side::Same), (Side::New, Side::Same), (Side::Same, Side::New)];
const FROM_OUTSIDE: &[(Side, Side)] = &[(Side::New, Side::New), (Side::New, Side::Same)];
const FROM_INSIDE: &[(Side, Side)] = &[(Side::Same, Side::Same)];

/// The techniques, in the order in which they are injected.
pub const TECHNIQUES: [Known; 12] = {
    const fn known(
        technique: Technique,
        name: &'static str,
        attack_id: &'static str,
        variants: &'static [(Side, Side)],
        expect: &'static str,
    ) -> Known {
        Known { technique, name, attack_id, variants, expect }
    }
    [
        known(
            Technique::InstanceCredentialTheft,
            "instance-credential-theft",
            "T1552.005",
            FROM_OUTSIDE,
            "the key of an instance session is used from a network outside of the account's, beside the instance's own use of it",
        ),
        known(
            Technique::LeakedKey,
            "leaked-key",
            "T1098.001",
            FROM_OUTSIDE,
            "a long-lived key comes from a network never seen for it, enumerates IAM, then makes a key and attaches administrator rights for another user",
        ),
        known(
            Technique::LoginProfileBackdoor,
            "login-profile-backdoor",
            "T1098.001",
            ALL,
            "a password is created for a service user, which none of the peers ever did",
        ),
        known(
            Technique::LoggingStopped,
            "logging-stopped",
            "T1562.008",
            ALL,
            "the trail is stopped and deleted: always to be looked at",
        ),
        known(
            Technique::SecretsHarvest,
            "secrets-harvest",
            "T1555.006",
            ALL,
            "a machine that reads one secret lists all and reads many within minutes",
        ),
        known(
            Technique::RoleTrustBackdoor,
            "role-trust-backdoor",
            "T1098.003",
            ALL,
            "the trust policy of a role is opened to an account outside of the organisation",
        ),
        known(
            Technique::NewRegionCompute,
            "new-region-compute",
            "T1535",
            ALL,
            "large instances are started in a region that nobody in the organisation uses",
        ),
        known(
            Technique::ModelHijack,
            "model-hijack",
            "T1496.004",
            ALL,
            "a key that never used models asks for access and invokes them in a burst",
        ),
        known(
            Technique::SnapshotShared,
            "snapshot-shared",
            "T1537",
            ALL,
            "a snapshot is shared with an account outside of the organisation",
        ),
        known(
            Technique::CommandFanOut,
            "command-fan-out",
            "T1651",
            ALL,
            "a shell command is sent to many instances within a minute",
        ),
        known(
            Technique::AgentDrift,
            "agent-drift",
            "T1078.004",
            FROM_INSIDE,
            "a coding agent that reads logs and stacks turns to secrets and IAM under its person's session",
        ),
        known(
            Technique::SlowDiscovery,
            "slow-discovery",
            "T1580",
            ALL,
            "a machine makes one call a day that it and its peers never made: small sums over weeks",
        ),
    ]
};

impl Organisation {
    /// What was injected, in the order of injection. The ids are those of records that [`Organisation::day`] gives.
    #[must_use]
    pub fn labels(&self) -> Vec<Label> {
        self.attacks().into_iter().map(|attack| attack.label).collect()
    }

    pub(crate) fn attacks(&self) -> Vec<Attack> {
        let chosen: Vec<(Known, (Side, Side))> = match self.plan.attacks {
            AttackPlan::None => Vec::new(),
            AttackPlan::OneOfEach => {
                (0_u64..).zip(TECHNIQUES).map(|(turn, known)| (known, nth(known.variants, turn))).collect()
            }
            AttackPlan::OneTurn(turn) => (0..)
                .zip(TECHNIQUES)
                .map(|(at, known)| (known, nth(known.variants, u64::from(turn) + at)))
                .collect(),
            AttackPlan::EachVariant => TECHNIQUES
                .iter()
                .flat_map(|&known| known.variants.iter().map(move |&variant| (known, variant)))
                .collect(),
            AttackPlan::Count(count) => (0..u64::from(count))
                .map(|turn| (nth(&TECHNIQUES, turn), turn / 12 + turn % 12))
                .map(|(known, turn)| (known, nth(known.variants, turn)))
                .collect(),
        };
        (0..).zip(chosen).map(|(number, (known, variant))| self.attack(number, known, variant)).collect()
    }

    fn attack(&self, number: u32, known: Known, variant: (Side, Side)) -> Attack {
        let mut log = Log { from: self.plan.start, to: self.plan.end(), events: Vec::new() };
        log.from = self.plan.day_start(0);
        let mut events = Vec::new();
        let victim = self.victim(number, known, variant, &mut log);
        let mut pen = Pen::new(&mut log, self.plan.seed, &[0xa77a, u64::from(number)]);
        let place = target_place(known.technique, &victim);
        let (mut at, mut first, mut last) = (victim.at, None, victim.at);
        for (turn, step) in (0..).zip(self.steps(known.technique, &victim)) {
            let Step { after, call, fault, request, response } = step;
            at = at + after;
            let caller = self.attack_caller(&victim, variant, (number, turn, at));
            let detail = (request.is_some() || response.is_some()).then(|| Detail {
                request: request.map(Into::into),
                response: response.map(Into::into),
                ..Detail::default()
            });
            if pen.keeps(at) {
                first = first.or(Some(at));
                last = at;
                events.push(pen.write_full(at, (&place, &caller), call, Outcome { fault, detail }));
            }
        }
        let whole = |at: Time| crate::day::whole_seconds(at);
        Attack {
            label: Label {
                id: format!("attack-{:02}", number + 1),
                technique: known.technique,
                name: known.name,
                attack_id: known.attack_id,
                network: variant.0,
                agent: variant.1,
                identity: IdentityId::new(victim.identity),
                events,
                from: whole(first.unwrap_or(victim.at)),
                to: whole(last),
                expect: known.expect,
            },
            events: log.events,
        }
    }

    /// The first instant at which attacks may happen.
    pub(crate) fn attacks_from(&self) -> Time {
        let days = self.plan.attack_days.clamp(1, self.plan.days.max(1));
        self.plan.end() - Millis::DAY.times(i64::from(days))
    }
}
