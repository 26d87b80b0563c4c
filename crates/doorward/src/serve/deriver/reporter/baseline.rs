//! What was known of the inventory before, and what changed since: read from the log once, at a start.

use std::ops::ControlFlow;

use anyhow::Result;
use doorward_engine::Engine;
use doorward_journal::{Content, Log, Position};
use doorward_model::id::FactNumber;
use doorward_model::record::{Fact, Record};
use doorward_views::control::Control;
use doorward_views::symbols::Symbols;

/// What was known, and the facts of the inventory that came after.
pub(crate) struct Baseline {
    /// What was known.
    pub(crate) control: Control,
    /// What came after, oldest first.
    pub(crate) facts: Vec<Fact>,
}

/// What was known as of a fact or, where no checkpoint is as old, of the oldest checkpoint; and the facts from there up
/// to another.
///
/// # Errors
/// When the log cannot be read.
pub(crate) fn baseline(
    log: &dyn Log,
    blank: &Engine,
    (as_of, up_to): (FactNumber, FactNumber),
) -> Result<Baseline> {
    let (mut control, from) = oldest(log, blank)?;
    let (mut symbols, mut facts) = (Symbols::new(0), Vec::new());
    log.read_from(from.next(), &mut |row| {
        let Content::Records(records) = row.content else { return ControlFlow::Continue(()) };
        for record in records {
            let Record::Fact(record) = record else { continue };
            let number = record.number();
            if number > up_to {
                return ControlFlow::Break(());
            }
            match record.fact {
                Some(fact) if fact.is_of_inventory() && number > as_of => facts.push(fact),
                Some(fact) if number <= as_of => control.fold(&fact, &mut symbols),
                Some(_) | None => {}
            }
        }
        ControlFlow::Continue(())
    })?;
    Ok(Baseline { control, facts })
}

/// What the oldest checkpoint says that can be loaded, and of which row it is. Without one the log says all.
fn oldest(log: &dyn Log, blank: &Engine) -> Result<(Control, Position)> {
    for position in log.checkpoints()?.into_iter().rev() {
        let Some(kept) = log.checkpoint(position)? else { continue };
        let mut engine = blank.clone();
        if engine.load(&kept.bytes, kept.format).is_ok() {
            return Ok((engine.state.control.inventory_alone(), position));
        }
    }
    Ok((Control::new(0), Position::default()))
}
