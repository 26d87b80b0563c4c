//! From state to report.

use doorward_detect::narrative::narrative;
use doorward_journal::Journal;
use doorward_model::time::Time;
use doorward_serve::answers::budget::budget_of;
use doorward_serve::answers::findings::by_urgency;
use doorward_serve::answers::identities::everyone;
use doorward_serve::answers::unusual::by_day;

use super::{Coverage, Events, RejectRow, Report, SourceRow, SourceStatus};
use crate::scan::rejects::{LISTED_MAX, Rejects};
use crate::scan::tally::Tally;
use crate::writer::Writer;

/// The report of what a writer has folded.
pub(crate) fn of<J: Journal>(
    writer: &Writer<J>,
    tally: Tally,
    rejects: &Rejects,
    coverage: Coverage,
) -> Report {
    let state = &writer.engine().state;
    let counts = writer.counts;
    let now = coverage.last.unwrap_or(Time::MIN);
    let rejected = rejects.count;
    let rejects = rejects.listed().map(|(source, record, reason)| RejectRow {
        source: source.to_owned(),
        record,
        reason: reason.to_owned(),
    });
    Report {
        events: Events {
            read: counts.accepted + counts.duplicate + rejected,
            accepted: counts.accepted,
            duplicate: counts.duplicate,
            rejected,
            conflicting: counts.conflict,
        },
        rejects: rejects.collect(),
        coverage,
        identities: everyone(state, now),
        findings: by_urgency(state, (narrative, now)),
        unusual: by_day(state, narrative),
        budget: coverage.judged_from.zip(coverage.last).map(|(from, to)| budget_of(state, from, to)),
        privilege: None,
        notes: notes(&tally, &coverage),
        sources: sources(tally),
    }
}

fn sources(tally: Tally) -> Vec<SourceRow> {
    let row = |kind, status, count| SourceRow {
        kind,
        status,
        count,
        accounts: Vec::new(),
        first: None,
        last: None,
    };
    let read = tally.sources.into_iter().map(|(kind, source)| SourceRow {
        accounts: source.accounts.into_iter().collect(),
        first: Some(source.first),
        last: Some(source.last),
        ..row(kind, SourceStatus::Read, source.events)
    });
    let inventory = tally.inventory.into_iter().map(|(kind, rows)| SourceRow {
        accounts: rows.accounts.into_iter().collect(),
        ..row(kind, SourceStatus::Read, rows.count)
    });
    let unsupported =
        tally.unsupported.into_iter().map(|(kind, count)| row(kind, SourceStatus::NotSupported, count));
    let skipped = tally.skipped.into_iter().map(|(kind, count)| row(kind, SourceStatus::Skipped, count));
    read.chain(inventory).chain(unsupported).chain(skipped).collect()
}

fn notes(tally: &Tally, coverage: &Coverage) -> Vec<String> {
    let mut notes = tally.notes.clone();
    if coverage.short_history && coverage.first.is_some() {
        notes.push(
            "less than 7 days of events, or less than 3 of them before the judged part: nobody knows yet what is \
             normal, so only hard evidence and firsts against peers are reported"
                .to_owned(),
        );
    }
    notes.extend(few_judged(tally, coverage));
    if tally.rejected > LISTED_MAX as u64 {
        notes.push(format!(
            "{} records were rejected, of which {LISTED_MAX} are listed: --rejects FILE keeps all of them",
            tally.rejected
        ));
    }
    if !tally.wrappers.is_empty() {
        let names: Vec<_> = tally.wrappers.iter().map(String::as_str).collect();
        notes.push(format!("records were found one level down, under {}", names.join(", ")));
    }
    notes
}

/// That few events are judged, and why: one that is dated far ahead moves the judged part to it.
fn few_judged(tally: &Tally, coverage: &Coverage) -> Option<String> {
    let (judged, events) = (coverage.judged_events, tally.events);
    let said = format!("the judged part holds only {judged} of {events} events");
    match (coverage.gap(), &tally.newest) {
        (Some((gap, days)), Some((at, id, file))) if judged.saturating_mul(GAP_SHARE_MIN) < events => {
            Some(format!(
                "{said}, after {gap} without any: it ends with event {id} of {at} in {file}. If that time is wrong, take \
                 the record out of the file, or have what came before judged, too, by --judge {days}d"
            ))
        }
        _ if judged.saturating_mul(JUDGED_SHARE_MIN) < events => Some(match coverage.wider() {
            Some(days) => format!("{said}: --judge {days}d judges more, and learns from the rest"),
            None => said,
        }),
        _ => None,
    }
}

/// If less than one in so many events is judged, and none for long before, that is worth a note.
const GAP_SHARE_MIN: u64 = 10;
/// If less than one in so many events is judged, that is worth a note.
const JUDGED_SHARE_MIN: u64 = 100;
