//! What a fact says of the inventory.

use crate::inventory::row::{Row, RowKind};
use crate::record::Fact;

impl Fact {
    /// Whether it tells something of the inventory: of a row, that an export was taken in, or what an event has changed.
    /// That an identity acts is no row: it may be somebody of whom no export has told.
    #[must_use]
    pub fn is_of_inventory(&self) -> bool {
        matches!(self, Self::ImportCommitted(_) | Self::InventoryChanged(_)) || self.row().is_some()
    }

    /// The row that it tells of, by kind and key.
    #[must_use]
    pub fn row(&self) -> Option<(RowKind, Vec<String>)> {
        fn of<T: Row>(row: &T) -> Option<(RowKind, Vec<String>)> {
            Some((T::KIND, row.key()))
        }
        match self {
            Self::IdentityFound(found) if found.seen.is_some() || found.created_at_ms != 0 => {
                Some((RowKind::Identity, vec![found.id.clone()]))
            }
            Self::CredentialFound(found) if found.seen.is_some() => of(found),
            Self::EntitlementObserved(row) => of(row),
            Self::PolicyFound(row) => of(row),
            Self::GroupFound(row) => of(row),
            Self::ResourceFound(row) => of(row),
            Self::OrganisationNodeFound(row) => of(row),
            Self::PermissionSetFound(row) => of(row),
            Self::AssignmentFound(row) => of(row),
            Self::MembershipFound(row) => of(row),
            Self::AccessFindingFound(row) => of(row),
            Self::LastUseFound(row) => of(row),
            Self::Withdrawn(gone) => Some((gone.kind(), gone.key.clone())),
            Self::IdentityFound(_)
            | Self::CredentialFound(_)
            | Self::EdgeFound(_)
            | Self::ImportCommitted(_)
            | Self::InventoryChanged(_)
            | Self::FindingRaised(_)
            | Self::FindingGrown(_)
            | Self::Summary(_)
            | Self::Tick(_)
            | Self::HoldPlaced(_)
            | Self::HoldReleased(_)
            | Self::HoldRecommended(_)
            | Self::PolicyPublished(_)
            | Self::PepSet(_)
            | Self::TokenIssued(_)
            | Self::TokenRevoked(_)
            | Self::CommandAnswered(_)
            | Self::IdentityKilled(_)
            | Self::IdentityRevived(_)
            | Self::PrivilegeMeasured(_)
            | Self::DecisionsMissing(_) => None,
        }
    }
}
