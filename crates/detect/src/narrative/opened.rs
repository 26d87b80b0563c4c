//! What has become possible, in sentences: who can do what since when, who opened it, by which way, and where to cut it.

use doorward_model::finding::{Opened, OpenedBy, OpenedFor, OpenedHop};
use doorward_model::inventory::change::{ChangedRow, Effect};
use doorward_model::inventory::row::{Row as _, RowKind};
use doorward_model::inventory::{Entitlement, Origin};
use doorward_model::time::Time;

use crate::narrative::{push, short};

/// Says it.
pub(super) fn push_opened(text: &mut String, opened: &Opened) {
    push_gain(text, opened);
    for change in &opened.changes {
        push_change(text, change);
    }
    if !opened.attributed && opened.changes.len() > 1 {
        push(text, format_args!(" Which of them opened it is not known."));
    }
    push_way(text, &opened.hops);
    push_blast(text, opened);
    if !opened.cut.is_empty() {
        let ends: Vec<&str> = opened.cut.split(" -> ").map(short).collect();
        push(text, format_args!(" Cut: {}.", ends.join(" -> ")));
        if !opened.fix.is_empty() {
            push(text, format_args!(" {}", opened.fix));
        }
    }
    if opened.closed_at_ms != 0 {
        push(text, format_args!(" It is closed since {}.", Time::from_ms(opened.closed_at_ms)));
    }
}

/// Who can do what.
fn push_gain(text: &mut String, opened: &Opened) {
    let outside = opened.hops.first().zip(opened.to.first()).is_some_and(|(hop, to)| hop.to == *to)
        && opened.examples.first().is_some_and(|one| !one.identity.starts_with("arn:"))
        || opened.to.len() > 1;
    let names: Vec<&str> = opened.examples.iter().take(TOLD_MAX).map(called).collect();
    let rest = usize::try_from(opened.count).unwrap_or(usize::MAX).saturating_sub(names.len());
    let many = match rest {
        0 => String::new(),
        1 => " and 1 more".to_owned(),
        rest => format!(" and {rest} more"),
    };
    let to: Vec<&str> = opened.to.iter().map(|to| short(to)).collect();
    let to = to.join(", ");
    let is_itself = opened.hops.len() == 1 && opened.hops.iter().all(|hop| hop.method == "administrator");
    let can = match (&*to, outside) {
        (_, true) => format!("let into {to}"),
        (to, false) if to.starts_with("administrator of ") && is_itself && opened.count == 1 => to.to_owned(),
        (to, false) if to.starts_with("administrator of ") => format!("able to become {to}"),
        (to, false) => format!("able to reach {to}"),
    };
    let verb = if opened.count == 1 { "is" } else { "are" };
    push(text, format_args!("{}{many} {verb} {can}", names.join(", ")));
    if let Some(at) = opened.changes.iter().map(|change| change.at_ms).max() {
        push(text, format_args!(" since {}", Time::from_ms(at)));
    }
    match (opened.sure, opened.count) {
        (0, _) => push(text, format_args!(", under a condition.")),
        (sure, count) if sure < count => {
            push(text, format_args!(", {} of them under a condition.", count - sure));
        }
        _ => push(text, format_args!(".")),
    }
}

/// Somebody from outside by what they are, others by their names.
fn named(identity: &str) -> &str {
    if identity == "*" { "everybody" } else { short(identity) }
}

/// Somebody who has gained a way: from outside, as they are called.
fn called(one: &OpenedFor) -> &str {
    if one.words.is_empty() { named(&one.identity) } else { &one.words }
}

/// Who did what.
fn push_change(text: &mut String, change: &OpenedBy) {
    let mut done: Vec<String> = Vec::new();
    for row in &change.rows {
        let did = did(row);
        if !done.contains(&did) {
            done.push(did);
        }
    }
    let rest = done.len().saturating_sub(TOLD_MAX);
    done.truncate(TOLD_MAX);
    let mut done = done.join(", ");
    match rest {
        0 => {}
        rest => done.push_str(&format!(", and {rest} more")),
    }
    if change.is_of_event() {
        push(text, format_args!(" {} {done}", actor(&change.identity, &change.chain)));
        push(text, format_args!(" (event {}, {}", change.event, change.permission));
        match change.session.as_str() {
            "" => push(text, format_args!(").")),
            session => push(text, format_args!(", session {session}).")),
        }
        return;
    }
    let at = Time::from_ms(change.at_ms);
    match change.account.as_str() {
        "" => push(text, format_args!(" Somebody {done}: what was imported as of {at} tells of it")),
        account => push(
            text,
            format_args!(" Somebody {done}: the export of account {account} as of {at} tells of it"),
        ),
    }
    push(text, format_args!(", and no event in the log names who."));
}

/// Who made a change: the one furthest back, and through whom.
#[must_use]
pub fn actor(identity: &str, chain: &[String]) -> String {
    let mut all: Vec<&str> = Vec::new();
    for id in std::iter::once(identity).chain(chain.iter().map(String::as_str)) {
        // Her own sign-in is no hop.
        if !id.is_empty() && all.last().is_none_or(|last| short(last) != short(id)) {
            all.push(id);
        }
    }
    let Some((who, through)) = all.split_last() else { return "Somebody".to_owned() };
    let through: Vec<String> = through
        .iter()
        .rev()
        .map(|id| if id.contains(":role/") { format!("role {}", short(id)) } else { short(id).to_owned() })
        .collect();
    match through.is_empty() {
        true => short(who).to_owned(),
        false => format!("{} (through {})", short(who), through.join(", then ")),
    }
}

/// What became of a row, as something that somebody did.
fn did(row: &ChangedRow) -> String {
    let is_gone = row.effect() == Effect::Withdrawn;
    let name = row.key.first().map_or("", String::as_str);
    let verb = |here: &'static str, gone: &'static str| if is_gone { gone } else { here };
    match row.kind() {
        RowKind::Entitlement => entitled(row, is_gone),
        RowKind::Policy => match name.split_once(' ') {
            Some((holder, "trust")) => format!("changed whom {} trusts", short(holder)),
            Some((holder, "resource")) => {
                format!("{} the policy of {}", verb("changed", "deleted"), short(holder))
            }
            Some((holder, own)) => {
                let own = own.split_once(':').map_or(own, |(_, name)| name);
                format!("{} policy {own} of {}", verb("changed", "deleted"), short(holder))
            }
            None => format!("{} policy {}", verb("changed", "deleted"), policy(name)),
        },
        _ => {
            let part = if row.part.is_empty() { String::new() } else { format!(" ({})", row.part) };
            format!("{} {}{part}", verb("changed", "deleted"), short(name))
        }
    }
}

/// That a right was given or taken.
fn entitled(row: &ChangedRow, is_gone: bool) -> String {
    let names: Vec<&str> = row.key.iter().map(String::as_str).collect();
    let mut held = Entitlement::default();
    held.set_names(&names);
    let origin = row.key.get(2).and_then(|number| number.parse::<i32>().ok());
    let origin = origin.and_then(|number| Origin::try_from(number).ok()).unwrap_or(Origin::Unknown);
    let (holder, own) = (short(&held.holder), policy(&held.policy));
    match (origin, is_gone) {
        (Origin::Trust, _) => format!("changed whom {holder} trusts"),
        (Origin::Resource, false) => format!("changed the policy of {holder}"),
        (Origin::Resource, true) => format!("deleted the policy of {holder}"),
        (Origin::Inline, false) => format!("changed policy {own} of {holder}"),
        (Origin::Inline, true) => format!("deleted policy {own} of {holder}"),
        (Origin::Boundary, false) => format!("set boundary {own} on {holder}"),
        (Origin::Boundary, true) => format!("took boundary {own} from {holder}"),
        (_, false) => format!("attached {own} to {holder}"),
        (_, true) => format!("detached {own} from {holder}"),
    }
}

/// A policy by its name.
fn policy(name: &str) -> &str {
    let name = name.split_once(":policy/").map_or(name, |(_, name)| name);
    let name = name.rsplit('/').next().unwrap_or(name);
    name.strip_prefix("inline:").unwrap_or(name)
}

/// The way of the first.
fn push_way(text: &mut String, hops: &[OpenedHop]) {
    for (at, hop) in hops.iter().enumerate() {
        let (lead, from) = if at == 0 { (" Way: ", named(&hop.from)) } else { (", then ", "") };
        let gap = if at == 0 { " " } else { "" };
        let (by, id) = match &*hop.name {
            "" => (hop.method.clone(), None),
            name => (format!("\"{name}\""), Some(&hop.method)),
        };
        push(text, format_args!("{lead}{from}{gap}to {} by {by}", short(&hop.to)));
        let behind: Vec<&str> = id.into_iter().chain(&hop.statements).map(String::as_str).collect();
        if !behind.is_empty() {
            push(text, format_args!(" ({})", behind.join("; ")));
        }
        match &*hop.only_if {
            [] => {}
            all => push(text, format_args!(" only if {}", all.join(" and "))),
        }
    }
    if !hops.is_empty() {
        push(text, format_args!("."));
    }
}

fn push_blast(text: &mut String, opened: &Opened) {
    let Some(first) = opened.examples.first() else { return };
    let [before, after] = [first.before_millipercent, first.after_millipercent];
    if after > before {
        let percent = |milli: u32| format!("{}.{}", milli / 1_000, milli % 1_000 / 100);
        let who = called(first);
        push(
            text,
            format_args!(" Blast radius of {who}: {} % before, {} % now.", percent(before), percent(after)),
        );
    }
}

/// How much of each is spelled out.
const TOLD_MAX: usize = 4;
