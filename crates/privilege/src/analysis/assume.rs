//! Who may assume which role. Each trust policy is looked at once, however many roles have it; an account, or everybody,
//! is never spelled out into its principals.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use crate::analysis::Drawing;
use crate::analysis::draft::{Cause, Draft, Place, PoolKey, PoolOf};
use crate::analysis::pools::Member;
use crate::analysis::question::Acting;
use crate::document::{Document, Effect, Principal as Named, Selection, Statement};
use crate::estate::{AccountId, Estate, PrincipalId, PrincipalKind};
use crate::targets::{Certainty, Extent, Own, Pool};

/// Who is trusted by whom.
#[derive(Debug, Default)]
pub(super) struct Trust {
    /// Roles by whom their trust policy names itself.
    direct: BTreeMap<PrincipalId, Vec<PrincipalId>>,
    /// Roles with one trust policy in one account, by the accounts that it lets in as a whole.
    by_account: BTreeMap<AccountId, Vec<Class>>,
    /// The same for policies that let in everybody.
    everybody: Vec<Class>,
    /// The same by who is let in from outside, and whether without conditions.
    outside: BTreeMap<Box<str>, Vec<(Class, Certainty)>>,
}

/// Roles of one account with one trust policy.
type Class = (PoolKey, Rc<Pool<Member>>);

/// Principals by their accounts.
type ByAccount = BTreeMap<AccountId, Vec<PrincipalId>>;

/// Whom one trust policy lets in.
#[derive(Default)]
struct Admits {
    accounts: BTreeSet<AccountId>,
    everybody: bool,
    direct: BTreeSet<PrincipalId>,
    outside: BTreeMap<Box<str>, Certainty>,
}

impl Trust {
    /// Of all roles of an estate.
    pub(super) fn new(estate: &Estate) -> Self {
        let mut classes: BTreeMap<*const Document, usize> = BTreeMap::new();
        let mut roles: Vec<(&Arc<Document>, ByAccount)> = Vec::new();
        for (id, principal) in (0u32..).map(PrincipalId).zip(estate.principals()) {
            let trust = principal.trust.and_then(|id| estate.policy(id));
            let Some(document) = trust.and_then(|policy| policy.document.shared()) else { continue };
            let class = *classes.entry(Arc::as_ptr(document)).or_insert_with(|| {
                roles.push((document, BTreeMap::new()));
                roles.len() - 1
            });
            if let Some((_, by_account)) = roles.get_mut(class) {
                by_account.entry(principal.account).or_default().push(id);
            }
        }
        let mut trust = Self::default();
        let names = role_names(estate);
        for (class, (document, by_account)) in (0u32..).zip(roles) {
            let admits = Admits::of(document, estate, &names);
            for (account, members) in by_account {
                trust.add(estate, &admits, (PoolKey { account, of: PoolOf::Trust(class) }, members));
            }
        }
        trust
    }

    fn add(&mut self, estate: &Estate, admits: &Admits, (key, roles): (PoolKey, Vec<PrincipalId>)) {
        for principal in &admits.direct {
            self.direct.entry(*principal).or_default().extend(&roles);
        }
        let members = roles
            .into_iter()
            .filter_map(|id| Some((estate.principal(id)?.arn().into(), Member::Principal(id))));
        // Who is named as one of everybody needs no policy of its own.
        let own = if admits.everybody { Own::Same } else { Own::None };
        let pool = Rc::new(Pool::new(members.collect()).with(own));
        for account in &admits.accounts {
            self.by_account.entry(*account).or_default().push((key.clone(), Rc::clone(&pool)));
        }
        if admits.everybody {
            self.everybody.push((key.clone(), Rc::clone(&pool)));
        }
        for (name, certainty) in &admits.outside {
            let pools = self.outside.entry(name.clone()).or_default();
            pools.push(((key.clone(), Rc::clone(&pool)), *certainty));
        }
    }
}

/// Roles by account and name, as sessions name them.
fn role_names(estate: &Estate) -> BTreeMap<(&str, &str), PrincipalId> {
    let ids = (0u32..).map(PrincipalId).zip(estate.principals());
    let roles = ids.filter(|(_, one)| one.kind == PrincipalKind::Role);
    roles.map(|(id, one)| ((&*one.identity.account, &*one.identity.name), id)).collect()
}

impl Admits {
    fn of(document: &Document, estate: &Estate, names: &BTreeMap<(&str, &str), PrincipalId>) -> Self {
        let mut admits = Self::default();
        let allows = |statement: &&Statement| statement.effect == Effect::Allow;
        for statement in document.statements.iter().filter(allows) {
            let sure = if statement.conditions.is_empty() { Certainty::Certain } else { Certainty::OnlyIf };
            match &statement.principals {
                Some(Selection::Only(named)) => {
                    named.iter().for_each(|one| admits.add((one, sure), estate, names));
                }
                // All but some: whoever it is, the evaluation is asked.
                Some(Selection::AllBut(_)) => admits.add((&Named::Everybody, sure), estate, names),
                None => {}
            }
        }
        admits
    }

    fn add(
        &mut self,
        (named, sure): (&Named, Certainty),
        estate: &Estate,
        names: &BTreeMap<(&str, &str), PrincipalId>,
    ) {
        let outside = match named {
            Named::Everybody => {
                self.everybody = true;
                "*"
            }
            Named::Account(account) => match estate.find_account(account) {
                Some(id) => {
                    self.accounts.insert(id);
                    return;
                }
                None => account,
            },
            Named::Aws(arn) => match estate.find(arn).or_else(|| of_session(arn, names)) {
                Some(id) => {
                    self.direct.insert(id);
                    return;
                }
                None => arn,
            },
            Named::Federated(provider) => provider,
            Named::Service(_) | Named::CanonicalUser(_) => return,
        };
        let known = self.outside.entry(outside.into()).or_insert(sure);
        *known = sure.max(*known);
    }
}

/// The role of a session, by the session's ARN.
fn of_session(arn: &str, names: &BTreeMap<(&str, &str), PrincipalId>) -> Option<PrincipalId> {
    let (before, session) = arn.split_once(":assumed-role/")?;
    let account = before.rsplit(':').next()?;
    let (role, _) = session.split_once('/')?;
    names.get(&(account, role)).copied()
}

/// In which accounts roles are looked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Where {
    /// In all.
    Anywhere,
    /// In all but the actor's own.
    Elsewhere,
}

/// The roles that an actor may assume.
#[derive(Debug, Default)]
pub(super) struct Assumable {
    roles: BTreeMap<PrincipalId, Certainty>,
    /// All roles of these.
    pools: Vec<(Rc<Pool<Member>>, Certainty)>,
    each: OnceCell<Vec<(Member, Certainty)>>,
}

impl Assumable {
    fn add(&mut self, role: PrincipalId, sure: Certainty) {
        let known = self.roles.entry(role).or_insert(sure);
        *known = sure.max(*known);
    }

    fn add_member(&mut self, member: Member, sure: Certainty) {
        if let Member::Principal(role) = member {
            self.add(role, sure);
        }
    }

    /// Each of them, with how sure it is, in order.
    pub(super) fn each(&self) -> &[(Member, Certainty)] {
        self.each.get_or_init(|| self.joined())
    }

    fn joined(&self) -> Vec<(Member, Certainty)> {
        let single = self.roles.iter().map(|(role, sure)| (Member::Principal(*role), *sure));
        let pooled = self.pools.iter().flat_map(|(pool, sure)| pool.each(Extent::All(*sure)));
        let mut all = BTreeMap::new();
        for (role, sure) in pooled.chain(single) {
            let known = all.entry(role).or_insert(sure);
            *known = sure.max(*known);
        }
        all.into_iter().collect()
    }
}

impl Drawing<'_> {
    /// Draws which roles an actor may assume, and gives them.
    pub(super) fn assume(&mut self, acting: &Acting<'_>, place: Where) -> Assumable {
        let mut assumable = Assumable::default();
        let own = acting.actor.account;
        let counts = |account: AccountId| place == Where::Anywhere || account != own;
        let direct = self.trust.direct.get(&acting.actor.principal).into_iter().flatten();
        for role in direct.filter(|id| self.estate.principal(**id).is_some_and(|role| counts(role.account))) {
            if let Some(sure) = acting.may_assume(&self.assuming, *role) {
                self.draft.lead(acting.actor.node, Draft::principal(*role), (sure, Cause::Assume));
                assumable.add(*role, sure);
            }
        }
        let allowed = acting.actor.mask.holds(&self.assume_mask);
        if !allowed && self.trust.everybody.is_empty() {
            return assumable;
        }
        let said = acting.said(&self.assuming.permission);
        let trusting = self.trust.by_account.get(&own).filter(|_| allowed);
        let pools = trusting.into_iter().flatten().chain(&self.trust.everybody);
        let pools: Vec<_> = pools.filter(|(key, _)| counts(key.account)).cloned().collect();
        for (key, pool) in pools {
            let extent = pool.extent(&said, &mut |_, member| match member {
                Member::Principal(role) => acting.may_assume(&self.assuming, role),
                Member::Resource(_) => None,
            });
            match extent {
                Extent::All(sure) => {
                    let node = self.pool_node(key, &pool);
                    self.draft.lead(acting.actor.node, node, (sure, Cause::Assume));
                    assumable.pools.push((pool, sure));
                }
                Extent::Some(members) => {
                    for (member, sure) in members {
                        self.draft.lead(acting.actor.node, self.node_of(member), (sure, Cause::Assume));
                        assumable.add_member(member, sure);
                    }
                }
            }
        }
        assumable
    }

    /// Draws who is let in from outside.
    pub(super) fn let_in(&mut self) {
        for (name, pools) in std::mem::take(&mut self.trust.outside) {
            let known = self.estate.find_resource(&name).map(|place| self.draft.resource(place));
            let from = known.unwrap_or_else(|| self.draft.place(Place::Outside(name)).0);
            for ((key, pool), sure) in pools {
                let to = match pool.members() {
                    [(_, member)] => self.node_of(*member),
                    _ => self.pool_node(key, &pool),
                };
                self.draft.lead(from, to, (sure, Cause::Assume));
            }
        }
    }
}
