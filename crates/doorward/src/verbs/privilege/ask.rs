//! Single questions over an inventory.

use std::io::{BufWriter, Write, stderr, stdout};
use std::num::NonZeroUsize;

use anyhow::Result;
use doorward_privilege::answers::PathAnswer;
use doorward_privilege::opengraph::export_atlas;
use doorward_privilege::questions::{Can, CanAnswer, ReachAnswer, doubt};
use doorward_privilege::usage::Taken;
use doorward_serve::answers::privilege::{self as answers, CAN_FIELDS, WAYS_FIELDS};

use super::over::{Over, read, with};
use crate::cli::privilege::{CanArgs, OverArgs, PathArgs, ReachArgs, WhoCanArgs};
use crate::privilege;
use crate::verbs::print::print;
use crate::verbs::source::Filter;

/// By which steps one comes to another.
pub(crate) fn path(args: &PathArgs) -> Result<()> {
    let over = Over::of(&args.over)?;
    let avoided = args.avoid.iter().map(|name| ("avoid", name.clone()));
    let asked = [("from", args.from.clone()), ("to", args.to.clone()), ("ways", args.ways.to_string())];
    let used = args.used_only.then(|| ("used_only", true.to_string()));
    let asked: Vec<Filter> = asked.into_iter().chain(avoided).chain(used).collect();
    let Some(output) = args.output.written() else {
        let drawn = match &over {
            Over::Here(known, _) => {
                answers::picture(&known.derived, &read(&asked, &WAYS_FIELDS)?, known.usage.as_ref())?
            }
            Over::Server(client, as_of) => {
                client.text(&["v1", "privilege", "picture"], &with(&asked, *as_of))?
            }
        };
        return Ok(stdout().write_all(drawn.as_bytes())?);
    };
    let route = (&["v1", "privilege", "paths"][..], &WAYS_FIELDS[..]);
    let (ways, _) = over.list(route, &asked, NonZeroUsize::MAX, |known, query| {
        answers::ways(&known.derived, query, known.usage.as_ref())
    })?;
    print(&ways, output, |ways| told(ways, (&args.from, &args.to), args.used_only))
}

/// Writes the graph as OpenGraph JSON onto standard output.
pub(super) fn export(args: &OverArgs) -> Result<()> {
    match Over::of(args)? {
        Over::Here(known, _) => Ok(export_atlas(&known.derived.atlas, BufWriter::new(stdout().lock()))?),
        Over::Server(client, as_of) => {
            let graph = client.text(&["v1", "privilege", "graph"], &with(&[], as_of))?;
            Ok(stdout().write_all(graph.as_bytes())?)
        }
    }
}

fn told(ways: &Vec<PathAnswer>, (from, to): (&str, &str), used_only: bool) -> String {
    if ways.is_empty() && used_only {
        return format!("No way from {from} to {to} was gone, as the log shows.\n");
    }
    if ways.is_empty() {
        return format!("No way leads from {from} to {to}, as far as the inventory tells.\n");
    }
    let mut text = String::new();
    for (number, way) in (1..).zip(ways) {
        text.push_str(&format!("{number}. {}\n", way.hops.first().map_or("", |hop| &hop.edge.from)));
        privilege::steps(&mut text, way);
    }
    text
}

/// Who has a permission on a resource.
pub(crate) fn who_can(args: &WhoCanArgs) -> Result<()> {
    let route = (&["v1", "who-can"][..], &CAN_FIELDS[..]);
    let over = Over::of(&args.over)?;
    warn(&args.permission);
    let (answers, _) = over.list(route, &permission(args), NonZeroUsize::MAX, |known, query| {
        answers::who_can(&known.derived, query, known.usage.as_ref())
    })?;
    print(&answers, args.output, |answers| {
        let mut text: String = answers.iter().map(|one| answer(one, false)).collect();
        text.push_str(&format!("{} may {} on {}\n", answers.len(), args.permission, args.resource));
        text
    })
}

/// Whether an identity has a permission on a resource.
pub(crate) fn can(args: &CanArgs) -> Result<()> {
    let route = (&["v1", "identities", &args.id, "can"][..], &CAN_FIELDS[..]);
    let over = Over::of(&args.what.over)?;
    warn(&args.what.permission);
    let answered: CanAnswer = over.one(route, &permission(&args.what), |known, query| {
        answers::can(&known.derived, query, (&args.id, known.usage.as_ref())).map(|row| row.can)
    })?;
    print(&answered, args.what.output, |one| answer(one, args.explain))
}

/// Says beside an answer that its permission is not known, if that is so.
fn warn(permission: &str) {
    if let Some(doubt) = doubt(permission) {
        // Nowhere is left to tell it if stderr is closed.
        writeln!(stderr(), "doorward: {doubt}").unwrap_or_default();
    }
}

fn permission(args: &WhoCanArgs) -> [Filter; 2] {
    [("permission", args.permission.clone()), ("resource", args.resource.clone())]
}

/// What an identity reaches.
pub(crate) fn reach(args: &ReachArgs) -> Result<()> {
    let route = (&["v1", "identities", &args.id, "reach"][..], &[][..]);
    let over = Over::of(&args.over)?;
    let (reached, all) = over.list(route, &[], args.limit, |known, query| {
        answers::reach(&known.derived, query, (&args.id, known.usage.as_ref()))
    })?;
    print(&reached, args.output, |reached: &Vec<ReachAnswer>| {
        let mut text = String::new();
        for ReachAnswer { to, level, conditions, weight, path, usage } in reached {
            let only_if = if *conditions > 0 { "  only if" } else { "" };
            let came = usage.as_ref().map(|step| format!("  ({})", came(step.taken))).unwrap_or_default();
            text.push_str(&format!("{weight:>6}  {level:<8} {to}{only_if}{came}\n"));
            privilege::hops(&mut text, path, "           ");
        }
        text.push_str(&format!(
            "{} of {all} that {} reaches, what would be lost most first\n",
            reached.len(),
            args.id
        ));
        text
    })
}

/// Whether something that is reached was come to.
const fn came(taken: Taken) -> &'static str {
    match taken {
        Taken::Seen => "used",
        Taken::Unused => "not used",
        Taken::Standing => "holds by itself",
        Taken::Unknown => "no log shows use",
    }
}

fn answer(one: &CanAnswer, explain: bool) -> String {
    let word = match one.answer {
        Can::Allow => "allow",
        Can::OnlyIf => "only if",
        Can::Unknown => "unknown",
        Can::ExplicitDeny => "deny (explicit)",
        Can::ImplicitDeny => "deny (implicit)",
    };
    let mut text = format!("{word:<16} {}\n", one.identity);
    if let Some(role) = &one.by_role {
        text.push_str(&format!("                 as {role}\n"));
    }
    for person in &one.people {
        text.push_str(&format!("                 used by {person}\n"));
    }
    for condition in &one.only_if {
        text.push_str(&format!("                 if {condition}\n"));
    }
    if let Some(step) = &one.usage {
        text.push_str(&format!("                 {}\n", privilege::used(step)));
    }
    for statement in one.statement.iter().filter(|_| explain) {
        text.push_str(&format!("                 by {statement}\n"));
    }
    text
}
