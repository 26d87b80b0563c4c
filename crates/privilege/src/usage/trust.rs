//! Which ways into roles nobody used, though the log would have shown it: trust that can go.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Usage;
use super::entries::{Entries, Way};
use super::step::{StepAnswer, Taken};
use crate::answers::OutsideAnswer;
use crate::atlas::Atlas;
use crate::estate::{Principal, PrincipalId, PrincipalKind};

/// How the ways into roles were used in the window of the log.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct TrustAnswer {
    /// The ways: of each role, each whom its trust policy lets in, be it an identity, an account, somebody outside or a
    /// service of AWS.
    pub ways: TakenCounts,
    /// The roles that somebody is let into, by whether anybody came.
    pub roles: TakenCounts,
    /// The roles with ways that were not used: those first into which nobody came, then those with the largest blast
    /// radius; the first thousand.
    pub unused: Vec<RoleAnswer>,
}

/// How many there are, by whether they were used.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct TakenCounts {
    /// All of them.
    pub all: usize,
    /// Those that the log shows.
    pub seen: usize,
    /// Those that it does not, though it would.
    pub unused: usize,
    /// Those of which nobody can tell.
    pub unknown: usize,
}

/// A role with ways into it that were not used.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct RoleAnswer {
    /// Its ARN.
    pub role: String,
    /// How much would be lost with it, in percent of all that is known.
    pub blast_radius: f64,
    /// Whether anybody came into it.
    pub usage: StepAnswer,
    /// How many ways there are into it.
    pub ways: usize,
    /// By whom it may be assumed and was not: the ways that were not used, as policies name them.
    pub unused: Vec<String>,
}

impl TakenCounts {
    fn add(&mut self, step: &StepAnswer) {
        self.all += 1;
        match step.taken {
            Taken::Seen | Taken::Standing => self.seen += 1,
            Taken::Unused => self.unused += 1,
            Taken::Unknown => self.unknown += 1,
        }
    }
}

/// How the ways into roles were used; nothing where there is no log. Says of those from outside how each was; into a
/// resource nobody can tell, for that stands in the log of the other side.
#[must_use]
pub fn trust(usage: &Usage, atlas: &Atlas, outside: &mut [OutsideAnswer]) -> Option<TrustAnswer> {
    if usage.ledger.is_empty() {
        return None;
    }
    let entries = Entries::new(atlas, usage);
    for one in outside {
        one.usage = Some(match atlas.estate.find(&one.into) {
            Some(role) => entries.of_outsider(role, &one.who),
            None => StepAnswer::of(Taken::Unknown),
        });
    }
    let mut answer = TrustAnswer::default();
    // AWS makes those that are linked to services, and says who assumes them.
    let is_asked = |one: &Principal| one.kind == PrincipalKind::Role && !one.is_service_linked();
    for (id, role) in atlas.estate.principals().filter(|(_, one)| is_asked(one)) {
        let ways = entries.ways(id);
        if !ways.is_empty() {
            answer.add((atlas, &entries), (id, role), &ways);
        }
    }
    answer.unused.sort_by(|one, other| {
        let is_entered = |one: &RoleAnswer| one.usage.taken != Taken::Unused;
        let first = is_entered(one).cmp(&is_entered(other));
        let first = first.then(other.blast_radius.total_cmp(&one.blast_radius));
        first.then_with(|| one.role.cmp(&other.role))
    });
    answer.unused.truncate(UNUSED_MAX);
    Some(answer)
}

impl TrustAnswer {
    fn add(
        &mut self,
        (atlas, entries): (&Atlas, &Entries<'_>),
        (id, role): (PrincipalId, &Principal),
        ways: &[Way<'_>],
    ) {
        let usage = entries.entered(id, ways);
        self.roles.add(&usage);
        let mut unused = Vec::new();
        for way in ways {
            let taken = entries.taken(id, way, ways);
            self.ways.add(&taken);
            if taken.taken == Taken::Unused {
                unused.push(way.name(atlas).to_owned());
            }
        }
        if !unused.is_empty() {
            let radius = atlas.rating.radius(atlas.analysis.principal(id));
            let blast_radius = f64::from(radius.millipercent()) / 1000.0;
            self.unused.push(RoleAnswer {
                role: role.arn().to_owned(),
                blast_radius,
                usage,
                ways: ways.len(),
                unused,
            });
        }
    }
}

/// So many roles with ways that were not used are told.
const UNUSED_MAX: usize = 1_000;
