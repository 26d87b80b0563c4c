//! On which targets a principal has a permission, without asking about each: where all that its policies say of the
//! permission holds for a whole pool alike, one question answers for the pool.

use std::sync::Arc;

use crate::document::{Document, Effect, Selection, Statement};
use crate::pattern::Pattern;

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
    members: Vec<(Arc<str>, T)>,
    /// The members alone, in their own order, where that is another.
    order: Vec<T>,
    own: Own,
}

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

impl<T: Copy + Ord> Pool<T> {
    /// Of these members.
    #[must_use]
    pub fn new(mut members: Vec<(Arc<str>, T)>) -> Self {
        members.sort_by(|one, other| one.0.cmp(&other.0));
        let first = members.first().map_or("", |(arn, _)| arn);
        let last = members.last().map_or("", |(arn, _)| arn);
        // In order, what the first and last have in common all have.
        let differs = first.char_indices().zip(last.chars()).find(|((_, one), other)| one != other);
        let shared = differs.map_or_else(|| first.len().min(last.len()), |((at, _), _)| at);
        let prefix = first.get(..shared).unwrap_or_default().to_owned();
        let mut order = Vec::new();
        if !members.is_sorted_by_key(|(_, member)| *member) {
            order.extend(members.iter().map(|(_, member)| *member));
            order.sort_unstable();
        }
        Self { prefix, members, order, own: Own::None }
    }

    /// The same where some members have come and others have gone.
    #[must_use]
    pub fn changed(&self, come: Vec<(Arc<str>, T)>, gone: &[T]) -> Self {
        let left = self.members.iter().filter(|(_, own)| !gone.contains(own)).cloned();
        Self::new(left.chain(come).collect()).with(self.own)
    }

    /// Whether it is a member.
    #[must_use]
    pub fn has(&self, member: T) -> bool {
        if self.order.is_empty() {
            self.members.binary_search_by(|(_, own)| own.cmp(&member)).is_ok()
        } else {
            self.order.binary_search(&member).is_ok()
        }
    }

    /// The same, where members have policies of their own.
    #[must_use]
    pub fn with(self, own: Own) -> Self {
        Self { own, ..self }
    }

    /// The members, in the order of their ARNs.
    #[must_use]
    pub fn members(&self) -> &[(Arc<str>, T)] {
        &self.members
    }

    /// Where a principal has a permission of which its policies say this; `ask` is told a member.
    pub fn extent(&self, said: &Said<'_>, ask: &mut dyn FnMut(&str, T) -> Option<Certainty>) -> Extent<T> {
        let likely = if self.own == Own::None { self.likely_by_all(said) } else { None };
        let is_likely =
            |place: usize| likely.as_ref().is_none_or(|likely| likely.binary_search(&place).is_ok());
        let Some(apart) = self.apart(said) else {
            // A policy of the target may let in whom no policy of its own does.
            let places = likely.unwrap_or_else(|| (0..self.members.len()).collect());
            return Extent::Some(self.asked(&places, ask));
        };
        // All others are alike.
        let other = (0..self.members.len()).find(|place| apart.binary_search(place).is_err());
        let sure = other
            .filter(|place| is_likely(*place))
            .and_then(|place| self.members.get(place).and_then(|(arn, member)| ask(arn, *member)));
        let apart_likely: Vec<usize> = apart.iter().copied().filter(|place| is_likely(*place)).collect();
        let found = self.asked(&apart_likely, ask);
        match (other, sure) {
            (None, _) | (_, None) => Extent::Some(found),
            (_, Some(sure))
                if self.members.len() > 1
                    && found.len() == apart.len()
                    && found.iter().all(|(_, own)| *own == sure) =>
            {
                Extent::All(sure)
            }
            (_, Some(sure)) => {
                let others = self.members.iter().enumerate();
                let others = others.filter(|(place, _)| apart.binary_search(place).is_err());
                let mut at: Vec<(usize, T, Certainty)> =
                    others.map(|(place, (_, member))| (place, *member, sure)).collect();
                let places = apart_likely.iter().copied();
                let own = places.filter_map(|place| {
                    let (_, member) = self.members.get(place)?;
                    let (_, sure) = found.iter().find(|(own, _)| own == member)?;
                    Some((place, *member, *sure))
                });
                at.extend(own);
                at.sort_unstable();
                Extent::Some(at.into_iter().map(|(_, member, sure)| (member, sure)).collect())
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

    /// The places of members that some statement speaks of and not of all others, each once and in order; `None` where
    /// each member may be another to what is said, or has a policy of its own.
    fn apart(&self, said: &Said<'_>) -> Option<Vec<usize>> {
        if self.own == Own::Different {
            return None;
        }
        let of_target = |key: &str| key.contains("resourcetag/") || key == "aws:resourcearn";
        let mut places = Vec::new();
        for statement in said.granting.iter().chain(said.limits.iter().flatten()) {
            if statement.conditions.iter().any(|condition| of_target(&condition.key)) {
                return None;
            }
            for pattern in statement.resources.iter().flat_map(|selection| selection.named()) {
                if pattern.has_variables() {
                    return None;
                }
                if !covers(pattern, &self.prefix) && !is_apart(pattern, &self.prefix) {
                    places.extend(self.matched(pattern));
                }
            }
        }
        places.sort_unstable();
        places.dedup();
        Some(places)
    }

    /// The places of members that a pattern without variables matches.
    fn matched<'a>(&'a self, pattern: &'a Pattern) -> impl Iterator<Item = usize> + 'a {
        self.beginning_as(pattern).filter(|(_, arn)| pattern.matches(arn)).map(|(place, _)| place)
    }

    /// The members whose ARNs begin as a pattern does.
    fn beginning_as<'a>(&'a self, pattern: &'a Pattern) -> impl Iterator<Item = (usize, &'a str)> {
        let prefix = pattern.prefix();
        let from = self.members.partition_point(|(arn, _)| **arn < *prefix);
        let alike = self.members.iter().enumerate().skip(from).map(|(place, (arn, _))| (place, &**arn));
        alike.take_while(move |(_, arn)| arn.starts_with(prefix))
    }

    /// Places of members that what grants and each of the limits could mean; `None` for all.
    fn likely_by_all(&self, said: &Said<'_>) -> Option<Vec<usize>> {
        let layers = std::iter::once(&said.granting).chain(&said.limits);
        layers.filter_map(|layer| self.likely(layer)).reduce(|mut one, other| {
            one.retain(|place| other.binary_search(place).is_ok());
            one
        })
    }

    /// Places of members that a statement which allows could mean, each once and in order; `None` for all.
    fn likely(&self, layer: &[&Statement]) -> Option<Vec<usize>> {
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
                    places.extend(self.matched(pattern));
                }
            }
        }
        places.sort_unstable();
        places.dedup();
        Some(places)
    }
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

/// What the policies of a principal say of one permission.
#[derive(Clone, Debug, Default)]
pub struct Said<'a> {
    /// In those that give it rights; also what they deny.
    pub granting: Vec<&'a Statement>,
    /// In those that limit it, each of which must allow: the boundary, and each level of control policies.
    pub limits: Vec<Vec<&'a Statement>>,
}

impl<'a> Said<'a> {
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
