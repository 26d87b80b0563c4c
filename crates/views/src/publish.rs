//! From facts to the snapshot that decisions read.

use std::collections::BTreeMap;
use std::sync::Arc;

use doorward_model::hold::Hold;
use doorward_model::id::FactNumber;
use doorward_model::identity::Identity;
use doorward_model::record::Fact;
use doorward_model::time::Time;

use crate::control::Control;
use crate::snapshot::Snapshot;
use crate::snapshot::entity::Name;
use crate::snapshot::writer::{Cycle, EntityRow, Writer};

/// The type under which an identity that was found, and is no entity of a policy set, can be asked about.
pub const FOUND_TYPE: &str = "Identity";

/// Keeps the snapshot as facts say.
#[derive(Debug)]
pub struct Publisher {
    writer: Writer,
    /// What is in force, so that a release by id and an expiry find it.
    holds: BTreeMap<String, Hold>,
}

impl Publisher {
    /// A publisher of nothing yet; the seed is of the maps' hashes and reaches no answer.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { writer: Writer::new(seed), holds: BTreeMap::new() }
    }

    /// Takes in a fact that control state has folded already.
    pub fn fold(&mut self, fact: &Fact, control: &Control) {
        match fact {
            Fact::IdentityFound(found) => self.put_identity(found, control),
            Fact::FindingRaised(finding) | Fact::FindingGrown(finding) => {
                self.set_risk(&finding.identity, control);
                for (other, _) in control.one_hop(&finding.identity) {
                    self.set_risk(other, control);
                }
            }
            Fact::EdgeFound(edge) => {
                self.set_risk(&edge.from, control);
                self.set_risk(&edge.to, control);
            }
            Fact::HoldPlaced(hold) => {
                self.holds.insert(hold.id.clone(), hold.clone());
                self.writer.place_hold(hold.clone());
            }
            Fact::HoldReleased(released) => self.release(&released.id),
            Fact::TokenRevoked(revoked) => self.writer.revoke(&revoked.id),
            Fact::Tick(tick) => self.expire(Time::from_ms(tick.at_ms)),
            Fact::CredentialFound(_)
            | Fact::EntitlementObserved(_)
            | Fact::ImportCommitted(_)
            | Fact::Summary(_)
            | Fact::HoldRecommended(_)
            | Fact::PolicyPublished(_)
            | Fact::PepSet(_)
            | Fact::TokenIssued(_) => {}
        }
    }

    /// Tells of the entities of a policy set.
    ///
    /// # Errors
    /// [`Cycle`] when an entity would be a member of itself; those before it are told of.
    pub fn put_entities(&mut self, rows: Vec<EntityRow>, control: &Control) -> Result<(), Cycle> {
        for row in rows {
            let identity = row.identity.map(|_| Arc::clone(&row.name.id));
            self.writer.put_entity(row)?;
            if let Some(identity) = identity {
                self.set_risk(&identity, control);
            }
        }
        Ok(())
    }

    /// Publishes what was told, as of a fact.
    pub fn publish(&mut self, fact: FactNumber) -> Arc<Snapshot> {
        self.writer.publish(fact)
    }

    fn put_identity(&mut self, found: &Identity, control: &Control) {
        let known = self.writer.work().find_identities(&found.id).next().is_some();
        if !known {
            let row = EntityRow {
                name: Name::new(FOUND_TYPE, &found.id),
                identity: Some(found.kind()),
                account: found.account.as_str().into(),
                ..EntityRow::default()
            };
            // Without parents there is no cycle.
            self.writer.put_entity(row).map(drop).unwrap_or_default();
        }
        self.set_risk(&found.id, control);
    }

    fn set_risk(&mut self, identity: &str, control: &Control) {
        let found: Vec<_> = self.writer.work().find_identities(identity).collect();
        for ix in found {
            self.writer.set_risk(ix, control.risk(identity));
        }
    }

    fn release(&mut self, id: &str) {
        if let Some(hold) = self.holds.remove(id) {
            self.writer.release_hold(hold.scope(), &hold.subject, id);
        }
    }

    /// A hold that has ended lets pass by itself; here it only makes room.
    fn expire(&mut self, now: Time) {
        let over = self.holds.values().filter(|hold| !hold.in_force(now));
        let over: Vec<_> = over.map(|hold| hold.id.clone()).collect();
        for id in over {
            self.release(&id);
        }
    }
}
