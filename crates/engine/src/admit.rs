//! Commands: what a person or program asks for, and the facts that follow, or why not.

use doorward_model::inventory::AccountExport;
use doorward_model::record::{Fact, ImportCommitted};
use doorward_model::time::Time;
use doorward_views::state::State;

/// Why a command was refused.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Refusal {
    /// An older export never overwrites a newer one.
    #[error(
        "export of account {account} is as of {newest}, and one as of {known} is known: import the newer one"
    )]
    OlderExport {
        /// The account.
        account: String,
        /// The latest date in the export.
        newest: Time,
        /// The latest date in the one that is known.
        known: Time,
    },
}

/// Takes in an export of an account, whole.
///
/// # Errors
/// [`Refusal`] when a newer one is known.
pub fn import(state: &State, export: &AccountExport) -> Result<Vec<Fact>, Refusal> {
    if let Some(known) = state.control.imports.get(&export.account)
        && known.newest_at_ms > export.newest_at_ms
    {
        return Err(Refusal::OlderExport {
            account: export.account.clone(),
            newest: Time::from_ms(export.newest_at_ms),
            known: Time::from_ms(known.newest_at_ms),
        });
    }
    let identities = export.identities.iter().cloned().map(Fact::IdentityFound);
    let entitlements = export.entitlements.iter().cloned().map(Fact::EntitlementObserved);
    let committed = ImportCommitted {
        account: export.account.clone(),
        newest_at_ms: export.newest_at_ms,
        identities: export.identities.len() as u64,
        policies: export.policies.len() as u64,
    };
    Ok(identities.chain(entitlements).chain([Fact::ImportCommitted(committed)]).collect())
}
