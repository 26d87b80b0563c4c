//! On which targets a principal has a permission, without asking about each: where all that its policies say of the
//! permission holds for a whole pool alike, one question answers for the pool.

mod matches;

use std::collections::BTreeMap;
use std::sync::Arc;

use fixedbitset::FixedBitSet;

pub use self::matches::Matches;
use crate::document::{Document, Effect, Selection, Statement};
use crate::pattern::Pattern;
use crate::region::{self, REQUESTED_REGION};
use crate::request::tells_of_resource;
use crate::shared::Sequence;

/// How sure it is that something is allowed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Certainty {
    /// Only if a condition holds of which the inventory does not tell.
    OnlyIf,
    /// Whatever else holds.
    Certain,
}

/// Targets of one kind and account that a rule treats alike, in the order of their ARNs.
#[derive(Clone, Debug)]
pub struct Pool<T> {
    /// What all their ARNs begin with.
    prefix: String,
    members: Sequence<(Arc<str>, T)>,
    known: Known<T>,
    own: Own,
}

/// A thing that has a number of its own; numbers are dense.
pub trait Numbered {
    /// The number.
    fn number(self) -> usize;
}

/// Which members a pool has.
#[derive(Clone, Debug)]
enum Known<T> {
    /// The few, in their own order.
    Few(Vec<T>),
    /// The many, by their numbers.
    Many(FixedBitSet),
}

/// So many members are few.
const FEW: usize = 1_000;

/// Whether members of a pool have policies that may let somebody in by themselves.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Own {
    /// They have none.
    None,
    /// All have the same.
    Same,
    /// Each may have another.
    Different,
}

/// On which members of a pool something holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Extent<T> {
    /// On all of them alike; also on such as are not known.
    All(Certainty),
    /// On these; on none where it is empty.
    Some(Vec<(T, Certainty)>),
}

impl<T: Copy + Ord + Numbered> Pool<T> {
    /// Of these members.
    #[must_use]
    pub fn new(mut members: Vec<(Arc<str>, T)>) -> Self {
        members.sort_by(|one, other| one.0.cmp(&other.0));
        let prefix = shared(members.first(), members.last());
        let known = Known::of(members.iter().map(|(_, member)| *member));
        Self { prefix, members: members.into_iter().collect(), known, own: Own::None }
    }

    /// The same where some members have come and others, which were there, have gone.
    #[must_use]
    pub fn changed(&self, come: &[(Arc<str>, T)], gone: &[(Arc<str>, T)]) -> Self {
        let mut changed = self.clone();
        for (arn, member) in gone {
            let place = changed.members.partition_point(|(own, _)| own < arn);
            if changed.members.get(place).is_some_and(|(_, own)| own == member) {
                changed.members.remove(place);
            }
        }
        for (arn, member) in come {
            let place = changed.members.partition_point(|(own, _)| own < arn);
            changed.members.insert(place, (Arc::clone(arn), *member));
        }
        match &mut changed.known {
            Known::Many(numbers) => {
                gone.iter().for_each(|(_, member)| numbers.set(member.number(), false));
                come.iter().for_each(|(_, member)| numbers.grow_and_insert(member.number()));
            }
            Known::Few(_) => changed.known = Known::of(changed.members.iter().map(|(_, member)| *member)),
        }
        changed.prefix = shared(changed.members.first(), changed.members.last());
        changed
    }

    /// Others that are as its members are.
    #[must_use]
    pub fn alike(&self, members: Vec<(Arc<str>, T)>) -> Self {
        Self::new(members).with(self.own)
    }

    /// Whether it is a member.
    #[must_use]
    pub fn has(&self, member: T) -> bool {
        match &self.known {
            Known::Few(members) => members.binary_search(&member).is_ok(),
            Known::Many(numbers) => numbers.contains(member.number()),
        }
    }

    /// Whether members may have policies of their own, which differ.
    #[must_use]
    pub fn is_guarded(&self) -> bool {
        self.own == Own::Different
    }

    /// The same, where members have policies of their own.
    #[must_use]
    pub fn with(self, own: Own) -> Self {
        Self { own, ..self }
    }

    /// The members, in the order of their ARNs.
    pub fn members(&self) -> impl DoubleEndedIterator<Item = &(Arc<str>, T)> + Clone {
        self.members.iter()
    }

    /// How many members there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Where a principal has a permission of which its policies say this; `ask` is told a member. What patterns match is
    /// looked for in `matches` first, which are of this pool.
    pub fn extent(
        &self,
        said: &Said<'_>,
        matches: &mut Matches,
        ask: &mut dyn FnMut(&str, T) -> Option<Certainty>,
    ) -> Extent<T> {
        let likely = if self.own == Own::None { self.likely_by_all(said, matches) } else { None };
        let is_likely =
            |place: usize| likely.as_ref().is_none_or(|likely| likely.binary_search(&place).is_ok());
        let Some(mut apart) = self.apart(said, matches) else {
            // A policy of the target may let in whom no policy of its own does.
            let places = likely.unwrap_or_else(|| (0..self.members.len()).collect());
            return Extent::Some(self.asked(&places, ask));
        };
        // All others are alike.
        let mut behind = apart.iter().map(|(place, _)| *place).peekable();
        let other = (0..self.members.len()).find(|place| behind.next_if_eq(place).is_none());
        let sure = other
            .filter(|place| is_likely(*place))
            .and_then(|place| self.members.get(place).and_then(|(arn, member)| ask(arn, *member)));
        let meant: Vec<usize> = apart.iter().map(|(place, _)| *place).collect();
        apart.retain(|(place, _)| is_likely(*place));
        let found = self.asked_alike(&apart, ask);
        let alone = |found: Vec<(usize, T, Certainty)>| {
            Extent::Some(found.into_iter().map(|(_, member, sure)| (member, sure)).collect())
        };
        match (other, sure) {
            (None, _) | (_, None) => alone(found),
            (_, Some(sure))
                if self.members.len() > 1
                    && found.len() == meant.len()
                    && found.iter().all(|(_, _, own)| *own == sure) =>
            {
                Extent::All(sure)
            }
            (_, Some(sure)) => {
                let mut found = found.into_iter().peekable();
                let mut apart = meant.iter().copied().peekable();
                let each = self.members.iter().enumerate().filter_map(|(place, (_, member))| {
                    let own = found.next_if(|(own, ..)| *own == place).map(|(_, _, own)| own);
                    let is_apart = apart.next_if_eq(&place).is_some();
                    Some((*member, if is_apart { own? } else { sure }))
                });
                Extent::Some(each.collect())
            }
        }
    }

    /// Those of some places on which something holds.
    fn asked(
        &self,
        places: &[usize],
        ask: &mut dyn FnMut(&str, T) -> Option<Certainty>,
    ) -> Vec<(T, Certainty)> {
        let members = places.iter().filter_map(|place| self.members.get(*place));
        members.filter_map(|(arn, member)| Some((*member, ask(arn, *member)?))).collect()
    }

    /// The places of members that some statement speaks of and not of all others, each once and in order, with a number that
    /// those have in common which the same patterns mean; `None` where each member may be another to what is said, or has a
    /// policy of its own.
    fn apart(&self, said: &Said<'_>, matches: &mut Matches) -> Option<Vec<(usize, usize)>> {
        if self.own == Own::Different {
            return None;
        }
        let statements = || said.granting.iter().chain(said.limits.iter().flatten());
        let ask_for_region = || statements().flat_map(|one| one.keys()).any(|key| key == REQUESTED_REGION);
        let mut places = if self.is_spread() && ask_for_region() { self.elsewhere() } else { Vec::new() };
        let mut number = places.iter().map(|(_, region)| region + 1).max().unwrap_or(0);
        for statement in statements() {
            if statement.conditions.iter().any(|condition| tells_of_resource(&condition.key)) {
                return None;
            }
            for pattern in statement.resources.iter().flat_map(|selection| selection.named()) {
                if pattern.has_variables() {
                    return None;
                }
                if !covers(pattern, &self.prefix) && !is_apart(pattern, &self.prefix) {
                    self.each_matched(pattern, matches, |place| places.push((place, number)));
                    number += 1;
                }
            }
        }
        places.sort_unstable();
        let (mut groups, mut meant) = (BTreeMap::<Vec<usize>, usize>::new(), Vec::new());
        let mut apart = Vec::new();
        for of_one in places.chunk_by(|(one, _), (other, _)| one == other) {
            meant.clear();
            meant.extend(of_one.iter().map(|(_, pattern)| *pattern));
            let group = groups.get(&*meant).copied().unwrap_or(groups.len());
            if group == groups.len() {
                groups.insert(meant.clone(), group);
            }
            apart.extend(of_one.first().map(|(place, _)| (*place, group)));
        }
        Some(apart)
    }

    /// Whether members may lie in different regions.
    fn is_spread(&self) -> bool {
        self.members.len() > 1 && self.prefix.matches(':').nth(3).is_none()
    }

    /// The places of members whose ARNs name another region than that of the first, with a number for each region.
    fn elsewhere(&self) -> Vec<(usize, usize)> {
        let mut regions: Vec<Option<&str>> = Vec::new();
        let mut elsewhere = Vec::new();
        for (place, (arn, _)) in self.members.iter().enumerate() {
            let own = region::named(arn);
            let number = regions.iter().position(|known| *known == own).unwrap_or(regions.len());
            if number == regions.len() {
                regions.push(own);
            }
            if number > 0 {
                elsewhere.push((place, number));
            }
        }
        elsewhere
    }

    /// Those places that are apart on which something holds. Those that the same patterns mean are alike.
    fn asked_alike(
        &self,
        apart: &[(usize, usize)],
        ask: &mut dyn FnMut(&str, T) -> Option<Certainty>,
    ) -> Vec<(usize, T, Certainty)> {
        let mut known: BTreeMap<usize, Option<Certainty>> = BTreeMap::new();
        let found = apart.iter().filter_map(|(place, group)| {
            let (arn, member) = self.members.get(*place)?;
            let sure = *known.entry(*group).or_insert_with(|| ask(arn, *member));
            Some((*place, *member, sure?))
        });
        found.collect()
    }

    /// The places of members that a pattern without variables matches, in order.
    fn each_matched(&self, pattern: &Pattern, matches: &mut Matches, mut take: impl FnMut(usize)) {
        let matched = self.beginning_as(pattern).filter(|(_, arn)| pattern.matches(arn));
        let matched = matched.map(|(place, _)| place);
        // Where all begin as the pattern does, each is compared with it: that is done once.
        if self.members.len() <= FEW || !self.prefix.starts_with(pattern.prefix()) {
            return matched.for_each(take);
        }
        let find = || matched.filter_map(|place| u32::try_from(place).ok()).collect();
        matches.of(pattern, find).iter().for_each(|place| take(*place as usize));
    }

    /// The members whose ARNs begin as a pattern does.
    fn beginning_as<'a>(&'a self, pattern: &'a Pattern) -> impl Iterator<Item = (usize, &'a str)> {
        let prefix = pattern.prefix();
        let from = self.members.partition_point(|(arn, _)| **arn < *prefix);
        let alike = (from..).zip(self.members.iter_from(from)).map(|(place, (arn, _))| (place, &**arn));
        alike.take_while(move |(_, arn)| arn.starts_with(prefix))
    }

    /// Places of members that what grants and each of the limits could mean; `None` for all.
    fn likely_by_all(&self, said: &Said<'_>, matches: &mut Matches) -> Option<Vec<usize>> {
        let layers = std::iter::once(&said.granting).chain(&said.limits);
        layers.filter_map(|layer| self.likely(layer, matches)).reduce(|mut one, other| {
            one.retain(|place| other.binary_search(place).is_ok());
            one
        })
    }

    /// Places of members that a statement which allows could mean, each once and in order; `None` for all.
    fn likely(&self, layer: &[&Statement], matches: &mut Matches) -> Option<Vec<usize>> {
        let mut places = Vec::new();
        for statement in layer.iter().filter(|statement| statement.effect == Effect::Allow) {
            let Some(Selection::Only(patterns)) = &statement.resources else { return None };
            for pattern in patterns {
                if covers(pattern, &self.prefix) {
                    return None;
                }
                if pattern.has_variables() {
                    places.extend(self.beginning_as(pattern).map(|(place, _)| place));
                } else {
                    self.each_matched(pattern, matches, |place| places.push(place));
                }
            }
        }
        places.sort_unstable();
        places.dedup();
        Some(places)
    }
}

impl<T: Copy + Ord + Numbered> Known<T> {
    fn of(members: impl Iterator<Item = T> + Clone) -> Self {
        if members.clone().nth(FEW).is_some() {
            return Self::Many(members.map(Numbered::number).collect());
        }
        let mut few: Vec<T> = members.collect();
        few.sort_unstable();
        Self::Few(few)
    }
}

/// What ARNs between the first and the last have in common: in order, what these two have, all have.
fn shared<T>(first: Option<&(Arc<str>, T)>, last: Option<&(Arc<str>, T)>) -> String {
    let [first, last] = [first, last].map(|end| end.map_or("", |(arn, _)| arn));
    let differs = first.char_indices().zip(last.chars()).find(|((_, one), other)| one != other);
    let shared = differs.map_or_else(|| first.len().min(last.len()), |((at, _), _)| at);
    first.get(..shared).unwrap_or_default().to_owned()
}

/// Whether a pattern matches everything that begins with a text.
fn covers(pattern: &Pattern, prefix: &str) -> bool {
    pattern.text().ends_with('*') && pattern.matches(prefix)
}

/// Whether nothing that begins with a text is matched.
fn is_apart(pattern: &Pattern, prefix: &str) -> bool {
    let own = pattern.prefix();
    !(own.starts_with(prefix) || prefix.starts_with(own))
        || (pattern.is_literal() && !own.starts_with(prefix))
}

impl<T> Extent<T> {
    /// Whether it is on none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        matches!(self, Self::Some(members) if members.is_empty())
    }
}

/// What the policies of a principal say of one permission.
#[derive(Clone, Debug, Default)]
pub struct Said<'a> {
    /// In those that give it rights; also what they deny.
    pub granting: Vec<&'a Statement>,
    /// In those that limit it, each of which must allow: the boundary, and each level of control policies.
    pub limits: Vec<Vec<&'a Statement>>,
}

impl<'a> Said<'a> {
    /// Whether conditions ask what a target is tagged with, or what limits it.
    #[must_use]
    pub fn asks_of_targets(&self) -> bool {
        let statements = self.granting.iter().chain(self.limits.iter().flatten());
        statements.flat_map(|one| &one.conditions).any(|condition| tells_of_resource(&condition.key))
    }

    /// Of a permission, given in lower case.
    #[must_use]
    pub fn new<L: Iterator<Item = &'a Document>>(
        granting: impl Iterator<Item = &'a Document>,
        limits: impl Iterator<Item = L>,
        permission: &str,
    ) -> Self {
        let speaks = |statement: &&Statement| statement.names(permission);
        Self {
            granting: granting.flat_map(|document| &document.statements).filter(speaks).collect(),
            limits: limits
                .map(|layer| layer.flat_map(|document| &document.statements).filter(speaks).collect())
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{covers, is_apart};
    use crate::pattern::Pattern;

    proptest! {
        #[test]
        fn what_is_covered_is_matched_and_what_is_apart_is_not(
            pattern in "[ab*?]{0,6}",
            prefix in "[ab]{0,4}",
            rest in "[ab]{0,4}",
        ) {
            let pattern = Pattern::new(&pattern);
            let matched = pattern.matches(&format!("{prefix}{rest}"));
            prop_assert!(!covers(&pattern, &prefix) || matched);
            prop_assert!(!is_apart(&pattern, &prefix) || !matched);
        }
    }
}
