//! What guards data: policies of resources, by whom they could let in or keep out. Resources of one kind and account are
//! a group; those of a group whose policies say the same of everybody, each of itself, are one class. Whom a policy
//! names by an ARN is noted beside.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use doorward_model::hash::Hash16;
use doorward_model::inventory::resource::{Resource, attribute};

use crate::analysis::data::kinds::{DataKind, KINDS, bare};
use crate::analysis::data::things::Things;
use crate::analysis::trust::{ByName, Whom, found, is_personal, mentioned};
use crate::document::{Document, Effect, Principal as Named, Selection, Statement};
use crate::estate::{AccountId, Estate, PrincipalId};
use crate::interest::{Interest, Mask};
use crate::pattern::Pattern;
use crate::region::{self, REQUESTED_REGION};

/// Resources of one kind and account that policies treat alike.
#[derive(Debug)]
pub(in crate::analysis) struct Class {
    /// The account that they are in.
    pub(in crate::analysis) account: AccountId,
    /// Their kind, by its place.
    pub(in crate::analysis) kind: usize,
    /// What their policies have in common.
    pub(in crate::analysis) shape: Hash16,
    /// They.
    pub(super) things: Things,
    /// What their policies could let everybody do who has no permission of its own.
    pub(super) admits: Mask,
    /// Whether they may mean something else of one principal than of others that they do not name.
    pub(super) is_personal: bool,
    whom: Common,
}

/// Whom policies let in without naming them.
#[derive(Clone, Debug, Default)]
struct Common {
    /// Whole accounts.
    accounts: BTreeSet<AccountId>,
    /// Everybody.
    everybody: bool,
}

/// The resources of one kind in an account.
#[derive(Debug, Default)]
pub(in crate::analysis) struct Group {
    classes: BTreeMap<Hash16, Arc<Class>>,
    /// Whether they lie in more than one region.
    is_spread: bool,
    /// By principal that is named itself: the members of classes whose policies do.
    direct: BTreeMap<PrincipalId, BTreeMap<Hash16, Vec<usize>>>,
    /// Whom resources let in from outside, by name.
    outside: BTreeMap<Arc<str>, BTreeSet<u32>>,
    /// Whom policies name, found or not.
    names: BTreeSet<Arc<str>>,
}

/// A class, the members whose policies name somebody, and whether the others have to do with it, too.
pub(super) type Concerned<'a> = (&'a Arc<Class>, &'a [usize], bool);

impl Class {
    /// Whether it has to do with whoever is of an account.
    fn is_for(&self, account: AccountId) -> bool {
        self.account == account || self.whom.everybody || self.whom.accounts.contains(&account)
    }
}

impl Group {
    /// Of an account and kind; the tags are those that policies ask for, or the key of the region if they do.
    pub(super) fn new(
        (estate, interest): (&Estate, &Interest),
        (account, kind): (AccountId, usize),
        tags: &dyn Fn(&str) -> bool,
        by_name: ByName<'_>,
    ) -> Self {
        let mut group = Self::default();
        let Some(data) = KINDS.get(kind) else { return group };
        let mut classes: BTreeMap<Hash16, (Guard, Vec<Member<'_>>)> = BTreeMap::new();
        let things: Vec<(u32, &Resource)> =
            data.words.iter().flat_map(|word| estate.things(account, word)).collect();
        let regions: BTreeSet<_> = things.iter().map(|(_, one)| region::named(&one.id)).collect();
        group.is_spread = regions.len() > 1;
        let by_region = group.is_spread && tags(REQUESTED_REGION);
        for (place, resource) in things {
            let mut guard = Guard::of((estate, interest), (resource, account), by_name);
            for name in std::mem::take(&mut guard.outside) {
                group.outside.entry(name).or_default().insert(place);
            }
            group.names.append(&mut guard.names);
            guard.describe(resource, tags);
            if let Some(region) = region::named(&resource.id).filter(|_| by_region) {
                guard.shape.push_str(&format!(" in {region}"));
            }
            let direct = std::mem::take(&mut guard.direct);
            let shape = Hash16::of(guard.shape.as_bytes());
            let class = classes.entry(shape).or_insert_with(|| (guard, Vec::new()));
            class.1.push(Member { place, resource, direct });
        }
        for (shape, (Guard { admits, is_personal, whom, .. }, members)) in classes {
            let things = group.named(data, shape, members);
            let class = Class { account, kind, shape, things, admits, is_personal, whom };
            group.classes.insert(shape, Arc::new(class));
        }
        group
    }

    /// The members of a class; whom they name is noted.
    fn named(&mut self, data: &'static DataKind, shape: Hash16, members: Vec<Member<'_>>) -> Things {
        let named = members.iter().map(|one| (bare(&one.resource.id).into(), one.place)).collect();
        let things = Things::new(data, named);
        for member in members {
            let Some(place) = things.place(bare(&member.resource.id)) else { continue };
            for principal in member.direct {
                self.direct.entry(principal).or_default().entry(shape).or_default().push(place);
            }
        }
        things
    }

    /// Whether nothing is in it.
    pub(super) fn is_empty(&self) -> bool {
        self.classes.is_empty()
    }

    /// Whether what lies in it lies in more than one region.
    pub(super) const fn is_spread(&self) -> bool {
        self.is_spread
    }

    /// A class.
    pub(super) fn class(&self, shape: Hash16) -> Option<&Arc<Class>> {
        self.classes.get(&shape)
    }

    /// What a principal has to do with.
    pub(super) fn concerning(
        &self,
        principal: PrincipalId,
        account: AccountId,
    ) -> impl Iterator<Item = Concerned<'_>> {
        let direct = self.direct.get(&principal);
        self.classes.iter().filter_map(move |(shape, class)| {
            let apart = direct.and_then(|direct| direct.get(shape)).map_or(&[][..], Vec::as_slice);
            let whole = class.is_for(account);
            (whole || !apart.is_empty()).then_some((class, apart, whole))
        })
    }

    /// The accounts that have to do with it, beside its own; `None` for all.
    pub(super) fn accounts(&self) -> Option<BTreeSet<AccountId>> {
        let mut accounts = BTreeSet::new();
        for class in self.classes.values() {
            if class.whom.everybody {
                return None;
            }
            accounts.extend(&class.whom.accounts);
        }
        Some(accounts)
    }

    /// The principals that policies name themselves.
    pub(super) fn direct(&self) -> impl Iterator<Item = PrincipalId> {
        self.direct.keys().copied()
    }

    /// Whom its resources let in from outside, with these.
    pub(super) fn outside(&self) -> impl Iterator<Item = (&Arc<str>, &BTreeSet<u32>)> {
        self.outside.iter()
    }

    /// Whether a policy names somebody by one of these names.
    pub(super) fn names(&self, names: &[Arc<str>]) -> bool {
        names.iter().any(|name| self.names.contains(name))
    }
}

struct Member<'a> {
    place: u32,
    resource: &'a Resource,
    direct: BTreeSet<PrincipalId>,
}

/// What the policy of one resource says.
#[derive(Default)]
struct Guard {
    /// All that could matter to somebody who is not named itself, without the resource's own name.
    shape: String,
    admits: Mask,
    is_personal: bool,
    whom: Common,
    direct: BTreeSet<PrincipalId>,
    outside: BTreeSet<Arc<str>>,
    names: BTreeSet<Arc<str>>,
}

impl Guard {
    fn of(
        (estate, interest): (&Estate, &Interest),
        (resource, account): (&Resource, AccountId),
        by_name: ByName<'_>,
    ) -> Self {
        let mut guard = Self::default();
        let policy = estate.guard(&resource.id).and_then(|id| estate.policy(id));
        let Some(policy) = policy else { return guard };
        let Some(document) = policy.document.document() else {
            guard.shape.push_str("unread");
            return guard;
        };
        for statement in &document.statements {
            if guard.meet((estate, account), statement, by_name) {
                guard.is_personal |= is_personal(statement);
                guard.shape.push_str(&shape(statement).replace(&resource.id, "{}"));
                let to_everybody = match &statement.principals {
                    Some(Selection::Only(named)) => named.contains(&Named::Everybody),
                    Some(Selection::AllBut(_)) => true,
                    None => false,
                };
                if to_everybody {
                    let alone = Document { version: document.version, statements: vec![statement.clone()] };
                    guard.admits.join(&interest.allowed(&alone));
                }
            }
        }
        guard
    }

    /// Takes in whom a statement names; whether it could matter to somebody of the estate whom it does not name itself.
    fn meet(
        &mut self,
        (estate, own): (&Estate, AccountId),
        statement: &Statement,
        by_name: ByName<'_>,
    ) -> bool {
        let allows = statement.effect == Effect::Allow;
        let named = match &statement.principals {
            None => return false,
            Some(Selection::AllBut(_)) => std::slice::from_ref(&Named::Everybody),
            Some(Selection::Only(named)) => named,
        };
        let mut is_common = false;
        for one in named {
            self.names.extend(mentioned(one));
            for whom in found(one, estate, by_name) {
                is_common |= matches!(whom, Whom::Account(_) | Whom::Everybody);
                self.note(whom, own, allows);
            }
        }
        is_common
    }

    /// Takes in somebody whom a statement names.
    fn note(&mut self, whom: Whom, own: AccountId, allows: bool) {
        match whom {
            Whom::Principal(id) => drop(self.direct.insert(id)),
            Whom::Account(id) if allows && id != own => drop(self.whom.accounts.insert(id)),
            Whom::Everybody => self.whom.everybody |= allows,
            Whom::Outside(name) if allows => drop(self.outside.insert(name)),
            Whom::Account(_) | Whom::Outside(_) | Whom::Provider(_) => {}
        }
    }

    /// Takes in what else policies could tell the resource apart by.
    fn describe(&mut self, resource: &Resource, tags: &dyn Fn(&str) -> bool) {
        if resource.attributes.get(attribute::RESTRICT_PUBLIC_BUCKETS).is_some_and(|flag| flag == "true") {
            self.shape.push_str(" restricted");
        }
        for (name, value) in &resource.tags {
            let name = name.to_ascii_lowercase();
            if tags(&name) {
                self.shape.push_str(&format!(" {name}={value:?}"));
            }
        }
    }
}

/// A statement without its name, in a form in which equal statements are equal.
fn shape(statement: &Statement) -> String {
    let Statement { sid: _, effect, principals, permissions, resources, conditions } = statement;
    let texts = |selection: &Selection<Pattern>| {
        let all = matches!(selection, Selection::AllBut(_));
        let named: Vec<&str> = selection.named().iter().map(Pattern::text).collect();
        format!("{all} {named:?}")
    };
    let resources = resources.as_ref().map(texts);
    format!("{effect:?} {principals:?} {} {resources:?} {conditions:?};", texts(permissions))
}
