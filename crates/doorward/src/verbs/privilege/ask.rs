//! Questions over an inventory, answered from its files.

use std::io::{Write, stderr, stdout};

use anyhow::{Context, Result, bail};
use doorward_privilege::answers::PathAnswer;
use doorward_privilege::atlas::Atlas;
use doorward_privilege::estate::PrincipalId;
use doorward_privilege::questions::{Can, CanAnswer, ReachAnswer};
use doorward_privilege::rating::TierZero;

use super::{analyze, picture};
use crate::cli::Output;
use crate::cli::privilege::{CanArgs, OverArgs, PathArgs, PathOutput, ReachArgs, WhoCanArgs};
use crate::privilege;
use crate::verbs::print::print;

/// The atlas of the files that are named.
pub(super) fn atlas(over: &OverArgs) -> Result<Atlas> {
    let tier_zero = over.tier_zero.as_deref().map(analyze::tier_zero).transpose()?;
    let (exports, rejects) = analyze::read(&over.files, false)?;
    if !rejects.is_empty() {
        let count = rejects.len();
        // Nowhere is left to tell it if stderr is closed.
        writeln!(
            stderr(),
            "doorward: {count} records were not read: `doorward privilege analyze` lists them"
        )
        .unwrap_or_default();
    }
    privilege::atlas(exports, &tier_zero.unwrap_or(TierZero::Default))
}

/// By which steps one comes to another.
pub(crate) fn path(args: &PathArgs) -> Result<()> {
    let atlas = atlas(&args.over)?;
    let (from, to) = (atlas.find(&args.from)?, atlas.find(&args.to)?);
    let filter = atlas.avoiding(&args.avoid)?;
    let ways = atlas.ways(from, to, &filter, usize::from(args.ways));
    let output = match args.output {
        PathOutput::Svg => {
            let title = format!("{} to {}", args.from, args.to);
            return Ok(stdout().write_all(picture::drawn(&title, &ways)?.as_bytes())?);
        }
        PathOutput::Table => Output::Table,
        PathOutput::Json => Output::Json,
        PathOutput::Yaml => Output::Yaml,
    };
    print(&ways, output, |ways| told(ways, (&args.from, &args.to)))
}

fn told(ways: &Vec<PathAnswer>, (from, to): (&str, &str)) -> String {
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
    check(&args.permission)?;
    let atlas = atlas(&args.over)?;
    let answers = atlas.who_can(&args.permission, &args.resource);
    print(&answers, args.output, |answers| {
        let mut text: String = answers.iter().map(|one| answer(one, false)).collect();
        text.push_str(&format!("{} may {} on {}\n", answers.len(), args.permission, args.resource));
        text
    })
}

/// Whether an identity has a permission on a resource.
pub(crate) fn can(args: &CanArgs) -> Result<()> {
    check(&args.what.permission)?;
    let atlas = atlas(&args.what.over)?;
    let id = principal(&atlas, &args.id)?;
    let answered = atlas.can(id, &args.what.permission, &args.what.resource);
    let answered = answered.context("the identity is not in the inventory")?;
    print(&answered, args.what.output, |one| answer(one, args.explain))
}

/// What an identity reaches.
pub(crate) fn reach(args: &ReachArgs) -> Result<()> {
    let atlas = atlas(&args.over)?;
    let from = atlas.find(&args.id)?;
    let mut reached = atlas.reached(from, &doorward_privilege::graph::Filter::default());
    let all = reached.len();
    reached.truncate(usize::try_from(args.limit)?);
    print(&reached, args.output, |reached| {
        let mut text = String::new();
        for ReachAnswer { to, level, conditions, weight } in reached {
            let only_if = if *conditions > 0 { "  only if" } else { "" };
            text.push_str(&format!("{weight:>6}  {level:<8} {to}{only_if}\n"));
        }
        text.push_str(&format!("{} of {all} that {} reaches, by weight\n", reached.len(), args.id));
        text
    })
}

fn principal(atlas: &Atlas, name: &str) -> Result<PrincipalId> {
    let node = atlas.find(name)?;
    atlas.principal_of(node).with_context(|| format!("{name} is no user, role or group"))
}

fn check(permission: &str) -> Result<()> {
    match permission.split_once(':') {
        Some((service, name)) if !service.is_empty() && !name.is_empty() => Ok(()),
        _ => bail!("{permission:?} is no permission: write service and name, such as s3:GetObject"),
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
    for condition in &one.only_if {
        text.push_str(&format!("                 if {condition}\n"));
    }
    for statement in one.statement.iter().filter(|_| explain) {
        text.push_str(&format!("                 by {statement}\n"));
    }
    text
}
