//! All groups of data, and who has to do with which.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::analysis::data::guards::Group;
use crate::analysis::data::kinds::KINDS;
use crate::analysis::part::Parts;
use crate::analysis::trust::{names_of, role_named};
use crate::document::Document;
use crate::estate::{AccountId, Estate, Policy, PrincipalId, PrincipalKind, Touched};
use crate::interest::Interest;
use crate::region::REQUESTED_REGION;

/// The account and the kind of a group.
pub(in crate::analysis) type Key = (AccountId, usize);

/// All groups. A later one shares what is the same.
#[derive(Clone, Debug, Default)]
pub(in crate::analysis) struct Guards {
    groups: Arc<BTreeMap<Key, Arc<Group>>>,
    /// How many policies ask for a tag of resources, in lower case, or for the region, by its key.
    tags: Arc<BTreeMap<Box<str>, u32>>,
    index: Arc<Index>,
}

/// Who has to do with which groups beside those of its account.
#[derive(Debug, Default)]
struct Index {
    /// By account and kind: other accounts, with a group that lets it in.
    admitted: BTreeMap<Key, BTreeSet<AccountId>>,
    direct: BTreeMap<PrincipalId, BTreeSet<Key>>,
    outside: BTreeMap<Arc<str>, BTreeSet<Key>>,
}

/// Who may reach other data than before, kind by kind.
#[derive(Debug, Default)]
pub(in crate::analysis) struct Reaching {
    /// All who hold permissions on it, of these accounts.
    pub(in crate::analysis) accounts: BTreeSet<Key>,
    /// All of all accounts.
    pub(in crate::analysis) everybody: BTreeSet<usize>,
    /// These, by kind.
    pub(in crate::analysis) direct: BTreeSet<(PrincipalId, usize)>,
    /// From outside.
    pub(in crate::analysis) outside: BTreeSet<Arc<str>>,
    /// Groups that are others than they were.
    pub(in crate::analysis) groups: BTreeSet<Key>,
}

impl Guards {
    /// Of an estate.
    pub(super) fn new(estate: &Estate, interest: &Interest) -> Self {
        let mut guards = Self::default();
        let mut tags = BTreeMap::new();
        for (_, policy) in estate.policies() {
            tags_of(Some(policy)).for_each(|tag| *tags.entry(tag.into()).or_default() += 1);
        }
        guards.tags = Arc::new(tags);
        let roles = estate.principals().filter(|(_, one)| one.kind == PrincipalKind::Role);
        let names = roles.map(|(id, one)| ((&*one.identity.account, &*one.identity.name), id));
        let names: BTreeMap<(&str, &str), PrincipalId> = names.collect();
        let mut groups = BTreeMap::new();
        for (account, _) in estate.accounts() {
            for kind in 0..KINDS.len() {
                let by_name = |account: &str, name: &str| names.get(&(account, name)).copied();
                let asked = |tag: &str| guards.tags.contains_key(tag);
                let group = Group::new((estate, interest), (account, kind), &asked, &by_name);
                if !group.is_empty() {
                    groups.insert((account, kind), Arc::new(group));
                }
            }
        }
        guards.groups = Arc::new(groups);
        guards.relate(estate);
        guards
    }

    /// Notes who has to do with which groups.
    fn relate(&mut self, estate: &Estate) {
        let mut index = Index::default();
        for ((own, kind), group) in &*self.groups {
            let all = || estate.accounts().map(|(id, _)| id).collect();
            for account in group.accounts().unwrap_or_else(all).into_iter().filter(|account| account != own) {
                index.admitted.entry((account, *kind)).or_default().insert(*own);
            }
            for principal in group.direct() {
                index.direct.entry(principal).or_default().insert((*own, *kind));
            }
            for (name, _) in group.outside() {
                index.outside.entry(Arc::clone(name)).or_default().insert((*own, *kind));
            }
        }
        self.index = Arc::new(index);
    }

    /// A group.
    pub(super) fn group(&self, key: Key) -> Option<&Arc<Group>> {
        self.groups.get(&key)
    }

    /// The groups of a kind that a principal has to do with.
    pub(super) fn of(&self, principal: PrincipalId, (account, kind): Key) -> Vec<&Arc<Group>> {
        let mut keys: BTreeSet<Key> = std::iter::once((account, kind)).collect();
        let admitted = self.index.admitted.get(&(account, kind)).into_iter().flatten();
        keys.extend(admitted.map(|other| (*other, kind)));
        let direct = self.index.direct.get(&principal).into_iter().flatten();
        keys.extend(direct.filter(|(_, own)| *own == kind));
        keys.into_iter().filter_map(|key| self.group(key)).collect()
    }

    /// The principals that policies of resources name themselves, with the kinds of these.
    pub(in crate::analysis) fn named(&self) -> impl Iterator<Item = (PrincipalId, Parts)> {
        let part = |(_, kind): &Key| Parts::data(u32::try_from(*kind).unwrap_or(u32::MAX));
        let kinds = move |keys: &BTreeSet<Key>| keys.iter().map(part).fold(Parts::NONE, Parts::or);
        self.index.direct.iter().map(move |(id, keys)| (*id, kinds(keys)))
    }

    /// Whether there is a group of a kind that somebody of an account may come to without a permission of its own.
    pub(super) fn is_open(&self, (account, kind): Key) -> bool {
        let admitted = self.index.admitted.get(&(account, kind)).into_iter().flatten();
        let mut keys = std::iter::once(account).chain(admitted.copied()).map(|own| (own, kind));
        keys.any(|key| self.group(key).is_some_and(|group| group.accounts().is_none()))
    }

    /// What lets in somebody from outside.
    pub(super) fn letting_in(&self, name: &str) -> BTreeSet<u32> {
        let groups = self.index.outside.get(name).into_iter().flatten().filter_map(|key| self.group(*key));
        let places = groups.flat_map(|group| group.outside().filter(|(own, _)| &***own == name));
        places.flat_map(|(_, places)| places).copied().collect()
    }

    /// All who are let in from outside.
    pub(super) fn outside(&self) -> impl Iterator<Item = &Arc<str>> {
        self.index.outside.keys()
    }

    /// Takes in that some groups may be others, and what else of an estate is not as it was.
    pub(in crate::analysis) fn change(
        &mut self,
        (old, new): (&Estate, &Estate),
        interest: &Interest,
        touched: &Touched,
        mut keys: BTreeSet<Key>,
    ) -> Reaching {
        let is_known = |tags: &BTreeMap<Box<str>, u32>| tags.keys().cloned().collect::<BTreeSet<_>>();
        let before = is_known(&self.tags);
        for id in &touched.policies {
            let [was, is] = [old, new].map(|estate| tags_of(estate.policy(*id)).map(Box::from).collect());
            self.count_tags(was, is);
        }
        let turned: BTreeSet<Box<str>> =
            is_known(&self.tags).symmetric_difference(&before).cloned().collect();
        let is_told_apart =
            |group: &Group| turned.iter().any(|own| **own != *REQUESTED_REGION || group.is_spread());
        keys.extend(self.groups.iter().filter(|(_, group)| is_told_apart(group)).map(|(key, _)| *key));
        for id in &touched.principals {
            let [was, is] = [old, new].map(|estate| estate.principal(*id).map(names_of));
            if was != is {
                let named = |group: &Group| was.iter().chain(&is).any(|names| group.names(names));
                keys.extend(self.groups.iter().filter(|(_, group)| named(group)).map(|(key, _)| *key));
            }
        }
        let mut reaching = Reaching::default();
        if keys.is_empty() {
            return reaching;
        }
        for key in keys {
            reaching.meet(key, self.group(key));
            let by_name = |account: &str, name: &str| role_named(new, account, name);
            let asked = |tag: &str| self.tags.contains_key(tag);
            let group = Group::new((new, interest), key, &asked, &by_name);
            let groups = Arc::make_mut(&mut self.groups);
            let group = if group.is_empty() {
                groups.remove(&key);
                None
            } else {
                groups.insert(key, Arc::new(group));
                groups.get(&key)
            };
            reaching.meet(key, group);
        }
        self.relate(new);
        reaching
    }

    fn count_tags(&mut self, was: Vec<Box<str>>, is: Vec<Box<str>>) {
        if was == is {
            return;
        }
        let tags = Arc::make_mut(&mut self.tags);
        is.into_iter().for_each(|tag| *tags.entry(tag).or_default() += 1);
        for tag in was {
            if let Some(count) = tags.get_mut(&tag) {
                *count -= 1;
                if *count == 0 {
                    tags.remove(&tag);
                }
            }
        }
    }
}

impl Reaching {
    /// Takes in who has to do with a group, as it was or is.
    fn meet(&mut self, (own, kind): Key, group: Option<&Arc<Group>>) {
        self.groups.insert((own, kind));
        self.accounts.insert((own, kind));
        let Some(group) = group else { return };
        match group.accounts() {
            Some(accounts) => self.accounts.extend(accounts.into_iter().map(|account| (account, kind))),
            None => drop(self.everybody.insert(kind)),
        }
        self.direct.extend(group.direct().map(|principal| (principal, kind)));
        self.outside.extend(group.outside().map(|(name, _)| Arc::clone(name)));
    }
}

/// The tags of resources that a policy asks for, and the key of the region if it asks for that.
fn tags_of(policy: Option<&Policy>) -> impl Iterator<Item = &str> {
    let document = policy.and_then(|policy| policy.document.document());
    let keys = document.into_iter().flat_map(Document::keys);
    keys.filter_map(|key| match key.split_once("resourcetag/") {
        Some((_, name)) => Some(name),
        None => (key == REQUESTED_REGION).then_some(key),
    })
}
