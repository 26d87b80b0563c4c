//! What the first screen says of privilege.

use doorward_detect::narrative::actor;
use doorward_privilege::answers::{Escalation, by};
use doorward_serve::answers::findings::FindingRow;
use doorward_serve::answers::opened::GainedRow;

use super::{line, paragraph};
use crate::privilege::{in_use, unused_trust};
use crate::report::Report;

/// Who can become administrator, by which first steps, and through which few edges.
pub(super) fn privilege(report: &Report, width: u16) -> String {
    let Some(analyzed) = &report.privilege else { return String::new() };
    let mut text = String::new();
    let now = analyzed.count(Escalation::Now);
    let said = format!(
        "{} of {} users and roles administer their account; {now} more can come to, and {} could if something that \
         they need were there.",
        analyzed.administrators(),
        analyzed.principals.len(),
        analyzed.count(Escalation::Latent),
    );
    paragraph(&mut text, &said, (0, width));
    if analyzed.across() > 0 {
        let said =
            format!("{} administrators can come to administer another account, too.", analyzed.across());
        paragraph(&mut text, &said, (0, width));
    }
    for one in analyzed.escalating().take(ESCALATIONS_MAX) {
        let Some(way) = one.paths.first() else { continue };
        let steps: Vec<&str> = way.hops.iter().map(|hop| last_part(&hop.edge.to)).collect();
        let said =
            format!("{} -> {}  by {}", last_part(&one.arn), steps.join(" -> "), by(&way.name, &way.id));
        paragraph(&mut text, &said, (2, width));
    }
    let opened: Vec<String> = report.findings.iter().filter_map(opened).collect();
    for said in opened.iter().take(OPENED_MAX) {
        paragraph(&mut text, said, (2, width));
    }
    if let Some(more) = opened.len().checked_sub(OPENED_MAX).filter(|more| *more > 0) {
        line(&mut text, format_args!("  The log shows {more} more changes that opened a way."));
    }
    for cut in analyzed.choke_points.iter().take(CUTS_MAX) {
        let by =
            if cut.method.is_empty() { String::new() } else { format!(" by {}", by(&cut.name, &cut.method)) };
        let use_seen = cut.usage.as_ref().map(|step| format!(" ({})", in_use(step))).unwrap_or_default();
        let said = format!("Cut {}{by}: {} lose their only way{use_seen}.", cut.cut, cut.cut_off);
        paragraph(&mut text, &said, (2, width));
    }
    if let Some(trust) = analyzed.trust.as_ref().filter(|trust| trust.ways.unused > 0) {
        paragraph(&mut text, &format!("{}.", unused_trust(trust)), (0, width));
    }
    if now > 0 {
        line(&mut text, format_args!("  `doorward privilege analyze` lists all, with their statements."));
    }
    text
}

/// Which event of the log opened what to whom, and who made it.
fn opened(finding: &FindingRow) -> Option<String> {
    let opened = finding.opened.as_ref()?;
    let change = opened.changes.iter().rev().find(|change| !change.event.is_empty())?;
    let name = |one: &GainedRow| {
        if one.words.is_empty() { last_part(&one.identity).to_owned() } else { one.words.clone() }
    };
    let names: Vec<String> = opened.examples.iter().take(GAINED_MAX).map(name).collect();
    let more = match opened.count.saturating_sub(names.len() as u64) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let to: Vec<&str> = opened.to.iter().map(|to| last_part(to)).collect();
    Some(format!(
        "Opened to {}{more}: {}, by {} of {} at {} (event {}).",
        names.join(", "),
        to.join(", "),
        change.permission,
        actor(&change.identity, &change.chain),
        change.time,
        change.event
    ))
}

/// The part of an ARN that people say.
fn last_part(arn: &str) -> &str {
    if arn.starts_with("arn:") { arn.splitn(6, ':').nth(5).unwrap_or(arn) } else { arn }
}

/// How many of those who can become administrator stand on the first screen.
const ESCALATIONS_MAX: usize = 5;
/// How many cuts do.
const CUTS_MAX: usize = 3;
/// So many of the changes that opened a way are named, the most urgent first.
const OPENED_MAX: usize = 2;
/// So many of those who have gained it.
const GAINED_MAX: usize = 3;
