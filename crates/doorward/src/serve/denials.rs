//! Commands that deny: they are in force before they are recorded.

use std::sync::Arc;

use doorward_model::command::Command;
use doorward_model::record::CommandAnswered;
use doorward_model::time::Time;
use doorward_serve::handle::WorkError;
use doorward_views::snapshot::overlay::Denial;

/// A command that denies already and is still to be recorded.
#[derive(Clone, Debug)]
pub(super) struct Pending {
    pub(super) command: Command,
    pub(super) denial: Denial,
    /// What is recorded with it, when it was given under a key.
    pub(super) answered: Option<CommandAnswered>,
}

/// What a command denies, if it does.
pub(super) fn denial_of(command: &Command) -> Option<Denial> {
    match command {
        Command::PlaceHold(hold) => Some(Denial::Hold(Arc::new(hold.clone()))),
        Command::RevokeToken(revoked) => Some(Denial::Revoke(revoked.id.as_str().into())),
        Command::KillIdentity(killed) => {
            Some(Denial::Kill(killed.identity.as_str().into(), Time::from_ms(killed.up_to_ms)))
        }
        Command::Import(_)
        | Command::ReleaseHold(_)
        | Command::ReviveIdentity(_)
        | Command::PublishPolicy(_)
        | Command::SetPep(_)
        | Command::IssueToken(_) => None,
    }
}

/// The id of what waits to be recorded under the same key.
pub(super) fn under(
    pending: &[Pending],
    asked: Option<&CommandAnswered>,
) -> Result<Option<String>, WorkError> {
    let Some(asked) = asked else { return Ok(None) };
    let waiting = pending.iter().filter_map(|waiting| waiting.answered.as_ref());
    let mut under = waiting.filter(|known| known.by == asked.by && known.key_hash == asked.key_hash);
    match under.next() {
        Some(known) if known.request_hash != asked.request_hash => Err(WorkError::KeyReused),
        known => Ok(known.map(|known| known.id.clone())),
    }
}
