//! What the log of a scan has made possible beyond its exports: compared as a server compares it, and raised as findings.

use std::collections::BTreeSet;

use anyhow::{Context, Result, bail};
use doorward_detect::opened::{ChangeSeen, changes, opened};
use doorward_engine::derive_rows;
use doorward_journal::Journal;
use doorward_model::command::{Command, FindingsRaised};
use doorward_model::record::Fact;
use doorward_model::time::Time;
use doorward_privilege::atlas::Atlas;
use doorward_privilege::change::Change;
use doorward_privilege::news::{RowRef, news};

use crate::privilege;
use crate::writer::Writer;

/// The facts of what was written since this was last asked that concern the inventory, and what changed it.
pub(super) fn told<J: Journal>(writer: &mut Writer<J>) -> impl Iterator<Item = Fact> + use<J> {
    let concerns = |fact: &Fact| matches!(fact, Fact::InventoryChanged(_)) || fact.row().is_some();
    writer.take_told().into_iter().filter(concerns)
}

/// What follows from the inventory after these facts; none where no event has changed it. What has become possible since
/// `before` is raised.
pub(super) fn later<J: Journal>(
    writer: &mut Writer<J>,
    before: &Atlas,
    facts: &[Fact],
    now: Time,
) -> Result<Option<Atlas>> {
    let seen = changes(facts);
    let rows: Vec<Vec<RowRef>> = seen.iter().map(ChangeSeen::rows).collect();
    let keys: BTreeSet<_> = rows.iter().flatten().map(|row| (row.kind, row.key.clone())).collect();
    if keys.is_empty() {
        return Ok(None);
    }
    let control = &writer.engine().state.control;
    let (mut rows_now, gone) = derive_rows(control, &keys);
    privilege::with_texts(&mut rows_now, |hash| writer.journal().blob(hash))
        .context("cannot read the policies that the log tells")?;
    let after = before.later(&Change { now: rows_now, gone })?;
    let raised = news(before, &after, &rows).iter().map(|news| opened(news, &seen)).collect();
    let found = FindingsRaised { raised, closed: Vec::new(), as_of_fact: control.fact_number };
    if !found.raised.is_empty()
        && let Err(refusal) = writer.admit(&Command::RaiseFindings(Box::new(found)), now)?
    {
        bail!("cannot raise what has become possible: {refusal}");
    }
    Ok(Some(after))
}
