//! The report for people. The first screen says what was read, who is there, and what to look at; the rest says why.

mod privilege;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use comfy_table::{ContentArrangement, Table, presets};
use doorward_detect::narrative::short;
use doorward_model::identity::IdentityKind;
use doorward_serve::answers::findings::FindingRow;
use doorward_serve::answers::identities::IdentityDetail;

use self::privilege::privilege;
use super::{Report, SourceRow, SourceStatus};

/// Renders the report for a terminal of a width.
#[must_use]
pub fn table(report: &Report, width: u16) -> String {
    let sections = [
        read(report, width),
        who(report, width),
        agents(report, width),
        privilege(report, width),
        look_at(report, width),
        also_unusual(report, width),
        most_active(report, width),
        chains(report),
        reasons(report, width),
        rejects(report, width),
        notes(report, width),
    ];
    sections.into_iter().filter(|section| !section.is_empty()).collect::<Vec<_>>().join("\n")
}

fn read(report: &Report, width: u16) -> String {
    let events = report.events;
    let mut text = String::new();
    line(
        &mut text,
        format_args!(
            "Read {} records: {} accepted, {} duplicate, {} rejected.",
            events.read, events.accepted, events.duplicate, events.rejected
        ),
    );
    for source in report.sources.iter().filter(|source| source.status == SourceStatus::Read) {
        let span = source.first.zip(source.last).map(|(first, last)| format!("  {first} to {last}"));
        let accounts = counted(source.accounts.len(), "account");
        line(
            &mut text,
            format_args!("  {:>10}  {}  {accounts}{}", source.count, source.kind, span.unwrap_or_default()),
        );
    }
    let others = [
        ("Rejected, as not supported yet", SourceStatus::NotSupported),
        ("Skipped, as no audit log", SourceStatus::Skipped),
    ];
    for (said, status) in others {
        let sources = report.sources.iter().filter(|source| source.status == status);
        text.push_str(&unread(said, sources.collect(), width));
    }
    if let (Some(from), Some(last), false) =
        (report.coverage.judged_from, report.coverage.last, report.coverage.short_history)
    {
        line(&mut text, format_args!("Judged {from} to {last}; learned from what came before."));
    }
    text
}

/// The largest of what was not read, in a sentence.
fn unread(said: &str, mut sources: Vec<&SourceRow>, width: u16) -> String {
    let mut text = String::new();
    if sources.is_empty() {
        return text;
    }
    sources.sort_by_key(|source| (Reverse(source.count), &source.kind));
    let shown = sources.iter().take(SHOWN_MAX).map(|source| format!("{} {}", source.count, source.kind));
    let shown: Vec<_> = shown.collect();
    let more = match sources.len().saturating_sub(SHOWN_MAX) {
        0 => String::new(),
        more => format!(" and {more} more kinds"),
    };
    paragraph(&mut text, &format!("{said}: {}{more}.", shown.join(", ")), (0, width));
    text
}

fn who(report: &Report, width: u16) -> String {
    if report.identities.is_empty() {
        return String::new();
    }
    let mut counts: BTreeMap<&str, Kind> = BTreeMap::new();
    for identity in &report.identities {
        let kind = counts.entry(identity.row.kind).or_default();
        kind.identities += 1;
        kind.active += u64::from(identity.row.events > 0);
        kind.new += u64::from(is_new(report, identity));
        kind.credentials += identity.credentials.len();
        kind.events += identity.row.events;
    }
    let judged = !report.coverage.short_history;
    let mut table = grid(width);
    let headings = ["identities", "kind", "seen acting", "lasting credentials", "events"];
    table.set_header(headings.into_iter().chain(judged.then_some("new in the judged part")));
    for (word, kind) in IdentityKind::ALL.into_iter().filter_map(|kind| counts.get_key_value(kind.word())) {
        let cells = [
            kind.identities.to_string(),
            (*word).to_owned(),
            kind.active.to_string(),
            kind.credentials.to_string(),
            kind.events.to_string(),
        ];
        table.add_row(cells.into_iter().chain(judged.then(|| kind.new.to_string())));
    }
    rendered(&table)
}

#[derive(Default)]
struct Kind {
    identities: u64,
    active: u64,
    new: u64,
    credentials: usize,
    events: u64,
}

fn is_new(report: &Report, identity: &IdentityDetail) -> bool {
    identity.row.first_seen.zip(report.coverage.judged_from).is_some_and(|(first, from)| first >= from)
}

/// AI agents, by product.
fn agents(report: &Report, width: u16) -> String {
    let mut products: BTreeMap<&str, Product<'_>> = BTreeMap::new();
    for identity in &report.identities {
        let Some(agent) = &identity.row.agent else { continue };
        let product = products.entry(&agent.product).or_default();
        product.agents += 1;
        product.events += identity.row.events;
        product.acts_for.extend(agent.acts_for.as_deref().map(short));
        product.shown_by = product.shown_by.max(&agent.evidence);
    }
    if products.is_empty() {
        return String::new();
    }
    let mut table = grid(width);
    table.set_header(["AI agents", "product", "events", "act for", "shown by, for one"]);
    let mut products: Vec<_> = products.into_iter().collect();
    products.sort_by_key(|(name, product)| (Reverse(product.events), *name));
    let shown_by = usize::from(width).saturating_sub(AGENT_COLUMNS).clamp(20, 60);
    for (name, product) in products.iter().take(SHOWN_MAX) {
        table.add_row([
            product.agents.to_string(),
            (*name).to_owned(),
            product.events.to_string(),
            some_of(&product.acts_for),
            fit(product.shown_by, shown_by),
        ]);
    }
    let more = products.len().saturating_sub(SHOWN_MAX);
    format!("{}{}", rendered(&table), and_more(more))
}

#[derive(Default)]
struct Product<'a> {
    agents: u64,
    events: u64,
    acts_for: BTreeSet<&'a str>,
    shown_by: &'a str,
}

/// The first of some names, and how many more there are.
fn some_of(names: &BTreeSet<&str>) -> String {
    match names.first() {
        None => "itself".to_owned(),
        Some(name) if names.len() == 1 => fit(name, AGENT_NAME_MAX),
        Some(name) => format!("{} +{}", fit(name, AGENT_NAME_MAX), names.len() - 1),
    }
}

fn look_at(report: &Report, width: u16) -> String {
    let mut text = String::new();
    match report.findings.len() {
        0 => line(&mut text, format_args!("Nothing to look at first.")),
        1 => line(&mut text, format_args!("Look at this first:")),
        n if n <= FINDINGS_MAX => line(&mut text, format_args!("Look at these {n} first:")),
        n => line(&mut text, format_args!("Look at these {FINDINGS_MAX} of {n} first:")),
    }
    if report.findings.is_empty() {
        return text;
    }
    let mut table = grid(width);
    for (at, finding) in report.findings.iter().take(FINDINGS_MAX).enumerate() {
        table.add_row([
            format!("{:>2}.", at + 1),
            finding.severity.to_owned(),
            percent(finding),
            finding.r#type.clone(),
            fit(short(&finding.identity), NAME_MAX),
            finding.last.to_string(),
        ]);
    }
    text + &rendered(&table)
}

/// What stayed under the threshold, whoever it is about once, the most surprising first.
fn also_unusual(report: &Report, width: u16) -> String {
    let mut rows: Vec<_> = report.unusual.iter().collect();
    rows.sort_by(|one, other| other.score.total_cmp(&one.score));
    let mut told = BTreeSet::new();
    rows.retain(|row| told.insert(row.identity.as_str()));
    if rows.is_empty() {
        return String::new();
    }
    let mut text = String::from("Also unusual, and no finding:\n");
    for row in rows.iter().take(UNUSUAL_SHOWN_MAX) {
        // Whole bits, as the narrative has them.
        let (score, threshold) = (row.score.floor(), row.threshold.floor());
        line(&mut text, format_args!("  {score} of {threshold} bits  {}  {}", row.day, row.identity));
        paragraph(&mut text, &row.narrative, (5, width));
    }
    text + &and_more(rows.len().saturating_sub(UNUSUAL_SHOWN_MAX))
}

fn most_active(report: &Report, width: u16) -> String {
    let mut active: Vec<&IdentityDetail> = (report.identities.iter())
        .filter(|identity| identity.row.events > 0 && !identity.row.id.starts_with("service:"))
        .collect();
    active.sort_by_key(|identity| (Reverse(identity.row.events), &identity.row.id));
    if active.is_empty() {
        return String::new();
    }
    let mut table = grid(width);
    table.set_header(["most active", "kind", "account", "events", "denied", "last", "mostly uses"]);
    for IdentityDetail { row, services, .. } in active.iter().take(SHOWN_MAX) {
        table.add_row([
            fit(short(&row.id), NAME_MAX),
            row.kind.to_owned(),
            row.account.clone(),
            row.events.to_string(),
            row.denied.to_string(),
            row.last_seen.map(|at| at.to_string().chars().take(DATE).collect()).unwrap_or_default(),
            fit(&services.iter().take(3).cloned().collect::<Vec<_>>().join(" "), NAME_MAX),
        ]);
    }
    let more = active.len().saturating_sub(SHOWN_MAX);
    format!("{}{}", rendered(&table), and_more(more))
}

fn chains(report: &Report) -> String {
    let hops = report.identities.iter().flat_map(|from| hops(from).map(move |to| (from.row.id.as_str(), to)));
    let hops: Vec<_> = hops.collect();
    if hops.is_empty() {
        return String::new();
    }
    let mut text = String::from("Role chains:\n");
    for (from, to) in hops.iter().take(SHOWN_MAX) {
        let account = to.split(':').nth(4).unwrap_or_default();
        line(&mut text, format_args!("  {} assumed {} in {account}", short(from), short(to)));
    }
    text + &and_more(hops.len().saturating_sub(SHOWN_MAX))
}

/// Whom somebody assumed; of a person only if somebody assumed her.
fn hops(from: &IdentityDetail) -> impl Iterator<Item = &str> {
    let id = from.row.id.as_str();
    let assumed = from.edges.iter().filter(|edge| edge.kind == "assumed");
    let is_link = from.row.kind != "human" || assumed.clone().any(|edge| edge.to == id);
    assumed.filter(move |edge| is_link && edge.from == id).map(|edge| edge.to.as_str())
}

/// What each of the first findings rests on.
fn reasons(report: &Report, width: u16) -> String {
    let mut text = String::new();
    for (at, finding) in report.findings.iter().take(FINDINGS_MAX).enumerate() {
        if at > 0 {
            text.push('\n');
        }
        push_finding(&mut text, at + 1, finding, width);
    }
    text
}

fn push_finding(text: &mut String, at: usize, finding: &FindingRow, width: u16) {
    line(
        text,
        format_args!(
            "{at:>3}. {} ({}, {} sure)  {}",
            finding.r#type,
            finding.severity,
            percent(finding),
            finding.identity
        ),
    );
    paragraph(text, &finding.narrative, (5, width));
    for evidence in finding.evidence.iter().take(EVIDENCE_SHOWN_MAX) {
        let from = format!("from {}", evidence.address);
        let error = if evidence.error.is_empty() { String::new() } else { format!(": {}", evidence.error) };
        let lead = format!("{}  {}", evidence.time, evidence.permission);
        let taken = [lead.len(), from.len(), error.len(), " on ".len(), " ".len(), 5];
        let room = usize::from(width).saturating_sub(taken.iter().sum()).max(12);
        let target = match evidence.target.as_str() {
            "" => String::new(),
            target => format!(" on {}", fit(short(target), room)),
        };
        line(text, format_args!("     {lead}{target} {from}{error}"));
    }
    let more = finding.events.saturating_sub(EVIDENCE_SHOWN_MAX as u64);
    if more > 0 {
        line(text, format_args!("     and {more} more"));
    }
}

fn percent(finding: &FindingRow) -> String {
    format!("{:.0} %", finding.confidence * 100.0)
}

fn rejects(report: &Report, width: u16) -> String {
    // By reason, with the first place of each: a thousand equal lines say no more than one. What is not supported is
    // said above.
    let mut reasons: BTreeMap<&str, (u64, String)> = BTreeMap::new();
    let others = report.rejects.iter().filter(|reject| !reject.reason.starts_with("source not supported"));
    for reject in others {
        let place = || match reject.record {
            0 => reject.source.clone(),
            record => format!("{} record {record}", reject.source),
        };
        reasons.entry(&reject.reason).or_insert_with(|| (0, place())).0 += 1;
    }
    if reasons.is_empty() {
        return String::new();
    }
    let mut rows: Vec<_> = reasons.into_iter().collect();
    rows.sort_by_key(|(reason, (count, _))| (Reverse(*count), *reason));
    let mut text = String::from("Rejected (--rejects FILE keeps them):\n");
    for (reason, (count, first)) in rows.iter().take(SHOWN_MAX) {
        paragraph(&mut text, &format!("{count} x {reason}; first in {first}"), (2, width));
    }
    text + &and_more(rows.len().saturating_sub(SHOWN_MAX))
}

fn notes(report: &Report, width: u16) -> String {
    let mut text = String::new();
    for note in &report.notes {
        paragraph(&mut text, &format!("Note: {note}."), (0, width));
    }
    text
}

fn grid(width: u16) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
    table
}

fn rendered(table: &Table) -> String {
    format!("{}\n", table.trim_fmt())
}

fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

fn and_more(more: usize) -> String {
    if more == 0 { String::new() } else { format!("  and {more} more: -o json lists them all\n") }
}

/// A text that fits into so many characters, with its middle left out if need be.
fn fit(text: &str, length_max: usize) -> String {
    let length = text.chars().count();
    if length <= length_max {
        return text.to_owned();
    }
    let head: String = text.chars().take(length_max / 2).collect();
    let tail: String = text.chars().skip(length - (length_max - length_max / 2 - 1)).collect();
    format!("{head}…{tail}")
}

/// Appends words in lines of at most `width` characters, each after a margin.
pub(crate) fn paragraph(text: &mut String, words: &str, (margin, width): (usize, u16)) {
    let room = usize::from(width).saturating_sub(margin);
    let mut length = 0;
    for word in words.split_whitespace() {
        let wanted = word.chars().count();
        if length == 0 || length + 1 + wanted > room {
            if length > 0 {
                text.push('\n');
            }
            text.extend(std::iter::repeat_n(' ', margin));
            length = wanted;
        } else {
            text.push(' ');
            length += 1 + wanted;
        }
        text.push_str(word);
    }
    text.push('\n');
}

fn line(text: &mut String, parts: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    text.write_fmt(parts).unwrap_or_default();
    text.push('\n');
}

/// How many rows a section shows.
const SHOWN_MAX: usize = 8;
/// How long a name may be in a column.
const NAME_MAX: usize = 36;
/// About how wide the other columns of the table of agents are.
const AGENT_COLUMNS: usize = 74;
const AGENT_NAME_MAX: usize = 24;
const FINDINGS_MAX: usize = 10;
/// How long the day of an instant is.
const DATE: usize = 10;
const EVIDENCE_SHOWN_MAX: usize = 4;
const UNUSUAL_SHOWN_MAX: usize = 3;

#[cfg(test)]
mod tests {
    use super::{fit, paragraph};

    #[test]
    fn the_middle_is_left_out() {
        assert_eq!(fit("abcdefghij", 10), "abcdefghij");
        assert_eq!(fit("abcdefghijk", 10), "abcde…hijk");
        assert_eq!(fit("äöüäöüäöü", 5), "äö…öü");
    }

    #[test]
    fn words_stand_within_the_width() {
        let mut text = String::new();
        paragraph(&mut text, "one two  three four incomprehensibilities", (2, 11));
        assert_eq!(text, "  one two\n  three\n  four\n  incomprehensibilities\n");
    }
}
