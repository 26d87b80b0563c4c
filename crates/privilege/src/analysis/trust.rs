//! Who is trusted by whom. Each trust policy is looked at once, however many roles of an account have it; an account, or
//! everybody, is never spelled out into its principals.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::analysis::comers::{Comer, Door, named, names_outsiders, vouches};
use crate::analysis::draft::{PoolKey, PoolOf};
use crate::analysis::ground::{Ground, Guarded};
use crate::analysis::pools::Member;
use crate::analysis::subjects::Subjects;
use crate::analysis::trusts::{service_of, trusts};
use crate::document::{Document, Effect, Principal as Named, Selection, Statement};
use crate::estate::{AccountId, Estate, Principal, PrincipalId, PrincipalKind};
use crate::federation::Subject;
use crate::shared::Map;
use crate::targets::{Certainty, Own, Pool};

/// Who is trusted by whom.
#[derive(Clone, Debug, Default)]
pub(super) struct Trust {
    classes: Map<PoolKey, Arc<Class>>,
    /// The classes that let somebody in, and whether without conditions.
    admitting: Map<Whom, Arc<Classes>>,
    /// The classes whose policy names a principal: by its ARN, or by its account and name where it names a session; and
    /// those whose policy names a service.
    naming: Map<Arc<str>, BTreeSet<PoolKey>>,
    /// For whom somebody vouches.
    pub(super) subjects: Subjects,
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
    /// Of those whom they let in, for whom somebody vouches.
    subjects: Vec<Arc<Subject>>,
    /// Whether their policy names somebody outside, let in or not.
    outward: bool,
    /// Whether it may mean something else of one principal than of others which it does not let in by name.
    pub(super) is_personal: bool,
}

pub(super) type Classes = BTreeMap<PoolKey, (Arc<Class>, Certainty)>;

/// Roles with their ARNs.
type Roles = Vec<(Arc<str>, Member)>;

/// Who is let in.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) enum Whom {
    /// A principal that the policy names itself.
    Principal(PrincipalId),
    /// An account as a whole.
    Account(AccountId),
    /// Everybody.
    Everybody,
    /// Somebody that the inventory does not show as a principal; everybody is here, too.
    Outside(Arc<str>),
    /// Whoever vouches for some of these, by the name that policies give it: who controls it is any of them.
    Provider(Arc<str>),
}

/// What another trust of some roles makes different.
#[derive(Debug, Default)]
pub(super) struct Affected {
    /// Who was or is let in by a class that is another now.
    pub(super) whom: BTreeSet<Whom>,
    /// Which roles came to a class, or went.
    pub(super) moves: Vec<(PoolKey, Member, bool)>,
    /// For whom somebody vouches now and did not before, or no more.
    pub(super) subjects: Vec<Arc<Subject>>,
}

/// Finds a role by the number of its account and its name.
pub(super) type ByName<'a> = &'a dyn Fn(&str, &str) -> Option<PrincipalId>;

impl Trust {
    /// Of all roles of an estate.
    pub(super) fn new(ground: Ground<'_>) -> Self {
        let estate = ground.estate;
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
            let by_name = |account: &str, name: &str| names.get(&(account, name)).copied();
            let class = Class::new(ground, (&key, roles), document, &by_name);
            trust.put(key, class, &mut Affected::default());
        }
        trust
    }

    /// The classes that let somebody in.
    pub(super) fn admitting(&self, whom: &Whom) -> Option<&Arc<Classes>> {
        self.admitting.get(whom).filter(|classes| !classes.is_empty())
    }

    /// All who are let in from outside, and who vouches for them.
    pub(super) fn outside(&self) -> Vec<Arc<str>> {
        let name = |whom: &Whom| match whom {
            Whom::Outside(name) | Whom::Provider(name) => Some(Arc::clone(name)),
            Whom::Principal(_) | Whom::Account(_) | Whom::Everybody => None,
        };
        let mut names: Vec<Arc<str>> = self.admitting.iter().filter_map(|(whom, _)| name(whom)).collect();
        names.sort_unstable();
        names
    }

    /// The principals that policies name themselves.
    pub(super) fn named(&self) -> impl Iterator<Item = PrincipalId> {
        self.admitting.iter().filter_map(|(whom, _)| match whom {
            Whom::Principal(id) => Some(*id),
            Whom::Account(_) | Whom::Everybody | Whom::Outside(_) | Whom::Provider(_) => None,
        })
    }

    /// Whether some role lets in whom a provider vouches for.
    pub(super) fn is_trusted(&self, provider: &str) -> bool {
        self.admitting(&Whom::Provider(provider.into())).is_some()
    }

    /// Whether some role lets in somebody from outside.
    pub(super) fn lets_in(&self, name: &str) -> bool {
        self.admitting(&Whom::Outside(name.into())).is_some()
    }

    /// Whom a role lets in.
    pub(super) fn let_into(&self, estate: &Estate, role: &Principal) -> impl Iterator<Item = &Whom> {
        let class = class_of(estate, role).and_then(|(key, _)| self.classes.get(&key));
        class.into_iter().flat_map(|class| class.whom.keys())
    }

    /// The roles of an account that let in one of these services.
    pub(super) fn letting_in(
        &self,
        (estate, account): (&Estate, AccountId),
        services: &[Box<str>],
    ) -> Vec<(Arc<str>, Member)> {
        let keys: BTreeSet<&PoolKey> =
            services.iter().filter_map(|service| self.naming.get(&**service)).flatten().collect();
        let classes = keys.into_iter().filter(|key| key.account == account);
        let classes = classes.filter_map(|key| self.classes.get(key)).filter(|class| {
            let first = class.pool.members().next();
            matches!(first, Some((_, Member::Principal(id))) if trusts(estate, *id, services))
        });
        classes.flat_map(|class| class.pool.members().cloned()).collect()
    }

    /// The roles of a class.
    pub(super) fn pool(&self, key: &PoolKey) -> Option<Arc<Pool<Member>>> {
        self.classes.get(key).map(|class| Arc::clone(&class.pool))
    }

    /// Takes in that some principals are others than they were, or are trusted by others; and, where that is so, that other
    /// providers of identities are there than before.
    pub(super) fn change(
        &mut self,
        (old, ground): (&Estate, Ground<'_>),
        principals: &BTreeSet<PrincipalId>,
        other_providers: bool,
    ) -> Affected {
        let new = ground.estate;
        let mut affected = Affected::default();
        for id in principals {
            let before = old.principal(*id).and_then(|one| class_of(old, one));
            let after = new.principal(*id).and_then(|one| class_of(new, one));
            let (from, to) = (before.as_ref().map(|(key, _)| key), after.as_ref().map(|(key, _)| key));
            if from == to {
                // Beside what it trusts, only its tags tell who may assume a role.
                let tags = |estate: &Estate| estate.principal(*id).map(|one| one.tags.clone());
                if tags(old) != tags(new) {
                    affected.whom.extend(from.into_iter().flat_map(|key| self.whom(key)));
                }
                continue;
            }
            let member = Member::Principal(*id);
            if let (Some(key), Some(role)) = (from, old.principal(*id)) {
                self.leave(key, (role.shared_arn(), member), &mut affected);
            }
            if let (Some((key, document)), Some(role)) = (after, new.principal(*id)) {
                self.join(key, (role.shared_arn(), member), (document, ground), &mut affected);
            }
        }
        for id in principals {
            let [was, is] = [old, new].map(|estate| estate.principal(*id));
            if was.map(names_of) == is.map(names_of) {
                continue;
            }
            for name in [was, is].into_iter().flatten().flat_map(names_of) {
                for key in self.naming.get(&*name).cloned().unwrap_or_default() {
                    self.read_again(&key, ground, &mut affected);
                }
            }
        }
        if other_providers {
            let outward = self.classes.iter().filter(|(_, class)| class.outward);
            let mut keys: Vec<PoolKey> = outward.map(|(key, _)| key.clone()).collect();
            keys.sort_unstable();
            keys.iter().for_each(|key| self.read_again(key, ground, &mut affected));
        }
        affected
    }

    fn leave(&mut self, key: &PoolKey, (arn, member): (Arc<str>, Member), affected: &mut Affected) {
        let Some(class) = self.take(key, affected) else { return };
        affected.moves.push((key.clone(), member, false));
        let pool = class.pool.changed(&[], &[(arn, member)]);
        if !pool.is_empty() {
            self.put(key.clone(), class.with(pool), affected);
        }
    }

    fn join(
        &mut self,
        key: PoolKey,
        (arn, member): (Arc<str>, Member),
        (document, ground): (&Document, Ground<'_>),
        affected: &mut Affected,
    ) {
        let by_name = |account: &str, name: &str| role_named(ground.estate, account, name);
        let class = match self.take(&key, affected) {
            Some(class) => class.with(class.pool.changed(&[(arn, member)], &[])),
            None => Class::new(ground, (&key, vec![(arn, member)]), document, &by_name),
        };
        affected.whom.extend(class.whom.keys().cloned());
        affected.moves.push((key.clone(), member, true));
        self.put(key, class, affected);
    }

    /// Finds those again whom the policy of a class names.
    fn read_again(&mut self, key: &PoolKey, ground: Ground<'_>, affected: &mut Affected) {
        let estate = ground.estate;
        let Some(class) = self.take(key, affected) else { return };
        let member = class.pool.members().next().map(|(_, member)| *member);
        let Some(Member::Principal(id)) = member else { return };
        let Some((_, document)) = estate.principal(id).and_then(|one| class_of(estate, one)) else { return };
        let by_name = |account: &str, name: &str| role_named(estate, account, name);
        let class = Class::new(ground, (key, class.pool.members().cloned().collect()), document, &by_name);
        affected.whom.extend(class.whom.keys().cloned());
        self.put(key.clone(), class, affected);
    }

    fn whom(&self, key: &PoolKey) -> Vec<Whom> {
        self.classes.get(key).map(|class| class.whom.keys().cloned().collect()).unwrap_or_default()
    }

    fn put(&mut self, key: PoolKey, class: Class, affected: &mut Affected) {
        for subject in &class.subjects {
            affected.subjects.extend(self.subjects.add(subject).then(|| Arc::clone(subject)));
        }
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
        for subject in &class.subjects {
            affected.subjects.extend(self.subjects.remove(subject).then(|| Arc::clone(subject)));
        }
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

/// The services of AWS that the trust policy of a role names, without those that vouch for somebody else.
pub(crate) fn services<'a>(estate: &'a Estate, role: &Principal) -> BTreeSet<&'a str> {
    let document = class_of(estate, role).map(|(_, document)| document);
    let statements = document.into_iter().flat_map(|document| &document.statements);
    let allowing = statements.filter(|statement| statement.effect == Effect::Allow);
    let service = |named: &'a Named| match named {
        Named::Service(name) if !vouches(name) => Some(&**name),
        _ => None,
    };
    allowing.flat_map(named).filter_map(service).collect()
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
    fn new(
        ground: Ground<'_>,
        (key, roles): (&PoolKey, Roles),
        document: &Document,
        by_name: ByName<'_>,
    ) -> Self {
        let (mut whom, mut names) = (BTreeMap::new(), BTreeSet::new());
        let mut admit = |one: Whom, sure: Certainty| {
            let known = whom.entry(one).or_insert(sure);
            *known = sure.max(*known);
        };
        let allows = |statement: &&Statement| statement.effect == Effect::Allow;
        for statement in document.statements.iter().filter(allows) {
            let sure = if statement.conditions.is_empty() { Certainty::Certain } else { Certainty::OnlyIf };
            for one in named(statement) {
                names.extend(mentioned(one));
                names.extend(service_of(one).map(Arc::from));
                // Who is in the inventory is asked about one by one.
                let inside = found(one, ground.estate, by_name).into_iter();
                inside.filter(|whom| !matches!(whom, Whom::Outside(_))).for_each(|one| admit(one, sure));
            }
        }
        let outward = names_outsiders(ground.estate, document);
        let comers = if outward { comers(ground, (key.account, &roles), document) } else { Vec::new() };
        for comer in &comers {
            let sure = if comer.only_if.is_none() { Certainty::Certain } else { Certainty::OnlyIf };
            admit(Whom::Outside(Arc::clone(&comer.name)), sure);
            if let Some((provider, _)) = &comer.by {
                admit(Whom::Provider(Arc::clone(provider)), sure);
            }
        }
        let subjects = comers.into_iter().filter_map(|comer| comer.by).map(|(_, subject)| Arc::new(subject));
        // Who is named as one of everybody needs no policy of its own.
        let own = if whom.contains_key(&Whom::Everybody) { Own::Same } else { Own::None };
        let pool = Arc::new(Pool::new(roles).with(own));
        let is_personal = document.statements.iter().any(is_personal);
        Self { pool, whom, names, subjects: subjects.collect(), outward, is_personal }
    }

    /// The same with other roles.
    fn with(&self, pool: Pool<Member>) -> Self {
        Self {
            pool: Arc::new(pool),
            whom: self.whom.clone(),
            names: self.names.clone(),
            subjects: self.subjects.clone(),
            outward: self.outward,
            is_personal: self.is_personal,
        }
    }
}

/// Whom roles of an account let in from outside by a trust policy, whichever of them it is.
fn comers(ground: Ground<'_>, (account, roles): (AccountId, &Roles), document: &Document) -> Vec<Comer> {
    let example = roles.first().and_then(|(arn, _)| arn.split_once(":role/"));
    let any = format!("{}:role/*", example.map_or("", |(begin, _)| begin));
    let guarded = Guarded::trusting(ground, (account, &any), document);
    let number = ground.estate.account(account).map_or("", |account| &account.id);
    Door { ground, guarded: &guarded, account: number }.comers()
}

/// Whether a statement may mean something else of one principal than of others, and does not let it in by name.
pub(super) fn is_personal(statement: &Statement) -> bool {
    let by_name = match &statement.principals {
        Some(Selection::Only(named)) => {
            statement.effect == Effect::Deny && named.iter().any(|one| matches!(one, Named::Aws(_)))
        }
        Some(Selection::AllBut(_)) => true,
        None => false,
    };
    by_name || statement.is_personal()
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
