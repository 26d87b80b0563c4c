//! An inventory into who could become administrator, how, and where that can be cut: from exports, as a scan and
//! `doorward privilege analyze` read them, and from the log, as a server keeps it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use doorward_engine::{derive, fill};
use doorward_journal::JournalError;
use doorward_model::hash::Hash16;
use doorward_model::inventory::AccountExport;
use doorward_model::time::Time;
use doorward_model::usage::Ledger;
use doorward_privilege::answers::{
    self, ChokeAnswer, Escalation, HopAnswer, OutsideAnswer, PathAnswer, PrincipalAnswer, UnknownAnswer,
};
use doorward_privilege::atlas::Atlas;
use doorward_privilege::derived::Derived;
use doorward_privilege::escalation::Rules;
use doorward_privilege::estate::Builder;
use doorward_privilege::pattern::Pattern;
use doorward_privilege::rating::TierZero;
use doorward_privilege::usage::{
    self, EfficiencyAnswer, LogAnswer, RoleAnswer, StepAnswer, Taken, TrackedAnswer, TrustAnswer, Usage,
};
use doorward_serve::answers::privilege::{OUTSIDE_MAX, as_of, cuts};
use doorward_views::control::Control;
use serde::{Deserialize, Serialize};

/// What is answered. Field names and meanings are a contract: fields are added, never renamed or removed.
#[derive(Debug, Serialize, Deserialize)]
pub struct Analyzed {
    /// The newest date of the exports, from which on requests are judged; absent where they have none.
    pub as_of: Option<Time>,
    /// The accounts that were read.
    pub accounts: Vec<String>,
    /// All users and roles, by account and ARN.
    pub principals: Vec<PrincipalAnswer>,
    /// Where ways to what matters most can be cut, the best first.
    pub choke_points: Vec<ChokeAnswer>,
    /// Who is let in from outside, the widest first, and the first thousand of them.
    #[serde(default)]
    pub outside: Vec<OutsideAnswer>,
    /// Policies that cannot be read: what depends on them is unknown.
    pub unknown: Vec<UnknownAnswer>,
    /// What logs show by which the use of rights is told, by account; none where no log is known.
    #[serde(default)]
    pub logs: Vec<LogAnswer>,
    /// Which ways into roles were used in the window of the log; nothing where no log is known.
    #[serde(default)]
    pub trust: Option<TrustAnswer>,
}

/// Gives the policies of exports that come from facts their texts.
///
/// # Errors
/// When a text cannot be read. One that is not there leaves its policy without: it is unknown.
pub(crate) fn with_texts(
    exports: &mut [AccountExport],
    blob: impl Fn(Hash16) -> Result<Option<Vec<u8>>, JournalError>,
) -> Result<(), JournalError> {
    // What is no text is no policy either.
    fill(exports, |hash| Ok(blob(hash)?.and_then(|bytes| String::from_utf8(bytes).ok())))
}

/// Derives everything from what facts say, with the texts of policies.
///
/// # Errors
/// A [`JournalError`] when a text cannot be read; another when the inventory is too large.
pub(crate) fn derived(
    (control, tier_zero): (&Control, &TierZero),
    blob: impl Fn(Hash16) -> Result<Option<Vec<u8>>, JournalError>,
    now: Time,
) -> Result<Derived> {
    let mut exports = derive(control);
    with_texts(&mut exports, blob)?;
    Ok(Derived { atlas: atlas(exports, tier_zero)?, fact: control.fact_number, derived_at: now })
}

/// Derives everything from exports.
pub(crate) fn atlas(exports: Vec<AccountExport>, tier_zero: &TierZero) -> Result<Atlas> {
    let rules = Rules::shipped().context("cannot read the methods of escalation")?;
    let newest = exports.iter().map(|export| export.newest_at_ms).max().filter(|newest| *newest > 0);
    let mut builder = Builder::default();
    exports.into_iter().for_each(|export| builder.add(export));
    let estate = builder.build();
    // No clock enters what is said of files. Without a date all times are open.
    let as_of = newest.map_or(Time::from_ms(0), Time::from_ms);
    Ok(Atlas::new(estate, rules, as_of, tier_zero)?)
}

/// What was used of an inventory; nothing where neither a log nor the inventory tells.
pub(crate) fn usage(ledger: Ledger, atlas: &Atlas) -> Result<Option<Usage>> {
    let tells = !ledger.is_empty() || atlas.estate.tells_last_uses();
    Ok(if tells { Some(Usage::new(ledger)?) } else { None })
}

/// What matters most, as a file names it.
pub(crate) fn tier_zero(path: &Path) -> Result<TierZero> {
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

/// What is said of all principals of an atlas.
///
/// # Errors
/// When there is too much to be told apart.
pub(crate) fn analyzed(atlas: &Atlas, usage: Option<&Usage>) -> Result<Analyzed> {
    let mut principals = answers::principals(atlas);
    if let Some(usage) = usage {
        usage::rate(usage, &atlas.estate, &mut principals);
    }
    let mut outside = answers::outside(atlas, OUTSIDE_MAX);
    let trust = usage.and_then(|usage| usage::trust(usage, atlas, &mut outside));
    Ok(Analyzed {
        as_of: as_of(atlas),
        accounts: atlas.estate.accounts().map(|(_, account)| account.id.to_string()).collect(),
        principals,
        choke_points: cuts(atlas, usage)?,
        outside,
        unknown: answers::unknown(&atlas.estate),
        logs: usage.map(usage::logs).unwrap_or_default(),
        trust,
    })
}

impl Analyzed {
    /// How many who administer nothing have an answer.
    pub(crate) fn count(&self, escalation: Escalation) -> usize {
        self.principals.iter().filter(|one| !one.admin && one.escalation == escalation).count()
    }

    /// How many administer their account and can come to administer another.
    pub(crate) fn across(&self) -> usize {
        self.principals.iter().filter(|one| one.admin && one.escalation == Escalation::Now).count()
    }

    /// Who can come to administer an account that they do not: those first who administer nothing.
    pub(crate) fn escalating(&self) -> impl Iterator<Item = &PrincipalAnswer> + Clone {
        let of =
            |admin| move |one: &&PrincipalAnswer| one.admin == admin && one.escalation == Escalation::Now;
        self.principals.iter().filter(of(false)).chain(self.principals.iter().filter(of(true)))
    }

    /// How many administer their account by their own policies.
    pub(crate) fn administrators(&self) -> usize {
        self.principals.iter().filter(|one| one.admin).count()
    }
}

/// For people: who can become administrator first, how, and what to cut.
pub(crate) fn table(analyzed: &Analyzed) -> String {
    let mut text = String::new();
    let principals = &analyzed.principals;
    text.push_str(&format!(
        "{} users and roles in {}: {} administer, {} can come to, {} could if something were there\n",
        principals.len(),
        analyzed.accounts.join(", "),
        analyzed.administrators(),
        analyzed.count(Escalation::Now),
        analyzed.count(Escalation::Latent),
    ));
    if analyzed.across() > 0 {
        text.push_str(&format!(
            "{} administrators can come to administer another account, too\n",
            analyzed.across()
        ));
    }
    let now = analyzed.escalating();
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
        for one in analyzed.choke_points.iter().take(LISTED_MAX) {
            let ChokeAnswer { cut, method, name, fix, cut_off, usage, .. } = one;
            let by =
                if method.is_empty() { String::new() } else { format!(" by {}", answers::by(name, method)) };
            text.push_str(&format!("  {cut_off:>5}  {cut}{by}\n"));
            if !fix.is_empty() {
                text.push_str(&format!("         {fix}\n"));
            }
            if let Some(step) = usage {
                text.push_str(&format!("         {}\n", in_use(step)));
            }
        }
    }
    outside(&mut text, &analyzed.outside);
    latent(&mut text, principals);
    usage_table(&mut text, analyzed);
    trust(&mut text, analyzed.trust.as_ref());
    for UnknownAnswer { policy, why } in analyzed.unknown.iter().take(LISTED_MAX) {
        text.push_str(&format!("\nunknown: {policy}: {why}"));
    }
    if !analyzed.unknown.is_empty() {
        text.push_str(&format!(
            "\n{} policies cannot be read; what depends on them is unknown\n",
            analyzed.unknown.len()
        ));
    }
    text
}

/// The steps of a way, for people.
pub(crate) fn steps(text: &mut String, path: &PathAnswer) {
    hops(text, &path.hops, "  ");
}

/// Steps, for people, each line behind a margin.
pub(crate) fn hops(text: &mut String, hops: &[HopAnswer], margin: &str) {
    for hop in hops {
        text.push_str(&format!("{margin}-> {}  by {}\n", hop.edge.to, hop.edge.by()));
        for statement in &hop.statement {
            text.push_str(&format!("{margin}     {statement}\n"));
        }
        for condition in &hop.only_if {
            text.push_str(&format!("{margin}     only if {condition}\n"));
        }
        if !hop.regions.is_empty() {
            text.push_str(&format!("{margin}     in {}\n", hop.regions.join(", ")));
        }
        if let Some(step) = &hop.usage {
            text.push_str(&format!("{margin}     {}\n", used(step)));
        }
    }
}

/// What breaks where a way is cut, in words.
pub(crate) fn in_use(step: &StepAnswer) -> String {
    match (step.taken, step.last) {
        (Taken::Seen, Some(last)) => format!("in use, last at {last}"),
        _ => used(step),
    }
}

/// How a step was used, in words.
pub(crate) fn used(step: &StepAnswer) -> String {
    match (step.taken, step.first, step.last) {
        (Taken::Seen, Some(first), Some(last)) => format!("used, first {first}, last {last}"),
        (Taken::Seen | Taken::Standing, ..) => "holds by itself".to_owned(),
        (Taken::Unused, ..) => "not used in the window of the log".to_owned(),
        (Taken::Unknown, ..) => "no log shows whether it was used".to_owned(),
    }
}

/// How much of what is granted was used, as far as logs and AWS tell.
fn usage_table(text: &mut String, analyzed: &Analyzed) {
    let rated: Vec<&EfficiencyAnswer> =
        analyzed.principals.iter().filter_map(|one| one.usage.as_ref()).collect();
    if analyzed.logs.is_empty() && rated.is_empty() {
        return;
    }
    text.push_str("\nUsed of what is granted:\n");
    for LogAnswer { account, from, to, events, sources } in analyzed.logs.iter().take(LISTED_MAX) {
        let days = (to.day().0 - from.day().0).max(0) + 1;
        let sources = short(sources);
        text.push_str(&format!("  {account}: {events} events of {days} days, {from} to {to}; {sources}\n"));
    }
    let tracked: Vec<&TrackedAnswer> = rated.iter().filter_map(|one| one.tracked.as_ref()).collect();
    let asked = [tracked.iter().map(|one| one.to).min(), tracked.iter().map(|one| one.to).max()];
    if let [Some(first), Some(last)] = asked {
        text.push_str(&format!(
            "  {} users and roles: what they tried last as AWS keeps it, asked {first} to {last}\n",
            tracked.len()
        ));
    }
    shares(text, &rated);
    let idle = rated.iter().filter(|one| one.used == 0 && one.tried == 0.0 && one.unused > 0.0).count();
    if idle > 0 {
        text.push_str(&format!("  {idle} of them use nothing that was granted to them\n"));
    }
    let silent = analyzed.principals.len() - rated.len();
    if silent > 0 {
        text.push_str(&format!(
            "  of {silent} others it is not known: no log of theirs, or a policy cannot be read\n"
        ));
    }
}

/// How much of their power some use together.
fn shares(text: &mut String, rated: &[&EfficiencyAnswer]) {
    let sum = |part: &dyn Fn(&EfficiencyAnswer) -> f64| rated.iter().map(|one| part(one)).sum::<f64>();
    let granted = sum(&|one| one.granted as f64);
    if granted <= 0.0 {
        return;
    }
    let percent = |part: f64| part * 100.0 / granted;
    let tried = match percent(sum(&|one| one.tried * one.granted as f64)) {
        0.0 => String::new(),
        tried => format!(" {tried:.1} % they tried, perhaps in vain;"),
    };
    text.push_str(&format!(
        "  {} users and roles use {:.1} % of their power;{tried} {:.1} % they do not, {:.1} % nothing would show\n",
        rated.len(),
        percent(sum(&|one| one.used as f64)),
        percent(sum(&|one| one.unused * one.granted as f64)),
        percent(sum(&|one| one.unseen * one.granted as f64)),
    ));
}

/// Which ways into roles were not used.
fn trust(text: &mut String, trust: Option<&TrustAnswer>) {
    let Some(trust) = trust.filter(|trust| trust.ways.all > 0) else { return };
    text.push_str(&format!("\n{}", unused_trust(trust)));
    if trust.ways.unknown > 0 {
        text.push_str(&format!("; of {} ways no log shows it", trust.ways.unknown));
    }
    text.push('\n');
    for RoleAnswer { role, usage, ways, unused, .. } in trust.unused.iter().take(LISTED_MAX) {
        let named: Vec<&str> = unused.iter().map(String::as_str).take(NAMED_MAX).collect();
        let more = unused.len().saturating_sub(NAMED_MAX);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let whom = match usage.taken {
            Taken::Unused => "by nobody".to_owned(),
            Taken::Seen | Taken::Standing | Taken::Unknown => format!("{} of {ways} unused", unused.len()),
        };
        text.push_str(&format!("  {role}: {whom} ({}{more})\n", named.join(", ")));
    }
    let more = trust.unused.len().saturating_sub(LISTED_MAX);
    if more > 0 {
        text.push_str(&format!("  {more} more: -o json lists them\n"));
    }
}

/// How much trust was not used, in one line.
pub(crate) fn unused_trust(trust: &TrustAnswer) -> String {
    let TrustAnswer { ways, roles, .. } = trust;
    format!(
        "{} of {} ways into roles were not used in the window of the log; {} of {} roles were assumed by nobody",
        ways.unused, ways.all, roles.unused, roles.all
    )
}

/// What a log shows, in few words.
fn short(sources: &[String]) -> String {
    let (data, other): (Vec<&str>, Vec<&str>) =
        sources.iter().map(String::as_str).partition(|source| source.starts_with("data "));
    let services: BTreeSet<&str> = data.iter().filter_map(|source| source.rsplit(' ').next()).collect();
    let services: Vec<&str> = services.into_iter().collect();
    let data = if services.is_empty() {
        "no data events".to_owned()
    } else {
        format!("data of {}", services.join(", "))
    };
    other.into_iter().chain([data.as_str()]).collect::<Vec<_>>().join(", ")
}

/// Who is let in from outside, and into what.
fn outside(text: &mut String, outside: &[OutsideAnswer]) {
    if !outside.is_empty() {
        text.push_str("\nLet in from outside:\n");
    }
    for one in outside.iter().take(LISTED_MAX) {
        text.push_str(&format!("  {} ({}) -> {}\n", one.words, one.who, one.into));
        for what in &one.only_if {
            text.push_str(&format!("       only if {what}\n"));
        }
        for what in &one.void {
            text.push_str(&format!("       a token without the claim passes {what}\n"));
        }
        if let Some(step) = &one.usage {
            text.push_str(&format!("       {}\n", used(step)));
        }
    }
    let more = outside.len().saturating_sub(LISTED_MAX);
    if more > 0 {
        text.push_str(&format!("  {more} more: -o json lists them\n"));
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
/// So many ways into one role are named for people.
const NAMED_MAX: usize = 3;
