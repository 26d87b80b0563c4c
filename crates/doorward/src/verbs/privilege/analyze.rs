//! Exports of an inventory into who could become administrator, how, and where that can be cut.

use std::collections::BTreeMap;
use std::fs;
use std::io::{IsTerminal, stderr};
use std::path::Path;

use anyhow::{Context, Result, bail};
use doorward_model::time::Time;
use doorward_privilege::analysis::Analysis;
use doorward_privilege::answers::{
    self, ChokeAnswer, Escalation, PathAnswer, PrincipalAnswer, UnknownAnswer,
};
use doorward_privilege::escalation::Rules;
use doorward_privilege::estate::Builder;
use doorward_privilege::pattern::Pattern;
use doorward_privilege::rating::{Rating, TierZero};
use serde::Serialize;

use crate::cli::privilege::AnalyzeArgs;
use crate::scan::read::Raw;
use crate::scan::{Gathered, Progress, Reading, gather};
use crate::serve::clock;
use crate::verbs::print::print;

/// What is answered. Field names and meanings are a contract: fields are added, never renamed or removed.
#[derive(Debug, Serialize)]
struct Analyzed {
    /// The instant from which on requests are judged.
    as_of: Time,
    /// The accounts that were read.
    accounts: Vec<String>,
    /// All users and roles, by account and ARN.
    principals: Vec<PrincipalAnswer>,
    /// Where ways to what matters most can be cut, the best first.
    choke_points: Vec<ChokeAnswer>,
    /// Policies that cannot be read: what depends on them is unknown.
    unknown: Vec<UnknownAnswer>,
    /// What could not be read of the files.
    rejects: Vec<RejectAnswer>,
}

/// What could not be read.
#[derive(Debug, Serialize)]
struct RejectAnswer {
    source: String,
    record: u64,
    reason: String,
}

/// Analyses exports.
pub(crate) fn analyze(args: &AnalyzeArgs) -> Result<()> {
    let tier_zero = args.tier_zero.as_deref().map(tier_zero).transpose()?.unwrap_or(TierZero::Default);
    let rules = Rules::shipped().context("cannot read the methods of escalation")?;
    let progress = if args.quiet || !stderr().is_terminal() { Progress::hidden() } else { Progress::shown() };
    let reading = Reading { raw: Raw::Drop, ..Reading::default() };
    let Gathered { exports, mut rejects, .. } = gather(&args.paths, &reading, &progress)?;
    progress.done();
    if exports.is_empty() {
        bail!(
            "no export of an inventory was read: write one with \
             `aws iam get-account-authorization-details > account.json`"
        );
    }
    rejects.finish()?;
    let mut builder = Builder::default();
    exports.into_iter().for_each(|export| builder.add(export));
    let estate = builder.build();
    let as_of = clock();
    let analysis = Analysis::new(&estate, &rules, as_of)?;
    let rating = Rating::new(&estate, &analysis, &tier_zero);
    let of = ((&estate, &rules), (&analysis, &rating));
    let analyzed = Analyzed {
        as_of,
        accounts: estate.accounts().iter().map(|account| account.id.to_string()).collect(),
        principals: answers::principals(of.0, of.1, as_of),
        choke_points: answers::chokes(of.0, of.1, as_of, CHOKE_POINTS_MAX),
        unknown: answers::unknown(&estate),
        rejects: rejects
            .listed()
            .map(|(source, record, reason)| RejectAnswer {
                source: source.to_owned(),
                record,
                reason: reason.to_owned(),
            })
            .collect(),
    };
    print(&analyzed, args.output, table)
}

/// What matters most, as a file names it.
fn tier_zero(path: &Path) -> Result<TierZero> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut patterns = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let arn = line.split_once('#').map_or(line, |(before, _)| before).trim();
        if arn.is_empty() {
            continue;
        }
        if !arn.starts_with("arn:") {
            bail!(
                "{}:{number}: {arn:?} is no ARN: write one in each line, such as \
                   arn:aws:iam::111122223333:role/deploy-*",
                path.display()
            );
        }
        patterns.push(Pattern::new(arn));
    }
    Ok(TierZero::Named(patterns))
}

/// For people: who can become administrator first, how, and what to cut.
fn table(analyzed: &Analyzed) -> String {
    let mut text = String::new();
    let principals = &analyzed.principals;
    let count = |escalation| principals.iter().filter(|one| one.escalation == escalation).count();
    let administrators = principals.iter().filter(|one| one.admin).count();
    text.push_str(&format!(
        "{} users and roles in {}: {administrators} administer, {} can come to, {} could if something were there\n",
        principals.len(),
        analyzed.accounts.join(", "),
        count(Escalation::Now),
        count(Escalation::Latent),
    ));
    let now = principals.iter().filter(|one| one.escalation == Escalation::Now);
    for one in now.clone().take(LISTED_MAX) {
        text.push_str(&format!("\n{}\n", one.arn));
        one.paths.iter().take(1).for_each(|path| steps(&mut text, path));
        let others: Vec<&str> = one.paths.iter().skip(1).map(|path| &*path.id).collect();
        if !others.is_empty() {
            text.push_str(&format!("  also by {}\n", others.join(", ")));
        }
    }
    let more = now.count().saturating_sub(LISTED_MAX);
    if more > 0 {
        text.push_str(&format!("\n{more} more can: -o json lists all\n"));
    }
    if !analyzed.choke_points.is_empty() {
        text.push_str("\nCut first (how many lose their only way to what matters most):\n");
        for ChokeAnswer { cut, method, fix, cut_off } in analyzed.choke_points.iter().take(LISTED_MAX) {
            let by = if method.is_empty() { String::new() } else { format!(" by {method}") };
            text.push_str(&format!("  {cut_off:>5}  {cut}{by}\n"));
            if !fix.is_empty() {
                text.push_str(&format!("         {fix}\n"));
            }
        }
    }
    latent(&mut text, principals);
    for UnknownAnswer { policy, why } in analyzed.unknown.iter().take(LISTED_MAX) {
        text.push_str(&format!("\nunknown: {policy}: {why}"));
    }
    if !analyzed.unknown.is_empty() {
        text.push_str(&format!(
            "\n{} policies cannot be read; what depends on them is unknown\n",
            analyzed.unknown.len()
        ));
    }
    for RejectAnswer { source, record, reason } in analyzed.rejects.iter().take(LISTED_MAX) {
        text.push_str(&format!("\nrejected: {source} record {record}: {reason}\n"));
    }
    text
}

fn steps(text: &mut String, path: &PathAnswer) {
    for hop in &path.hops {
        text.push_str(&format!("  -> {}  by {}\n", hop.edge.to, hop.edge.method));
        for statement in &hop.statement {
            text.push_str(&format!("       {statement}\n"));
        }
        for condition in &hop.only_if {
            text.push_str(&format!("       only if {condition}\n"));
        }
    }
}

/// How many could come to administer, by what is missing.
fn latent(text: &mut String, principals: &[PrincipalAnswer]) {
    let paths =
        principals.iter().filter(|one| one.escalation == Escalation::Latent).flat_map(|one| &one.paths);
    let mut missing: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for path in paths {
        *missing.entry((&path.id, path.missing.as_deref().unwrap_or_default())).or_default() += 1;
    }
    let mut missing: Vec<_> = missing.into_iter().collect();
    missing.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    if !missing.is_empty() {
        text.push_str("\nWould work, were this there (how many have the permissions):\n");
    }
    for ((id, missing), count) in missing.into_iter().take(LISTED_MAX) {
        text.push_str(&format!("  {count:>5}  {missing}  by {id}\n"));
    }
}

/// So many of a kind are listed for people.
const LISTED_MAX: usize = 20;
/// So many choke points are answered.
const CHOKE_POINTS_MAX: usize = 100;
