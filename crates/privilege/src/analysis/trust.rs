//! Who is trusted by whom. Each trust policy is looked at once, however many roles of an account have it; an account, or
//! everybody, is never spelled out into its principals.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::analysis::draft::{PoolKey, PoolOf};
use crate::analysis::pools::Member;
use crate::document::{Document, Effect, Principal as Named, Selection, Statement};
use crate::estate::{AccountId, Estate, Principal, PrincipalId, PrincipalKind};
use crate::shared::Map;
use crate::targets::{Certainty, Own, Pool};

/// Who is trusted by whom.
#[derive(Clone, Debug, Default)]
pub(super) struct Trust {
    classes: Map<PoolKey, Arc<Class>>,
    /// The classes that let somebody in, and whether without conditions.
    admitting: Map<Whom, Arc<Classes>>,
    /// The classes whose policy names a principal: by its ARN, or by its account and name where it names a session.
    naming: Map<Arc<str>, BTreeSet<PoolKey>>,
}

/// Roles of one account with one trust policy.
#[derive(Debug)]
pub(super) struct Class {
    /// The roles.
    pub(super) pool: Arc<Pool<Member>>,
    /// Whom they let in.
    whom: BTreeMap<Whom, Certainty>,
    /// Whom their policy names, found or not.
    names: BTreeSet<Arc<str>>,
}

pub(super) type Classes = BTreeMap<PoolKey, (Arc<Class>, Certainty)>;

/// Roles with their ARNs.
type Roles = Vec<(Arc<str>, Member)>;

/// Who is let in.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) enum Whom {
    /// A principal that the policy names itself.
    Principal(PrincipalId),
    /// An account as a whole.
    Account(AccountId),
    /// Everybody.
    Everybody,
    /// Somebody that the inventory does not show as a principal; everybody is here, too.
    Outside(Arc<str>),
}

/// What another trust of some roles makes different.
#[derive(Debug, Default)]
pub(super) struct Affected {
    /// Who was or is let in by a class that is another now.
    pub(super) whom: BTreeSet<Whom>,
    /// Which roles came to a class, or went.
    pub(super) moves: Vec<(PoolKey, Member, bool)>,
}

/// Finds a role by the number of its account and its name.
pub(super) type ByName<'a> = &'a dyn Fn(&str, &str) -> Option<PrincipalId>;

impl Trust {
    /// Of all roles of an estate.
    pub(super) fn new(estate: &Estate) -> Self {
        let mut members: BTreeMap<PoolKey, (&Document, Roles)> = BTreeMap::new();
        for (id, principal) in estate.principals() {
            if let Some((key, document)) = class_of(estate, principal) {
                let roles = &mut members.entry(key).or_insert((document, Vec::new())).1;
                roles.push((principal.shared_arn(), Member::Principal(id)));
            }
        }
        let roles = estate.principals().filter(|(_, one)| one.kind == PrincipalKind::Role);
        let names = roles.map(|(id, one)| ((&*one.identity.account, &*one.identity.name), id));
        let names: BTreeMap<(&str, &str), PrincipalId> = names.collect();
        let mut trust = Self::default();
        for (key, (document, roles)) in members {
            let class =
                Class::new(roles, document, estate, &|account, name| names.get(&(account, name)).copied());
            trust.put(key, class);
        }
        trust
    }

    /// The classes that let somebody in.
    pub(super) fn admitting(&self, whom: &Whom) -> Option<&Arc<Classes>> {
        self.admitting.get(whom).filter(|classes| !classes.is_empty())
    }

    /// All who are let in from outside.
    pub(super) fn outside(&self) -> Vec<Arc<str>> {
        let name = |whom: &Whom| match whom {
            Whom::Outside(name) => Some(Arc::clone(name)),
            Whom::Principal(_) | Whom::Account(_) | Whom::Everybody => None,
        };
        let mut names: Vec<Arc<str>> = self.admitting.iter().filter_map(|(whom, _)| name(whom)).collect();
        names.sort_unstable();
        names
    }

    /// Whether some role lets in whom a provider vouches for.
    pub(super) fn is_trusted(&self, provider: &str) -> bool {
        self.admitting(&Whom::Outside(provider.into())).is_some()
    }

    /// The roles of a class.
    pub(super) fn pool(&self, key: &PoolKey) -> Option<Arc<Pool<Member>>> {
        self.classes.get(key).map(|class| Arc::clone(&class.pool))
    }

    /// Takes in that some principals are others than they were, or are trusted by others.
    pub(super) fn change(
        &mut self,
        (old, new): (&Estate, &Estate),
        principals: &BTreeSet<PrincipalId>,
    ) -> Affected {
        let mut affected = Affected::default();
        for id in principals {
            let before = old.principal(*id).and_then(|one| class_of(old, one));
            let after = new.principal(*id).and_then(|one| class_of(new, one));
            let (from, to) = (before.as_ref().map(|(key, _)| key), after.as_ref().map(|(key, _)| key));
            if from == to {
                affected.whom.extend(from.into_iter().flat_map(|key| self.whom(key)));
                continue;
            }
            let member = Member::Principal(*id);
            if let Some(key) = from {
                self.leave(key, member, &mut affected);
            }
            if let (Some((key, document)), Some(role)) = (after, new.principal(*id)) {
                self.join(key, (role.shared_arn(), member), (document, new), &mut affected);
            }
        }
        for id in principals {
            let [was, is] = [old, new].map(|estate| estate.principal(*id));
            if was.map(names_of) == is.map(names_of) {
                continue;
            }
            for name in [was, is].into_iter().flatten().flat_map(names_of) {
                for key in self.naming.get(&*name).cloned().unwrap_or_default() {
                    self.read_again(&key, new, &mut affected);
                }
            }
        }
        affected
    }

    fn leave(&mut self, key: &PoolKey, member: Member, affected: &mut Affected) {
        let Some(class) = self.take(key, affected) else { return };
        affected.moves.push((key.clone(), member, false));
        let pool = class.pool.changed(Vec::new(), &[member]);
        if !pool.members().is_empty() {
            let (whom, names) = (class.whom.clone(), class.names.clone());
            self.put(key.clone(), Class { pool: Arc::new(pool), whom, names });
        }
    }

    fn join(
        &mut self,
        key: PoolKey,
        (arn, member): (Arc<str>, Member),
        (document, estate): (&Document, &Estate),
        affected: &mut Affected,
    ) {
        let class = match self.take(&key, affected) {
            Some(class) => {
                let (whom, names) = (class.whom.clone(), class.names.clone());
                Class { pool: Arc::new(class.pool.changed(vec![(arn, member)], &[])), whom, names }
            }
            None => Class::new(vec![(arn, member)], document, estate, &|account, name| {
                role_named(estate, account, name)
            }),
        };
        affected.whom.extend(class.whom.keys().cloned());
        affected.moves.push((key.clone(), member, true));
        self.put(key, class);
    }

    /// Finds those again whom the policy of a class names.
    fn read_again(&mut self, key: &PoolKey, estate: &Estate, affected: &mut Affected) {
        let Some(class) = self.take(key, affected) else { return };
        let member = class.pool.members().first().map(|(_, member)| *member);
        let Some(Member::Principal(id)) = member else { return };
        let Some((_, document)) = estate.principal(id).and_then(|one| class_of(estate, one)) else { return };
        let by_name = |account: &str, name: &str| role_named(estate, account, name);
        let class = Class::new(class.pool.members().to_vec(), document, estate, &by_name);
        affected.whom.extend(class.whom.keys().cloned());
        self.put(key.clone(), class);
    }

    fn whom(&self, key: &PoolKey) -> Vec<Whom> {
        self.classes.get(key).map(|class| class.whom.keys().cloned().collect()).unwrap_or_default()
    }

    fn put(&mut self, key: PoolKey, class: Class) {
        let class = Arc::new(class);
        for (whom, sure) in &class.whom {
            let mut classes = self.admitting.remove(whom).unwrap_or_default();
            Arc::make_mut(&mut classes).insert(key.clone(), (Arc::clone(&class), *sure));
            self.admitting.insert(whom.clone(), classes);
        }
        for name in &class.names {
            let mut keys = self.naming.remove(name).unwrap_or_default();
            keys.insert(key.clone());
            self.naming.insert(Arc::clone(name), keys);
        }
        self.classes.insert(key, class);
    }

    fn take(&mut self, key: &PoolKey, affected: &mut Affected) -> Option<Arc<Class>> {
        let class = self.classes.remove(key)?;
        for whom in class.whom.keys() {
            let mut classes = self.admitting.remove(whom).unwrap_or_default();
            Arc::make_mut(&mut classes).remove(key);
            if !classes.is_empty() {
                self.admitting.insert(whom.clone(), classes);
            }
            affected.whom.insert(whom.clone());
        }
        for name in &class.names {
            let mut keys = self.naming.remove(name).unwrap_or_default();
            keys.remove(key);
            if !keys.is_empty() {
                self.naming.insert(Arc::clone(name), keys);
            }
        }
        Some(class)
    }
}

/// The class of a role, with the policy that it shares.
fn class_of<'a>(estate: &'a Estate, role: &Principal) -> Option<(PoolKey, &'a Document)> {
    let policy = estate.policy(role.trust?)?;
    let (document, hash) = (policy.document.document()?, policy.hash()?);
    Some((PoolKey { account: role.account, of: PoolOf::Trust(hash) }, document))
}

/// By which names policies name a principal.
pub(super) fn names_of(principal: &Principal) -> [Arc<str>; 2] {
    [principal.shared_arn(), of_session(&principal.identity.account, &principal.identity.name)]
}

/// How a role is named whose sessions are.
fn of_session(account: &str, role: &str) -> Arc<str> {
    format!("{account} {role}").into()
}

/// The account and name of the role of a session, by the session's ARN.
fn session(arn: &str) -> Option<(&str, &str)> {
    let (before, session) = arn.split_once(":assumed-role/")?;
    Some((before.rsplit(':').next()?, session.split_once('/')?.0))
}

pub(super) fn role_named(estate: &Estate, account: &str, name: &str) -> Option<PrincipalId> {
    let roles = estate.of_kind(estate.find_account(account)?, PrincipalKind::Role);
    roles.filter(|(_, role)| role.identity.name == name).map(|(id, _)| id).last()
}

impl Class {
    fn new(roles: Roles, document: &Document, estate: &Estate, by_name: ByName<'_>) -> Self {
        let (mut whom, mut names) = (BTreeMap::new(), BTreeSet::new());
        let allows = |statement: &&Statement| statement.effect == Effect::Allow;
        for statement in document.statements.iter().filter(allows) {
            let sure = if statement.conditions.is_empty() { Certainty::Certain } else { Certainty::OnlyIf };
            let mut admit = |one: Whom| {
                let known = whom.entry(one).or_insert(sure);
                *known = sure.max(*known);
            };
            match &statement.principals {
                Some(Selection::Only(named)) => {
                    for one in named {
                        names.extend(mentioned(one));
                        found(one, estate, by_name).into_iter().for_each(&mut admit);
                    }
                }
                // All but some: whoever it is, the evaluation is asked.
                Some(Selection::AllBut(_)) => {
                    found(&Named::Everybody, estate, by_name).into_iter().for_each(&mut admit);
                }
                None => {}
            }
        }
        // Who is named as one of everybody needs no policy of its own.
        let own = if whom.contains_key(&Whom::Everybody) { Own::Same } else { Own::None };
        Self { pool: Arc::new(Pool::new(roles).with(own)), whom, names }
    }
}

/// The names of principals that may come and go.
pub(super) fn mentioned(named: &Named) -> Vec<Arc<str>> {
    let Named::Aws(arn) = named else { return Vec::new() };
    let role = session(arn).map(|(account, role)| of_session(account, role));
    std::iter::once(Arc::from(&**arn)).chain(role).collect()
}

/// Who is meant.
pub(super) fn found(named: &Named, estate: &Estate, by_name: ByName<'_>) -> Vec<Whom> {
    let outside = |name: &str| vec![Whom::Outside(name.into())];
    match named {
        Named::Everybody => vec![Whom::Everybody, Whom::Outside("*".into())],
        Named::Account(account) => match estate.find_account(account) {
            Some(id) => vec![Whom::Account(id)],
            None => outside(account),
        },
        Named::Aws(arn) => {
            let of_session = || session(arn).and_then(|(account, role)| by_name(account, role));
            match estate.find(arn).or_else(of_session) {
                Some(id) => vec![Whom::Principal(id)],
                None => outside(arn),
            }
        }
        Named::Federated(provider) => outside(provider),
        Named::Service(_) | Named::CanonicalUser(_) => Vec::new(),
    }
}
