//! How much attention there is for cases, and what becomes of it: the threshold, and findings by kind of identity.

use std::collections::BTreeMap;

use doorward_model::identity::IdentityKind;
use doorward_model::time::{Millis, Time};
use doorward_views::state::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::answers::unusual::bits;
use crate::schema::Instant;

/// The budget of attention. It is one for all identities; what each kind takes of it follows from how many there are.
#[derive(Clone, PartialEq, Debug, Serialize, ToSchema)]
pub struct Budget {
    /// How many cases are wanted in a day.
    pub cases_per_day: u32,
    /// The weighted surprise from which new behaviour becomes a finding, in bits; it follows from the cases wanted.
    pub threshold: f64,
    /// From when on findings are counted here: the last 30 days, or what was judged of them.
    #[schema(value_type = Instant)]
    pub from: Time,
    /// Until when.
    #[schema(value_type = Instant)]
    pub to: Time,
    /// How many findings began in that time.
    pub findings: u64,
    /// The same for a day.
    pub findings_per_day: f64,
    /// The kinds of which there are identities.
    pub kinds: Vec<KindRate>,
}

/// What findings one kind of identity has.
#[derive(Clone, PartialEq, Debug, Serialize, ToSchema)]
pub struct KindRate {
    /// `human`, `service`, `workload`, `agent`, `vendor_app` or `external`.
    pub kind: &'static str,
    /// How many identities of it are known.
    pub identities: u64,
    /// How many findings they had in that time.
    pub findings: u64,
    /// The same for a day.
    pub findings_per_day: f64,
    /// The same for one identity in a year.
    pub findings_per_identity_year: f64,
}

/// The budget and what came of it within the last 30 days, or since there are ticks.
#[must_use]
pub fn budget(state: &State, now: Time) -> Budget {
    let from = state.budget.since.unwrap_or(now).max(now - WINDOW);
    budget_of(state, from, now)
}

/// The budget and what came of it between two instants.
#[must_use]
pub fn budget_of(state: &State, from: Time, to: Time) -> Budget {
    let mut counts: BTreeMap<IdentityKind, u32> = BTreeMap::new();
    let began = |at: Time| from <= at && at <= to;
    for finding in state.control.findings.values().filter(|finding| began(Time::from_ms(finding.first_at_ms)))
    {
        *counts.entry(state.kind(&finding.identity)).or_insert(0) += 1;
    }
    // Less than a day says no more than a day does.
    let hours = ((to - from).0 / Millis::HOUR.0).max(24);
    let days = f64::from(i32::try_from(hours).unwrap_or(i32::MAX)) / 24.0;
    let kinds = IdentityKind::ALL.into_iter().filter_map(|kind| {
        let identities = state.control.count(kind);
        let findings = counts.get(&kind).copied().unwrap_or(0);
        let per_day = f64::from(findings) / days;
        let years = f64::from(u32::try_from(identities).unwrap_or(u32::MAX)) * days / 365.0;
        (identities > 0).then(|| KindRate {
            kind: kind.word(),
            identities,
            findings: findings.into(),
            findings_per_day: rounded(per_day),
            findings_per_identity_year: rounded(f64::from(findings) / years),
        })
    });
    let findings: u32 = counts.values().sum();
    Budget {
        cases_per_day: state.budget.cases_per_day,
        threshold: bits(state.budget.threshold_milli),
        from,
        to,
        findings: findings.into(),
        findings_per_day: rounded(f64::from(findings) / days),
        kinds: kinds.collect(),
    }
}

/// To hundredths: more would be noise.
fn rounded(rate: f64) -> f64 {
    (rate * 100.0).round() / 100.0
}

/// Over what time findings are counted.
const WINDOW: Millis = Millis::DAY.times(30);

#[cfg(test)]
mod tests {
    use doorward_model::finding::Finding;
    use doorward_model::id::TenantId;
    use doorward_model::identity::{Identity, IdentityKind};
    use doorward_model::record::{Fact, FactRecord};
    use doorward_model::time::{Millis, Time};
    use doorward_views::state::{Budget as Standing, State};

    use super::{Budget, KindRate, budget};

    #[test]
    fn rates_follow_from_the_inventory_and_the_last_thirty_days() {
        let mut state = State::new(TenantId::from("t"), 1, 1);
        let now = Time::from_ms(1_700_000_000_000);
        let since = Some(now - Millis::DAY.times(73));
        state.budget = Standing { cases_per_day: 5, threshold_milli: 24_500, since };
        let identity = |id: &str, kind: IdentityKind| {
            Fact::IdentityFound(Identity { id: id.into(), kind: kind.into(), ..Identity::default() })
        };
        let finding = |id: &str, identity: &str, days: i64| {
            let first_at_ms = (now - Millis::DAY.times(days)).ms();
            let (id, identity) = (id.to_owned(), identity.to_owned());
            Fact::FindingRaised(Finding { id, identity, first_at_ms, ..Finding::default() })
        };
        let facts = [
            identity("ann", IdentityKind::Service),
            identity("job", IdentityKind::Workload),
            identity("web", IdentityKind::Workload),
            identity("ann", IdentityKind::Human),
            finding("a", "ann", 2),
            finding("b", "ann", 29),
            finding("c", "ann", 31),
            finding("d", "job", 3),
        ];
        for (number, fact) in (1..).zip(facts) {
            state.fold_fact(&FactRecord { number, recorded_at_ms: now.ms(), fact: Some(fact) });
        }
        let rate = |kind, identities, (findings, findings_per_day, findings_per_identity_year)| KindRate {
            kind,
            identities,
            findings,
            findings_per_day,
            findings_per_identity_year,
        };
        let kinds = vec![rate("human", 1, (2, 0.07, 24.33)), rate("workload", 2, (1, 0.03, 6.08))];
        let (from, findings_per_day) = (now - Millis::DAY.times(30), 0.1);
        let expected =
            Budget { cases_per_day: 5, threshold: 24.5, from, to: now, findings: 3, findings_per_day, kinds };
        assert_eq!(budget(&state, now), expected);
    }
}
