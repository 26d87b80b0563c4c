//! Denials that were decided but are not durable yet. They bite at once, and leave when their record folds.

use std::sync::Arc;

use doorward_model::decision::{Mode, Pep};
use doorward_model::hold::{Hold, HoldScope};
use doorward_model::time::Time;

use crate::snapshot::KillEpoch;

/// What is denied beside a snapshot.
#[derive(Clone, Debug, Default)]
pub struct Overlay {
    denials: Vec<Denial>,
}

/// One denial that is not durable yet.
#[derive(Clone, Debug, PartialEq)]
pub enum Denial {
    /// A hold.
    Hold(Arc<Hold>),
    /// All sessions of an identity (by canonical id) up to an instant are ended.
    Kill(Arc<str>, Time),
    /// A session or credential is revoked.
    Revoke(Arc<str>),
    /// An enforcement point bites at least as its mode says.
    Pep(Pep),
    /// The policy set bites at least as the mode says, and nothing passes above a risk.
    Policy(Mode, u32),
}

impl Overlay {
    /// Beyond it a new denial must wait for durability; what is in it keeps biting.
    pub const DENIALS_MAX: usize = 4_096;

    /// With one more denial; `None` when there is no room.
    #[must_use]
    pub fn with(&self, denial: Denial) -> Option<Self> {
        let room = self.denials.len() < Self::DENIALS_MAX;
        room.then(|| Self { denials: self.denials.iter().cloned().chain([denial]).collect() })
    }

    /// Without a denial that has become durable.
    #[must_use]
    pub fn without(&self, durable: &Denial) -> Self {
        Self { denials: self.denials.iter().filter(|denial| *denial != durable).cloned().collect() }
    }

    /// Whether nothing is denied.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.denials.is_empty()
    }

    /// The holds on something, in force or not.
    pub fn holds(&self, scope: HoldScope, subject: &str) -> impl Iterator<Item = &Arc<Hold>> {
        self.denials.iter().filter_map(move |denial| match denial {
            Denial::Hold(hold) if hold.scope() == scope && hold.subject == subject => Some(hold),
            Denial::Hold(_) | Denial::Kill(..) | Denial::Revoke(_) | Denial::Pep(_) | Denial::Policy(..) => {
                None
            }
        })
    }

    /// The latest kill epoch of an identity.
    #[must_use]
    pub fn kill_epoch(&self, identity: &str) -> KillEpoch {
        let kills = self.denials.iter().filter_map(|denial| match denial {
            Denial::Kill(id, at) if **id == *identity => Some(KillEpoch::at(*at)),
            Denial::Kill(..) | Denial::Hold(_) | Denial::Revoke(_) | Denial::Pep(_) | Denial::Policy(..) => {
                None
            }
        });
        kills.max().unwrap_or_default()
    }

    /// The mode of an enforcement point, which is in one already.
    #[must_use]
    pub fn pep_mode(&self, name: &str, mode: Mode) -> Mode {
        let stricter = self.denials.iter().filter_map(|denial| match denial {
            Denial::Pep(pep) if pep.name == name => Some(pep.mode()),
            Denial::Pep(_) | Denial::Hold(_) | Denial::Kill(..) | Denial::Revoke(_) | Denial::Policy(..) => {
                None
            }
        });
        stricter.fold(mode, Mode::strictest)
    }

    /// The mode of the policy set and the greatest risk that passes, which have values already.
    #[must_use]
    pub fn policy(&self, mode: Mode, risk_max: u32) -> (Mode, u32) {
        let stricter = self.denials.iter().filter_map(|denial| match denial {
            Denial::Policy(mode, risk_max) => Some((*mode, *risk_max)),
            Denial::Hold(_) | Denial::Kill(..) | Denial::Revoke(_) | Denial::Pep(_) => None,
        });
        stricter.fold((mode, risk_max), |(mode, risk_max), (other, lower)| {
            (mode.strictest(other), risk_max.min(lower))
        })
    }

    /// Whether a session or credential is revoked.
    #[must_use]
    pub fn is_revoked(&self, id: &str) -> bool {
        self.denials.iter().any(|denial| matches!(denial, Denial::Revoke(revoked) if **revoked == *id))
    }
}
