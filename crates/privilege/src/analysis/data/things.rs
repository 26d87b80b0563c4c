//! Things of one kind and account that policies treat alike, in the order of their ARNs; and which of them a statement
//! means, found without looking at each.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::analysis::data::kinds::{DataKind, On};
use crate::document::{Effect, Selection, Statement};
use crate::pattern::Pattern;
use crate::pattern::units::{self, Unit};
use crate::targets::Said;

/// Things that are alike but for their names.
#[derive(Debug)]
pub(super) struct Things {
    kind: &'static DataKind,
    /// ARNs, with the places of the resources in the estate.
    members: Vec<(Box<str>, u32)>,
    /// What all ARNs begin with.
    prefix: String,
    /// What comes before the name in each ARN, and nowhere else in it; empty where that is not so.
    anchor: String,
    /// Members of one region lie together: what comes before the anchor, and which these are.
    runs: Vec<(Box<str>, Range<usize>)>,
}

/// What holds of most things, and of those that are told apart by some statement.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Spread<T> {
    /// Of all that are not told apart.
    pub(super) rest: T,
    /// Of the others, by their places among the members.
    pub(super) apart: BTreeMap<usize, T>,
}

/// What is asked of members that no statement tells apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Rest {
    /// Nothing: they do not let in the caller.
    Out,
    /// What the caller's own policies give.
    Own,
    /// The same, and their policies may let in the caller by themselves.
    LetIn,
}

/// Which members a pattern means.
enum Meant {
    All,
    Some(Vec<usize>),
}

impl Things {
    /// Of these members of a kind.
    pub(super) fn new(kind: &'static DataKind, mut members: Vec<(Box<str>, u32)>) -> Self {
        members.sort_unstable();
        let first = members.first().map_or("", |(arn, _)| arn);
        let last = members.last().map_or("", |(arn, _)| arn);
        // In order, what the first and last have in common all have.
        let differs = first.char_indices().zip(last.chars()).find(|((_, one), other)| one != other);
        let shared = differs.map_or_else(|| first.len().min(last.len()), |((at, _), _)| at);
        let prefix = first.get(..shared).unwrap_or_default().to_owned();
        let account = first.split(':').nth(4).unwrap_or_default();
        let anchor = if account.is_empty() { ":::".to_owned() } else { format!(":{account}:") };
        let is_sound = |(arn, _): &(Box<str>, u32)| {
            name(arn).is_some_and(|name| arn.split_once(&anchor).is_some_and(|(_, rest)| rest == name))
                && arn.matches(&*anchor).count() == 1
        };
        let anchor = if members.iter().all(is_sound) { anchor } else { String::new() };
        let runs = runs(&members, &anchor);
        Self { kind, members, prefix, anchor, runs }
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.members.len()
    }

    /// The resource of a member.
    pub(super) fn resource(&self, place: usize) -> Option<u32> {
        self.members.get(place).map(|(_, resource)| *resource)
    }

    /// The place of a member.
    pub(super) fn place(&self, arn: &str) -> Option<usize> {
        self.members.binary_search_by(|(own, _)| (**own).cmp(arn)).ok()
    }

    /// What holds of the members, of which policies say this. Those of `apart` are asked for themselves; the rest only
    /// where something could let in there: a policy of the caller, or theirs if `rest` says so.
    pub(super) fn spread<T: Default>(
        &self,
        (said, on): (&Said<'_>, On),
        (apart, rest): (&[usize], Rest),
        ask: &mut dyn FnMut(&str) -> T,
    ) -> Spread<T> {
        let mut spread = Spread::default();
        let mut ask = |place: usize| {
            let arn = self.members.get(place).map_or("", |(arn, _)| arn);
            if on == On::Itself { ask(arn) } else { ask(&self.kind.asked(arn, on)) }
        };
        let mut told_apart: BTreeSet<usize> = apart.iter().copied().collect();
        if rest != Rest::Out {
            let mut is_let_in = rest == Rest::LetIn;
            for statement in said.granting.iter().chain(said.limits.iter().flatten()) {
                let speaks = self.tell_apart(statement, on, &mut told_apart);
                is_let_in |= speaks && statement.effect == Effect::Allow;
            }
            let one = (0..self.members.len()).find(|place| !told_apart.contains(place));
            if let Some(one) = one.filter(|_| is_let_in) {
                spread.rest = ask(one);
            }
        }
        spread.apart = told_apart.into_iter().map(|place| (place, ask(place))).collect();
        spread
    }

    /// Takes in the members of which a statement may say something else than of all others; whether it speaks of others.
    fn tell_apart(&self, statement: &Statement, on: On, told_apart: &mut BTreeSet<usize>) -> bool {
        if statement.conditions.iter().any(|condition| &*condition.key == "aws:resourcearn") {
            told_apart.extend(0..self.members.len());
        }
        let Some(selection) = &statement.resources else { return true };
        let mut speaks = matches!(selection, Selection::AllBut(_));
        for pattern in selection.named() {
            match self.meant(pattern, on) {
                Meant::All => speaks = true,
                Meant::Some(places) => told_apart.extend(places),
            }
        }
        speaks
    }

    /// Which members a pattern means, or something within them.
    fn meant(&self, pattern: &Pattern, on: On) -> Meant {
        if pattern.is_any() {
            return Meant::All;
        }
        if let Some(places) = self.named(pattern, on) {
            return Meant::Some(places);
        }
        let is_plain = !pattern.has_variables();
        if is_plain && pattern.text().ends_with('*') && pattern.matches(&self.prefix) {
            return Meant::All;
        }
        let own = pattern.prefix();
        if !own.starts_with(&self.prefix) && !self.prefix.starts_with(own) {
            return Meant::Some(Vec::new());
        }
        if on == On::Within && is_plain && self.covers(pattern) {
            return Meant::All;
        }
        Meant::Some((0..self.members.len()).filter(|place| self.fits(pattern, *place, on)).collect())
    }

    /// The members that a pattern means which gives the beginning of their names; `None` where it gives none.
    fn named(&self, pattern: &Pattern, on: On) -> Option<Vec<usize>> {
        // What a wildcard stands for within a member could look like an ARN itself.
        let is_open = on == On::Within && self.kind.below.contains('*');
        let text = if is_open || pattern.has_variables() { pattern.prefix() } else { pattern.text() };
        let (_, name) = text.split_once(&*self.anchor).filter(|_| !self.anchor.is_empty())?;
        let begins = name.split(['*', '?']).next().filter(|begins| !begins.is_empty())?;
        if self.is_begun(begins) {
            return None;
        }
        let mut places: Vec<usize> = Vec::new();
        for (region, run) in &self.runs {
            let begins = format!("{region}{}{begins}", self.anchor);
            let members = self.members.get(run.clone()).unwrap_or_default();
            let from = members.partition_point(|(arn, _)| **arn < *begins);
            let alike = members.iter().enumerate().skip(from);
            let alike = alike.take_while(|(_, (arn, _))| arn.starts_with(&begins));
            places.extend(alike.map(|(place, _)| run.start + place));
            // Something within a member begins with the member's own name.
            let cuts = begins.char_indices().filter(|(_, letter)| self.kind.below.starts_with(*letter));
            let holders = cuts.filter_map(|(at, _)| self.place(begins.get(..at)?));
            places.extend(holders.filter(|_| on == On::Within));
        }
        places.retain(|place| self.fits(pattern, *place, on));
        places.sort_unstable();
        places.dedup();
        Some(places)
    }

    /// Whether all names begin so: then that tells none apart.
    fn is_begun(&self, begins: &str) -> bool {
        self.prefix.split_once(&*self.anchor).is_some_and(|(_, name)| name.starts_with(begins))
    }

    /// Whether a pattern may mean a member, or something within it.
    fn fits(&self, pattern: &Pattern, place: usize, on: On) -> bool {
        let Some((arn, _)) = self.members.get(place) else { return false };
        if pattern.has_variables() || pattern.is_short_arn() {
            return true;
        }
        match on {
            On::Itself => pattern.matches(arn),
            On::Within => {
                let asked: Vec<Unit> = units::of_resource(&self.kind.asked(arn, on)).collect();
                units::intersect(&pattern.units(), &asked)
            }
        }
    }

    /// Whether a pattern means all that any member holds.
    fn covers(&self, pattern: &Pattern) -> bool {
        let all: Vec<Unit> = units::of_glob(&format!("{}*{}", self.prefix, self.kind.below)).collect();
        units::covers(&pattern.units(), &all)
    }
}

/// Members, which are in order, region by region.
fn runs(members: &[(Box<str>, u32)], anchor: &str) -> Vec<(Box<str>, Range<usize>)> {
    let region = |(arn, _): &(Box<str>, u32)| arn.split_once(anchor).map_or("", |(region, _)| region).into();
    let mut runs: Vec<(Box<str>, Range<usize>)> = Vec::new();
    for (place, member) in members.iter().enumerate() {
        let own: Box<str> = region(member);
        match runs.last_mut() {
            Some((last, run)) if *last == own => run.end = place + 1,
            _ => runs.push((own, place..place + 1)),
        }
    }
    runs
}

/// The part of an ARN that names the thing.
fn name(arn: &str) -> Option<&str> {
    arn.splitn(6, ':').nth(5)
}
