//! What facts said at an instant: the log folded a second time, through a connection of its own.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use doorward_engine::Engine;
use doorward_journal::{Content, Follower, JournalError, Log, Options, Position, Row};
use doorward_model::id::{FactNumber, TenantId};
use doorward_model::record::{FactRecord, Record};
use doorward_model::time::Time;
use doorward_privilege::rating::TierZero;
use doorward_serve::past::{Past, PastError};
use doorward_serve::uses::Uses;
use doorward_views::state::State;

use crate::privilege;
use crate::serve::clock;

/// Answers from the log in a data folder, while another connection writes it.
pub(super) fn past(folder: &Path, options: Options, (blank, tier_zero): (Engine, TierZero)) -> Past {
    let (folder, tenant) = (folder.to_owned(), blank.tenant().clone());
    let open = move || Follower::open(&folder, &tenant, options).map_err(could_not);
    let texts = open.clone();
    let fold = move |at, rows_max| state_at(&open()?, &blank, (at, rows_max));
    let derive = move |state: &State| {
        let texts = texts()?;
        let derived = privilege::derived((&state.control, &tier_zero), |hash| texts.blob(hash), clock());
        derived.map_err(|error| match error.downcast::<JournalError>() {
            Ok(error) => could_not(error),
            Err(error) => PastError::Derive(format!("{error:#}")),
        })
    };
    Past::new(Arc::new(fold), Arc::new(derive))
}

/// Reads what was used by whom from the index in a data folder, which may lie behind the log a little.
pub(super) fn uses(folder: &Path, options: Options, tenant: TenantId) -> Uses {
    let folder = folder.to_owned();
    Uses::new(Arc::new(move || Some(Follower::open(&folder, &tenant, options).ok()?.usage()?.0)))
}

/// The state of the facts that were recorded up to an instant. Behaviour is none: it is not kept for ever.
pub(crate) fn state_at(
    log: &dyn Log,
    blank: &Engine,
    (at, rows_max): (Time, u64),
) -> Result<State, PastError> {
    let mut state = State::new(blank.tenant().clone(), 1, 0);
    let from = nearest(log, blank, &mut state, at)?;
    let (mut rows, mut later) = (0, None);
    let reading = log.read_from(from.next(), &mut |row| {
        rows += 1;
        later = fold(&mut state, row, at);
        if later.is_some() || rows > rows_max { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    reading.map_err(could_not)?;
    match later {
        Some(begins) if state.control.fact_number == FactNumber::default() => {
            Err(PastError::Before { at, begins })
        }
        None if rows > rows_max => Err(PastError::TooFar { at, rows_max }),
        _ => Ok(state),
    }
}

/// Folds the facts of a row up to an instant; tells when what comes after was recorded, if anything does.
fn fold(state: &mut State, row: Row, at: Time) -> Option<Time> {
    if let Content::Records(records) = row.content {
        for record in records {
            match record {
                Record::Fact(fact) if fact.recorded_at() > at => return Some(fact.recorded_at()),
                Record::Fact(fact) => state.fold_fact(&fact),
                Record::Observation(_) => {}
            }
        }
    }
    (row.recorded_at > at).then_some(row.recorded_at)
}

/// Folds the facts of the newest checkpoint that is not later than an instant, and tells of which row it is. One that
/// cannot be loaded only costs time: the log says the same.
fn nearest(log: &dyn Log, blank: &Engine, state: &mut State, at: Time) -> Result<Position, PastError> {
    for position in log.checkpoints().map_err(could_not)? {
        let mut recorded_at = None;
        let read = log.read_from(position, &mut |row| {
            recorded_at = Some(row.recorded_at);
            ControlFlow::Break(())
        });
        read.map_err(could_not)?;
        if recorded_at.is_none_or(|recorded_at| recorded_at > at) {
            continue;
        }
        let Some(kept) = log.checkpoint(position).ok().flatten() else { continue };
        let Ok(facts) = blank.clone().load(&kept.bytes, kept.format) else { continue };
        for (number, fact) in (1..).zip(facts) {
            // Numbered anew: only their order counts here.
            state.fold_fact(&FactRecord { number, recorded_at_ms: 0, fact: Some(fact) });
        }
        state.control.fact_number = kept.fact;
        return Ok(position);
    }
    Ok(Position::default())
}

#[expect(clippy::needless_pass_by_value, reason = "maps the error of a result")]
fn could_not(error: JournalError) -> PastError {
    PastError::Journal(error.to_string())
}

#[cfg(test)]
mod tests {
    use doorward_engine::{Rules, derive};
    use doorward_journal::{Journal, Keep, Memory};
    use doorward_model::command::Command;
    use doorward_model::identity::{Identity, IdentityKind};
    use doorward_model::inventory::{AccountExport, Entitlement, Origin, PolicyDocument, Seen, Source};

    use super::*;
    use crate::writer::Writer;

    const ACCOUNT: &str = "111122223333";

    /// An account of roles, each with a policy that allows one action.
    fn account(roles: &[(&str, &str)]) -> AccountExport {
        let seen = Some(Seen::by(Source::Iam));
        let mut export =
            AccountExport { account: ACCOUNT.into(), complete: true, ..AccountExport::default() };
        for (name, action) in roles {
            let id = format!("arn:aws:iam::{ACCOUNT}:role/{name}");
            let text =
                format!(r#"{{"Statement": [{{"Effect": "Allow", "Action": "{action}", "Resource": "*"}}]}}"#);
            let document = PolicyDocument::of(format!("{id} inline:own"), text);
            export.identities.push(Identity {
                id: id.clone(),
                kind: IdentityKind::Workload.into(),
                account: ACCOUNT.into(),
                name: (*name).into(),
                created_at_ms: 5,
                seen,
                ..Identity::default()
            });
            export.entitlements.push(Entitlement {
                holder: id,
                policy: "own".into(),
                origin: Origin::Inline.into(),
                document: document.hash.0.to_vec(),
                seen,
            });
            export.policies.push(PolicyDocument { seen, ..document });
        }
        export
    }

    #[test]
    fn the_inventory_of_an_instant_is_what_was_known_then() {
        let blank = Engine::new(TenantId::from("test"), Rules::default(), 1, 7);
        let mut writer = Writer::open(Memory::new(Keep::All).unwrap(), blank.clone()).unwrap();
        let mut known = vec![(50, Vec::new())];
        for (at, roles) in [
            (100, &[("a", "s3:GetObject"), ("b", "s3:GetObject")][..]),
            (200, &[("a", "*"), ("c", "s3:GetObject")]),
            (300, &[("c", "s3:GetObject")]),
            (400, &[("b", "s3:GetObject")]),
        ] {
            let command = Command::Import(Box::new(account(roles)));
            writer.admit(&command, Time::from_ms(at)).unwrap().unwrap();
            known.push((at, derive(&writer.engine().state.control)));
            // One lies before an instant that is asked for, and one after.
            if at == 200 {
                writer.checkpoint().unwrap();
            }
        }
        assert_eq!(writer.journal().checkpoints().unwrap().len(), 1);
        for pair in known.windows(2) {
            let [(before, then), (at, now)] = pair else { panic!("{pair:?}") };
            let told = |at: i64| {
                state_at(writer.journal(), &blank, (Time::from_ms(at), u64::MAX))
                    .map(|state| derive(&state.control))
            };
            assert_eq!(told(*at).unwrap(), *now, "at {at}");
            if *before >= 100 {
                assert_eq!(told(at - 1).unwrap(), *then, "before {at}");
            }
            assert_ne!(then, now);
        }
        assert_eq!(writer.journal().head().recorded_at, Time::from_ms(400));
    }
}
