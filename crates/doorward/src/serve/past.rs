//! What facts said at an instant: the log folded a second time, through a connection of its own.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use doorward_engine::Engine;
use doorward_journal::{Content, Follower, JournalError, Log, Options, Position, Row};
use doorward_model::id::FactNumber;
use doorward_model::record::{FactRecord, Record};
use doorward_model::time::Time;
use doorward_serve::handle::{Past, PastError};
use doorward_views::state::State;

/// Answers from the log in a data folder, while another connection writes it.
pub(super) fn past(folder: &Path, options: Options, blank: Engine) -> Past {
    let folder = folder.to_owned();
    Past::new(Arc::new(move |at, rows_max| {
        let follower = Follower::open(&folder, blank.tenant(), options).map_err(could_not)?;
        state_at(&follower, &blank, (at, rows_max))
    }))
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
