//! The report for people: the few things to look at first, then who is there, then what was read.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use comfy_table::{ContentArrangement, Table, presets};

use super::{FindingRow, IdentityRow, Report, SourceStatus};
use doorward_detect::narrative::short;
use doorward_model::identity::IdentityKind;

/// Renders the report for a terminal of a width.
#[must_use]
pub fn table(report: &Report, width: u16) -> String {
    let sections = [
        read(report),
        who(report, width),
        agents(report, width),
        chains(report),
        look_at(report, width),
        rejects(report),
        notes(report),
    ];
    sections.into_iter().filter(|section| !section.is_empty()).collect::<Vec<_>>().join("\n")
}

fn read(report: &Report) -> String {
    let events = report.events;
    let mut text = String::new();
    line(
        &mut text,
        format_args!(
            "Read {} records: {} accepted, {} duplicate, {} rejected.",
            events.read, events.accepted, events.duplicate, events.rejected
        ),
    );
    for source in &report.sources {
        let what = match source.status {
            SourceStatus::Read => "",
            SourceStatus::NotSupported => "  not supported yet: rejected",
            SourceStatus::Skipped => "  no audit log: skipped",
        };
        let accounts = match source.accounts.len() {
            0 => String::new(),
            1 => "  1 account".to_owned(),
            n => format!("  {n} accounts"),
        };
        let span = source.first.zip(source.last).map(|(first, last)| format!("  {first} to {last}"));
        line(
            &mut text,
            format_args!(
                "  {:>10}  {}{accounts}{}{what}",
                source.count,
                source.kind,
                span.unwrap_or_default()
            ),
        );
    }
    if let (Some(from), Some(last), false) =
        (report.coverage.judged_from, report.coverage.last, report.coverage.short_history)
    {
        line(&mut text, format_args!("Judged {from} to {last}; learned from what came before."));
    }
    text
}

fn who(report: &Report, width: u16) -> String {
    if report.identities.is_empty() {
        return String::new();
    }
    let mut counts: BTreeMap<&str, Kind> = BTreeMap::new();
    for identity in &report.identities {
        let kind = counts.entry(identity.kind).or_default();
        kind.identities += 1;
        kind.active += u64::from(identity.events > 0);
        kind.credentials += identity.credentials.len();
        kind.events += identity.events;
    }
    let mut grid = grid(width);
    grid.set_header(["identities", "kind", "seen acting", "lasting credentials", "events"]);
    for (word, kind) in IdentityKind::ALL.into_iter().filter_map(|kind| counts.get_key_value(kind.word())) {
        grid.add_row([
            kind.identities.to_string(),
            (*word).to_owned(),
            kind.active.to_string(),
            kind.credentials.to_string(),
            kind.events.to_string(),
        ]);
    }
    format!("{grid}\n\n{}", most_active(report, width))
}

#[derive(Default)]
struct Kind {
    identities: u64,
    active: u64,
    credentials: usize,
    events: u64,
}

fn most_active(report: &Report, width: u16) -> String {
    let mut active: Vec<&IdentityRow> = (report.identities.iter())
        .filter(|identity| identity.events > 0 && !identity.id.starts_with("service:"))
        .collect();
    active.sort_by_key(|identity| (std::cmp::Reverse(identity.events), &identity.id));
    if active.is_empty() {
        return String::new();
    }
    let shown = active.len().min(SHOWN_MAX);
    let mut grid = grid(width);
    grid.set_header(["most active", "kind", "account", "events", "denied", "last seen", "mostly uses"]);
    for identity in active.iter().take(SHOWN_MAX) {
        grid.add_row([
            fit(short(&identity.id)),
            identity.kind.to_owned(),
            identity.account.clone(),
            identity.events.to_string(),
            identity.denied.to_string(),
            identity.last_seen.map(|at| at.to_string()).unwrap_or_default(),
            identity.services.iter().take(3).cloned().collect::<Vec<_>>().join(" "),
        ]);
    }
    let more = active.len() - shown;
    if more > 0 {
        format!("{grid}\n  and {more} more: -o json lists them all\n")
    } else {
        format!("{grid}\n")
    }
}

fn agents(report: &Report, width: u16) -> String {
    let agents: Vec<_> =
        report.identities.iter().filter_map(|row| row.agent.as_ref().map(|agent| (row, agent))).collect();
    if agents.is_empty() {
        return String::new();
    }
    let mut grid = grid(width);
    grid.set_header(["AI agents", "acts for", "events", "shown by"]);
    for (identity, agent) in agents.iter().take(SHOWN_MAX) {
        grid.add_row([
            agent.product.clone(),
            fit(agent.acts_for.as_deref().map_or("itself", short)),
            identity.events.to_string(),
            agent.evidence.clone(),
        ]);
    }
    let more = agents.len().saturating_sub(SHOWN_MAX);
    if more > 0 { format!("{grid}\n  and {more} more\n") } else { format!("{grid}\n") }
}

fn chains(report: &Report) -> String {
    let mut text = String::new();
    let hops = report.identities.iter().flat_map(|from| from.assumed.iter().map(move |to| (from, to)));
    let hops: Vec<_> = hops.filter(|(from, _)| !from.assumed_by.is_empty() || from.kind != "human").collect();
    for (from, to) in hops.iter().take(SHOWN_MAX) {
        let account = to.split(':').nth(4).unwrap_or_default();
        line(&mut text, format_args!("  {} assumed {} in {account}", short(&from.id), short(to)));
    }
    if text.is_empty() {
        return text;
    }
    let more = hops.len().saturating_sub(SHOWN_MAX);
    let tail = if more > 0 { format!("  and {more} more\n") } else { String::new() };
    format!("Role chains:\n{text}{tail}")
}

fn look_at(report: &Report, width: u16) -> String {
    let mut text = String::new();
    match report.findings.len() {
        0 => line(&mut text, format_args!("Nothing to look at first.")),
        1 => line(&mut text, format_args!("Look at this first:")),
        n if n <= FINDINGS_MAX => line(&mut text, format_args!("Look at these {n} first:")),
        n => line(&mut text, format_args!("Look at these {FINDINGS_MAX} of {n} first:")),
    }
    for (at, finding) in report.findings.iter().take(FINDINGS_MAX).enumerate() {
        push_finding(&mut text, at + 1, finding, width);
    }
    text
}

fn push_finding(text: &mut String, at: usize, finding: &FindingRow, width: u16) {
    let percent = finding.confidence * 100.0;
    line(
        text,
        format_args!(
            "\n{at:>3}. {} ({}, {percent:.0} % sure)  {}",
            finding.r#type, finding.severity, finding.identity
        ),
    );
    for wrapped in wrap(&finding.narrative, usize::from(width).saturating_sub(5)) {
        line(text, format_args!("     {wrapped}"));
    }
    for evidence in finding.evidence.iter().take(EVIDENCE_SHOWN_MAX) {
        let target = if evidence.target.is_empty() { "" } else { " on " };
        let error = if evidence.error.is_empty() { "" } else { ": " };
        line(
            text,
            format_args!(
                "     {}  {}{target}{} from {}{error}{}",
                evidence.time,
                evidence.permission,
                short(&evidence.target),
                evidence.address,
                evidence.error
            ),
        );
    }
    let more = finding.events.saturating_sub(EVIDENCE_SHOWN_MAX as u64);
    if more > 0 {
        line(text, format_args!("     and {more} more events"));
    }
}

fn rejects(report: &Report) -> String {
    if report.rejects.is_empty() {
        return String::new();
    }
    // By reason, with the first place of each: a thousand equal lines say no more than one.
    let mut reasons: BTreeMap<&str, (u64, String)> = BTreeMap::new();
    for reject in &report.rejects {
        let place = || match reject.record {
            0 => reject.source.clone(),
            record => format!("{} record {record}", reject.source),
        };
        reasons.entry(&reject.reason).or_insert_with(|| (0, place())).0 += 1;
    }
    let mut rows: Vec<_> = reasons.into_iter().collect();
    rows.sort_by_key(|(reason, (count, _))| (std::cmp::Reverse(*count), *reason));
    let mut text = String::new();
    line(&mut text, format_args!("Rejected (--rejects FILE keeps them):"));
    for (reason, (count, first)) in rows.iter().take(SHOWN_MAX) {
        line(&mut text, format_args!("  {count:>10}  {reason}; first in {first}"));
    }
    text
}

fn notes(report: &Report) -> String {
    let mut text = String::new();
    for note in &report.notes {
        line(&mut text, format_args!("Note: {note}."));
    }
    text
}

fn grid(width: u16) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
    table
}

/// A name that fits into a column, with its middle left out if need be.
fn fit(name: &str) -> String {
    let length = name.chars().count();
    if length <= NAME_MAX {
        return name.to_owned();
    }
    let head: String = name.chars().take(NAME_MAX / 2).collect();
    let tail: String = name.chars().skip(length - NAME_MAX / 2 + 1).collect();
    format!("{head}…{tail}")
}

/// Words in lines of at most so many characters.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let last = lines.last().map_or(0, |line| line.chars().count());
        if last > 0 && last + 1 + word.chars().count() > width {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}

fn line(text: &mut String, parts: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    text.write_fmt(parts).unwrap_or_default();
    text.push('\n');
}

const SHOWN_MAX: usize = 10;
const NAME_MAX: usize = 36;
const FINDINGS_MAX: usize = 10;
const EVIDENCE_SHOWN_MAX: usize = 4;
