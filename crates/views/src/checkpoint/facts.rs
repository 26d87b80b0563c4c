//! The facts that lead to the control state as it stands.

use doorward_model::inventory::row::{RowKind, Withdrawn};
use doorward_model::record::{CONFIGURATION, Fact, PepSet, Tick, TokenRevoked};

use crate::state::State;

/// The facts that, folded in this order into nothing, give the control state.
#[must_use]
pub fn facts(state: &State) -> Vec<Fact> {
    let control = &state.control;
    let mut facts = Vec::new();
    facts.extend(control.identities.values().map(|found| Fact::IdentityFound(found.told())));
    facts.extend(control.credentials.values().cloned().map(Fact::CredentialFound));
    facts.extend(control.edges.iter().map(|edge| Fact::EdgeFound(edge.told())));
    facts.extend(control.identities.values().filter_map(|known| {
        let key = vec![known.id.to_string()];
        let gone = |seen| Withdrawn { kind: RowKind::Identity.into(), key, seen: Some(seen) };
        known.gone().map(gone).map(Fact::Withdrawn)
    }));
    facts.extend(control.inventory.facts());
    facts.extend(control.peers.to_summaries(&state.symbols).into_iter().map(Fact::Summary));
    facts.extend(control.findings.values().cloned().map(Fact::FindingRaised));
    facts.extend(control.recommended.values().cloned().map(Fact::HoldRecommended));
    facts.extend(control.holds.values().cloned().map(Fact::HoldPlaced));
    facts.extend(control.kills.values().cloned().map(Fact::IdentityKilled));
    facts.extend(control.configured.peps.values().map(|pep| {
        let (pep, by) = (pep.clone(), CONFIGURATION.to_owned());
        Fact::PepSet(PepSet { pep, by })
    }));
    facts.extend(control.peps.values().cloned().map(Fact::PepSet));
    facts.extend(control.issued_tokens().cloned().map(Fact::TokenIssued));
    facts.extend(control.revoked.iter().map(|(id, revoked)| {
        let (id, by) = (id.clone(), revoked.by.clone());
        Fact::TokenRevoked(TokenRevoked { id, by })
    }));
    facts.extend(control.decisions_missing.map(Fact::DecisionsMissing));
    facts.extend(control.trend.points().copied().map(Fact::PrivilegeMeasured));
    facts.extend(control.answered.iter().cloned().map(Fact::CommandAnswered));
    // What decides comes last.
    let configured = control.configured.policy.iter().filter(|set| control.policy.as_ref() != Some(set));
    facts.extend(configured.chain(&control.policy).cloned().map(Fact::PolicyPublished));
    // The last tick was before any of these would have ended, or they would not be here.
    facts.push(Fact::Tick(Tick { at_ms: control.now.ms() }));
    facts
}
