//! Commands that deny: they are in force before they are recorded. So is what the settings make stricter.

use std::collections::BTreeMap;
use std::sync::Arc;

use doorward_model::command::Command;
use doorward_model::decision::Pep;
use doorward_model::record::{CommandAnswered, PolicyPublished};
use doorward_model::time::Time;
use doorward_policy::world::Settings;
use doorward_serve::handle::WorkError;
use doorward_views::control::Control;
use doorward_views::snapshot::overlay::Denial;

/// A command that is still to be recorded: it denies already, or the settings say it.
#[derive(Clone, Debug)]
pub(super) struct Pending {
    pub(super) command: Command,
    /// The files of a policy set that is to be published.
    pub(super) files: BTreeMap<String, String>,
    /// What it denies until then.
    pub(super) denial: Option<Denial>,
    /// What is recorded with it, when it was given under a key.
    pub(super) answered: Option<CommandAnswered>,
}

/// What a command denies, if it does.
pub(super) fn denial_of(command: &Command, control: &Control) -> Option<Denial> {
    match command {
        Command::PlaceHold(hold) => Some(Denial::Hold(Arc::new(hold.clone()))),
        Command::RevokeToken(revoked) => Some(Denial::Revoke(revoked.id.as_str().into())),
        Command::KillIdentity(killed) => {
            Some(Denial::Kill(killed.identity.as_str().into(), Time::from_ms(killed.up_to_ms)))
        }
        Command::SetPep(set) => {
            let known = control.peps.get(&set.pep.name);
            let mode = known.map_or_else(|| Pep::new(&set.pep.name).mode(), |known| known.pep.mode());
            // The stricter a mode, the less it is.
            (set.pep.mode() < mode).then(|| Denial::Pep(set.pep.clone()))
        }
        Command::Import(_)
        | Command::ReleaseHold(_)
        | Command::ReviveIdentity(_)
        | Command::PublishPolicy(_)
        | Command::RaiseFindings(_)
        | Command::MeasurePrivilege(_)
        | Command::IssueToken(_) => None,
    }
}

/// What a policy set that cannot be recorded denies: the set before it goes on deciding, but bites as the new one would.
pub(super) fn stricter(published: &PolicyPublished, control: &Control) -> Option<Denial> {
    let none = Settings::default();
    let (mode, risk_max) = control
        .policy
        .as_ref()
        .map_or((none.mode, none.risk_max), |deciding| (deciding.mode(), deciding.risk_max));
    let is = published.mode() < mode || published.risk_max < risk_max;
    is.then(|| Denial::Policy(published.mode(), published.risk_max))
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

#[cfg(test)]
mod tests {
    use doorward_model::decision::Mode;
    use doorward_model::id::TenantId;
    use doorward_model::record::{CONFIGURATION, Fact, FactRecord, PepSet};
    use doorward_views::state::State;

    use super::*;

    fn published(mode: Mode, risk_max: u32) -> PolicyPublished {
        PolicyPublished { mode: mode.into(), risk_max, ..PolicyPublished::default() }
    }

    fn set(mode: Mode) -> PepSet {
        PepSet { pep: Pep { name: "gate".to_owned(), mode: mode.into() }, by: CONFIGURATION.to_owned() }
    }

    fn after(facts: impl IntoIterator<Item = Fact>) -> State {
        let mut state = State::new(TenantId::from("test"), 1, 1);
        for (number, fact) in (1..).zip(facts) {
            state.fold_fact(&FactRecord { number, recorded_at_ms: 0, fact: Some(fact) });
        }
        state
    }

    #[test]
    fn a_set_denies_what_it_is_stricter_in_than_the_one_that_decides() {
        let denied = |state: &State, mode, risk_max| stricter(&published(mode, risk_max), &state.control);
        let decides = after([Fact::PolicyPublished(published(Mode::Shadow, 80))]);
        for (mode, risk_max, bites) in [
            (Mode::Enforce, 80, true),
            (Mode::Shadow, 79, true),
            (Mode::Learn, 79, true),
            (Mode::Shadow, 80, false),
            (Mode::Learn, 90, false),
        ] {
            let expected = bites.then_some(Denial::Policy(mode, risk_max));
            assert_eq!(denied(&decides, mode, risk_max), expected, "{mode:?} {risk_max}");
        }
        // Where none decides it is as with a new one: in shadow, and without a ceiling.
        let none = after([]);
        assert_eq!(denied(&none, Mode::Shadow, 100), None);
        assert_eq!(denied(&none, Mode::Shadow, 99), Some(Denial::Policy(Mode::Shadow, 99)));
    }

    #[test]
    fn a_point_denies_when_its_mode_becomes_stricter() {
        let denied = |state: &State, mode| denial_of(&Command::SetPep(set(mode)), &state.control);
        let known = after([Fact::PepSet(set(Mode::Shadow))]);
        for state in [&known, &after([])] {
            assert_eq!(denied(state, Mode::Enforce), Some(Denial::Pep(set(Mode::Enforce).pep)));
            assert_eq!([denied(state, Mode::Shadow), denied(state, Mode::Learn)], [None, None]);
        }
    }
}
