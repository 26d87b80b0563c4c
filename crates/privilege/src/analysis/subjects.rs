//! For whom issuers vouch, as trust policies let them in: who is also who.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::federation::Subject;
use crate::shared::Map;

/// All for whom somebody vouches, by issuer.
#[derive(Clone, Debug, Default)]
pub(super) struct Subjects(Map<Box<str>, Arc<Group>>);

/// Those of one issuer, by name, each with how many classes of roles let it in.
type Group = BTreeMap<Box<str>, (Arc<Subject>, u32)>;

impl Subjects {
    /// One class more lets it in; whether it is the first.
    pub(super) fn add(&mut self, subject: &Arc<Subject>) -> bool {
        let mut group = self.0.remove(&subject.issuer).unwrap_or_default();
        let of = Arc::make_mut(&mut group);
        let (_, count) = of.entry(subject.name.clone()).or_insert_with(|| (Arc::clone(subject), 0));
        *count += 1;
        let is_first = *count == 1;
        self.0.insert(subject.issuer.clone(), group);
        is_first
    }

    /// One class fewer lets it in; whether it was the last.
    pub(super) fn remove(&mut self, subject: &Arc<Subject>) -> bool {
        let Some(mut group) = self.0.remove(&subject.issuer) else { return false };
        let of = Arc::make_mut(&mut group);
        let left = of.get_mut(&subject.name).map_or(0, |(_, count)| {
            *count = count.saturating_sub(1);
            *count
        });
        if left == 0 {
            of.remove(&subject.name);
        }
        if !of.is_empty() {
            self.0.insert(subject.issuer.clone(), group);
        }
        left == 0
    }

    /// Those who are others at the same time: whoever is the one of a name is each of these, too.
    pub(super) fn covering(&self, subject: &Subject) -> Vec<Arc<Subject>> {
        self.others(subject).filter(|other| other.covers(subject)).map(Arc::clone).collect()
    }

    /// Those who are somebody at the same time.
    pub(super) fn covered(&self, subject: &Subject) -> Vec<Arc<Subject>> {
        self.others(subject).filter(|other| subject.covers(other)).map(Arc::clone).collect()
    }

    fn others<'a>(&'a self, subject: &'a Subject) -> impl Iterator<Item = &'a Arc<Subject>> {
        let group = self.0.get(&subject.issuer).into_iter().flat_map(|group| group.values());
        group.map(|(other, _)| other).filter(|other| other.name != subject.name)
    }

    /// The one of a name; names of one issuer begin alike.
    pub(super) fn find(&self, name: &str) -> Option<&Arc<Subject>> {
        let issuers = name.match_indices(':').filter_map(|(at, _)| name.get(..at));
        issuers.filter_map(|issuer| self.0.get(issuer)?.get(name)).map(|(subject, _)| subject).next()
    }
}
