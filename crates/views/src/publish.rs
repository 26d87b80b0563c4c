//! From facts to the snapshot that decisions read.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use doorward_model::hold::Hold;
use doorward_model::id::FactNumber;
use doorward_model::record::Fact;
use doorward_model::time::Time;

use crate::control::Control;
use crate::identities::KnownIdentity;
use crate::snapshot::entity::Name;
use crate::snapshot::writer::{Cycle, EntityRow, Writer};
use crate::snapshot::{KillEpoch, Snapshot};

/// The type under which an identity that was found, and is no entity of a policy set, can be asked about.
pub const FOUND_TYPE: &str = "Identity";
/// The platform of an identity that only a policy set names: it is known by the names that the set gives it.
pub const POLICY_PLATFORM: &str = "doorward";

/// Keeps the snapshot as facts say.
#[derive(Debug)]
pub struct Publisher {
    seed: u64,
    writer: Writer,
    /// What is in force, so that a release by id and an expiry find it.
    holds: BTreeMap<String, Hold>,
    revoked: BTreeSet<String>,
}

impl Publisher {
    /// A publisher of nothing yet; the seed is of the maps' hashes and reaches no answer.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { seed, writer: Writer::new(seed), holds: BTreeMap::new(), revoked: BTreeSet::new() }
    }

    /// Takes in a fact that control state has folded already.
    pub fn fold(&mut self, fact: &Fact, control: &Control) {
        match fact {
            Fact::IdentityFound(found) => {
                if let Some(known) = control.identities.get(found.id.as_str()) {
                    self.put_identity(known, control);
                }
            }
            Fact::FindingRaised(finding) | Fact::FindingGrown(finding) => {
                self.set_hot(&finding.identity, control);
                for (other, _) in control.one_hop(&finding.identity) {
                    self.set_hot(other, control);
                }
            }
            Fact::EdgeFound(edge) => {
                self.set_hot(&edge.from, control);
                self.set_hot(&edge.to, control);
            }
            Fact::HoldPlaced(hold) => {
                self.holds.insert(hold.id.clone(), hold.clone());
                self.writer.place_hold(hold.clone());
            }
            Fact::HoldReleased(released) => self.release(&released.id),
            Fact::TokenRevoked(revoked) => {
                self.revoked.insert(revoked.id.clone());
                self.writer.revoke(&revoked.id);
            }
            Fact::IdentityKilled(killed) => self.set_hot(&killed.identity, control),
            Fact::IdentityRevived(revived) => self.set_hot(&revived.identity, control),
            Fact::Tick(tick) => self.expire(Time::from_ms(tick.at_ms), control),
            Fact::CredentialFound(_)
            | Fact::EntitlementObserved(_)
            | Fact::PolicyFound(_)
            | Fact::GroupFound(_)
            | Fact::ResourceFound(_)
            | Fact::OrganisationNodeFound(_)
            | Fact::PermissionSetFound(_)
            | Fact::AssignmentFound(_)
            | Fact::MembershipFound(_)
            | Fact::AccessFindingFound(_)
            | Fact::LastUseFound(_)
            | Fact::Withdrawn(_)
            | Fact::InventoryChanged(_)
            | Fact::ImportCommitted(_)
            | Fact::Summary(_)
            | Fact::HoldRecommended(_)
            | Fact::PolicyPublished(_)
            | Fact::PepSet(_)
            | Fact::TokenIssued(_)
            | Fact::CommandAnswered(_)
            | Fact::PrivilegeMeasured(_)
            | Fact::DecisionsMissing(_) => {}
        }
    }

    /// Tells of the entities of a policy set, which replace those of the set before: who is no longer named is no
    /// longer known by that name. What was found otherwise, holds, kills and revocations stay.
    ///
    /// # Errors
    /// [`Cycle`] when an entity would be a member of itself; nothing changes then.
    pub fn put_entities(&mut self, rows: Vec<EntityRow>, control: &Control) -> Result<(), Cycle> {
        let mut writer = Writer::new(self.seed);
        let mut named = Vec::new();
        for row in rows {
            named.extend(row.identity.map(|_| Arc::clone(&row.name.id)));
            writer.put_entity(row)?;
        }
        self.writer = writer;
        named.iter().for_each(|identity| self.set_hot(identity, control));
        control.identities.values().for_each(|found| self.put_identity(found, control));
        self.holds.values().for_each(|hold| self.writer.place_hold(hold.clone()));
        self.revoked.iter().for_each(|id| self.writer.revoke(id));
        Ok(())
    }

    /// Publishes what was told, as of a fact.
    pub fn publish(&mut self, fact: FactNumber) -> Arc<Snapshot> {
        self.writer.publish(fact)
    }

    fn put_identity(&mut self, found: &KnownIdentity, control: &Control) {
        let named = *found.platform == *POLICY_PLATFORM;
        if !named && self.writer.work().find_identities(&found.id).next().is_none() {
            let row = EntityRow {
                name: Name { kind: FOUND_TYPE.into(), id: Arc::clone(&found.id) },
                identity: Some(found.kind()),
                account: Arc::clone(&found.account),
                ..EntityRow::default()
            };
            // Without parents there is no cycle.
            self.writer.put_entity(row).map(drop).unwrap_or_default();
        }
        self.set_hot(&found.id, control);
    }

    fn set_hot(&mut self, identity: &str, control: &Control) {
        let found: Vec<_> = self.writer.work().find_identities(identity).collect();
        let killed = control.kills.get(identity);
        let epoch = killed.map(|killed| KillEpoch::at(Time::from_ms(killed.up_to_ms))).unwrap_or_default();
        for ix in found {
            self.writer.set_risk(ix, control.risk(identity));
            self.writer.set_kill_epoch(ix, epoch);
        }
    }

    fn release(&mut self, id: &str) {
        if let Some(hold) = self.holds.remove(id) {
            self.writer.release_hold(hold.scope(), &hold.subject, id);
        }
    }

    /// A hold that has ended lets pass by itself; here it only makes room. So does a revoked token that would have
    /// ended by now.
    fn expire(&mut self, now: Time, control: &Control) {
        let over = self.holds.values().filter(|hold| !hold.in_force(now));
        let over: Vec<_> = over.map(|hold| hold.id.clone()).collect();
        for id in over {
            self.release(&id);
        }
        for id in self.revoked.extract_if(.., |id| !control.revoked.contains_key(id)) {
            self.writer.forget_revoked(&id);
        }
    }
}
