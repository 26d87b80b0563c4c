//! What a person or a program asks for. Admitting a command is the only door to the facts it leads to.

use crate::finding::Finding;
use crate::hold::Hold;
use crate::id::FactNumber;
use crate::inventory::AccountExport;
use crate::inventory::measure::PrivilegeMeasured;
use crate::record::{
    HoldReleased, IdentityKilled, IdentityRevived, PepSet, PolicyPublished, TokenIssued, TokenRevoked,
};
use crate::time::Time;

/// Something that is asked for.
#[derive(Clone, PartialEq, Debug)]
pub enum Command {
    /// Take in an export of an account, whole.
    Import(Box<AccountExport>),
    /// Restrict something.
    PlaceHold(Hold),
    /// Take a restriction away.
    ReleaseHold(HoldReleased),
    /// Decide by these policies from now on. They have been validated, and their files are stored.
    PublishPolicy(PolicyPublished),
    /// Make an enforcement point known, or change its mode.
    SetPep(PepSet),
    /// Make a token valid.
    IssueToken(TokenIssued),
    /// End a token.
    RevokeToken(TokenRevoked),
    /// End all sessions and credentials of an identity that began up to an instant.
    KillIdentity(IdentityKilled),
    /// Take that back.
    ReviveIdentity(IdentityRevived),
    /// Take in what was found in what the inventory makes possible.
    RaiseFindings(Box<FindingsRaised>),
    /// Take in how much the inventory makes possible.
    MeasurePrivilege(PrivilegeMeasured),
}

/// What was found in what the inventory makes possible.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct FindingsRaised {
    /// What has become possible; at most [`Self::FINDINGS_MAX`] are taken.
    pub raised: Vec<Finding>,
    /// Findings of what was possible, and is not any more, by id.
    pub closed: Vec<String>,
    /// The last fact of the inventory in which that was found.
    pub as_of_fact: FactNumber,
}

impl FindingsRaised {
    /// How many findings are raised at once.
    pub const FINDINGS_MAX: usize = 200;
}

impl Command {
    /// The id of what it is about.
    #[must_use]
    pub fn id(&self) -> String {
        match self {
            Self::Import(export) => export.account.clone(),
            Self::PlaceHold(hold) => hold.id.clone(),
            Self::ReleaseHold(released) => released.id.clone(),
            Self::PublishPolicy(published) => published.hash.clone(),
            Self::SetPep(set) => set.pep.name.clone(),
            Self::IssueToken(token) => token.id.clone(),
            Self::RevokeToken(revoked) => revoked.id.clone(),
            Self::KillIdentity(killed) => killed.identity.clone(),
            Self::ReviveIdentity(revived) => revived.identity.clone(),
            Self::RaiseFindings(found) => {
                found.raised.first().map(|finding| finding.id.clone()).unwrap_or_default()
            }
            Self::MeasurePrivilege(measured) => Time::from_ms(measured.at_ms).to_string(),
        }
    }
}

/// Why a command was refused. Nothing has changed.
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
    /// There is nothing by this id.
    #[error("no {what} by the id {id:?} is known")]
    NotFound {
        /// What it should have been.
        what: &'static str,
        /// The id.
        id: String,
    },
    /// There is something else by this id.
    #[error("another {what} by the id {id:?} is known")]
    Exists {
        /// What it is.
        what: &'static str,
        /// The id.
        id: String,
    },
    /// It would already be over.
    #[error("{what} would end at {ends}, which has passed")]
    AlreadyOver {
        /// What it is.
        what: &'static str,
        /// When it would end.
        ends: Time,
    },
    /// A limit is reached.
    #[error("there are {max} {what} already, which is the limit")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// The limit.
        max: usize,
    },
}
